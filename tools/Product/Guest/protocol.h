// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What edgelm-run and the program around a product of another machine say to each other.
//
// The tool sends commands {u32 command, u32 bytes, payload[bytes]}, the program answers each with messages
// {u32 kind, u32 bytes, payload[bytes]}: any number of events, then one GUEST_REPLY whose payload starts with an i32
// status. Numbers are little-endian, as on every target. The commands are the functions of edgelm.h.
#pragma once

enum guest_command {
  GUEST_DESCRIBE,    // -> u64 memory for payloads, then edgelm_info: see describe() in guest.c
  GUEST_OPEN,        // u32 threads
  GUEST_CLOSE,       //
  GUEST_RESET,       //
  GUEST_POSITION,    // -> u32
  GUEST_TOKENIZE,    // u32 flags, text -> i32 ids
  GUEST_DETOKENIZE,  // u32 flags, i32 ids -> text
  GUEST_PREFILL,     // i32 ids
  GUEST_SCORE,       // i32 ids -> f32 logits [ids, vocab]
  GUEST_LOGITS,      // -> f32 logits [vocab], or nothing
  GUEST_SEED,        // u64
  GUEST_SAMPLE,      // sampling -> i32
  GUEST_GENERATE,    // generation and prompt, see on_generate() in guest.c -> result
  GUEST_CHAT,        // u32 has a system text, u32 its bytes, it, then the text
  GUEST_SAVE,        // -> bytes
  GUEST_RESTORE,     // bytes
  GUEST_ENCODE,      // u32 arrays (1: mask, 2: types), i32 [count] for tokens and each array
  GUEST_INVOKE,      // inputs, each padded to 16 bytes
  GUEST_OUTPUT,      // u32 index -> bytes
  GUEST_STACK_BYTES, // -> u32 the most stack that a call took so far
  GUEST_COMMANDS
};

enum guest_message {
  GUEST_REPLY, // i32 status, then what the command answers
  GUEST_ID,    // i32; the tool answers with an i32 status
  GUEST_TEXT,  // text; the tool answers with an i32 status
  GUEST_LOG    // text
};

/// edgelm_generation.on_text is wanted; beside EDGELM_IGNORE_STOP in the flags of GUEST_GENERATE.
#define GUEST_WANTS_TEXT 0x100u
/// The prompt is text, not ids.
#define GUEST_PROMPT_IS_TEXT 0x200u
