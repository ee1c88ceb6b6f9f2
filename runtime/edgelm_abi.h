// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The field lists of what the compiler writes and the runtime reads, and the functions that generated code calls.
//
// A list is X(kind, name) with kind u32 (uint32_t), size (the target's size_t) or ptr (to constants or code). The
// runtime expands it into a C struct, the compiler into an LLVM struct that the target's data layout lays out.
// C++ may include this file for the lists and constants.
#pragma once

#include "edgelm.h"

/// Offset of a buffer that a model does not have: all bits set in the target's size_t.
#define EDGELM_ABSENT SIZE_MAX
/// Value of bos_id when there is none.
#define EDGELM_NO_ID 0xffffffffu

/// The model descriptor; begins with the members of edgelm_model.
/// Strings end with NUL. Entries are edgelm_entry or null. Offsets are bytes from the start of the arena, each buffer
/// aligned to EDGELM_ARENA_ALIGNMENT, or EDGELM_ABSENT. The session lies at offset 0 and takes edgelm_rt_session_bytes.
#define EDGELM_MODEL_FIELDS(X)                                                                                         \
  X(u32, magic)             /* EDGELM_MAGIC */                                                                         \
  X(u32, abi_version)       /* EDGELM_ABI_VERSION */                                                                   \
  X(ptr, functions)         /* &edgelm_rt_functions */                                                                 \
  X(ptr, name)              /* string */                                                                               \
  X(ptr, version)           /* string, EdgeLM's version */                                                             \
  X(ptr, fingerprint)       /* uint8_t [32] */                                                                         \
  X(ptr, cpu_features)      /* names from the architecture's feature table, each ended by NUL, then an empty one */    \
  X(ptr, weights)           /* null when they lie in a file */                                                         \
  X(ptr, weight_layout)     /* uint8_t [32], what a weight file must agree with */                                     \
  X(size, weight_bytes)     /* */                                                                                      \
  X(size, arena_bytes)      /* */                                                                                      \
  X(u32, context)           /* tokens; S of an encoder; 0 for @invoke */                                               \
  X(u32, vocab)             /* 0 when there are no tokens */                                                           \
  X(u32, prefill_chunk)     /* T of @prefill */                                                                        \
  X(u32, score_chunk)       /* T of @score */                                                                          \
  X(u32, max_threads)       /* that the arena has scratch for, at least 1 */                                           \
  X(u32, bos_id)            /* EDGELM_NO_ID: none */                                                                   \
  X(u32, second_type)       /* token type of a second text; EDGELM_NO_ID: none */                                      \
  X(ptr, decode)            /* entries */                                                                              \
  X(ptr, prefill)           /* */                                                                                      \
  X(ptr, score)             /* */                                                                                      \
  X(ptr, encode)            /* */                                                                                      \
  X(ptr, invoke)            /* */                                                                                      \
  X(size, tokens_offset)    /* int32 [the most tokens of any entry] */                                                 \
  X(size, mask_offset)      /* int32 [context], encoders */                                                            \
  X(size, types_offset)     /* int32 [context], encoders */                                                            \
  X(size, logits_offset)    /* f32 [vocab] */                                                                          \
  X(size, sampler_offset)   /* EDGELM_SAMPLER_BYTES(vocab, context) bytes */                                           \
  X(size, tokenizer_offset) /* scratch of the tokenizer */                                                             \
  X(size, tokenizer_bytes)  /* */                                                                                      \
  X(size, text_offset)      /* char [text_bytes] */                                                                    \
  X(size, text_bytes)       /* EDGELM_TEXT_BYTES(bytes of the longest piece) */                                        \
  X(ptr, tokenizer)         /* table blob, null: none */                                                               \
  X(size, tokenizer_size)   /* bytes of the blob */                                                                    \
  X(ptr, stop_ids)          /* int32 [stop_count] */                                                                   \
  X(u32, stop_count)        /* */                                                                                      \
  X(u32, input_count)       /* */                                                                                      \
  X(u32, output_count)      /* */                                                                                      \
  X(u32, state_count)       /* */                                                                                      \
  X(ptr, inputs)            /* tensors [input_count], what edgelm_invoke copies in */                                  \
  X(ptr, outputs)           /* tensors [output_count] */                                                               \
  X(ptr, states)            /* states [state_count] */                                                                 \
  X(ptr, variants)      /* descriptors * [variant_count] of the same model for more than cpu_features, best first; \
                               what they say of weights, threads and tokenizer is the same, arena_bytes is the most */   \
  X(u32, variant_count) /* */

/// A tensor in the arena; the same as edgelm_tensor.
#define EDGELM_TENSOR_FIELDS(X)                                                                                        \
  X(ptr, name)    /* string */                                                                                         \
  X(ptr, dims)    /* int64 [rank] */                                                                                   \
  X(u32, type)    /* TensorProto.DataType */                                                                           \
  X(u32, rank)    /* */                                                                                                \
  X(size, bytes)  /* */                                                                                                \
  X(size, offset) /* */

/// A key or value state [outer, rows, row_bytes]; a saved session holds the first `position` rows of each outer.
#define EDGELM_STATE_FIELDS(X)                                                                                         \
  X(size, offset)    /* */                                                                                             \
  X(size, outer)     /* kvHeads */                                                                                     \
  X(size, rows)      /* context */                                                                                     \
  X(size, row_bytes) /* headDim x element size */

/// A turn of a conversation as the model's chat template writes it, from the end of the reply before it to the start of its
/// own: steps, of which the last is EDGELM_STEP_END.
#define EDGELM_STEP(kind, value) ((uint32_t)(kind) | (uint32_t)(value) << 3)
#define EDGELM_STEP_KIND(step) ((step) & 7u)
#define EDGELM_STEP_VALUE(step) ((step) >> 3)
enum {
  EDGELM_STEP_END,
  EDGELM_STEP_TOKEN,  /* value: its id */
  EDGELM_STEP_TEXT,   /* value: bytes; the texts of a turn lie one behind the other */
  EDGELM_STEP_USER,   /* value: EDGELM_TRIM_* */
  EDGELM_STEP_SYSTEM, /* likewise */

  EDGELM_TRIM_START = 1,
  EDGELM_TRIM_END = 2,

  EDGELM_TURN_FIRST = 0, /* without a system text */
  EDGELM_TURN_SYSTEM,    /* the first one with a system text */
  EDGELM_TURN_NEXT,      /* every later one */
  EDGELM_TURNS
};

typedef struct edgelm_turn {
  const uint32_t *steps; /* NULL: there is no such turn */
  const char *text;      /* of EDGELM_STEP_TEXT */
} edgelm_turn;

/// Tokens that the sampler looks at first when it filters.
#define EDGELM_SHORTLIST 512

/// Arena bytes that the sampler needs: the context's tokens, the logits that the repetition penalty replaced, one bit
/// a vocabulary entry, a histogram of 256 sums, the shortlist, and 8 to align it. Evaluate in 64 bits or the target's
/// size_t.
#define EDGELM_SAMPLER_BYTES(vocab, context)                                                                           \
  ((context) * 8 + ((vocab) + 31) / 32 * 4 + 256 * 8 + EDGELM_SHORTLIST * 8 + 8)

/// Arena bytes that hold one decoded piece and the cut character before it.
#define EDGELM_TEXT_BYTES(longest_piece) ((longest_piece) + 4)

#define EDGELM_FIELD_u32(name) uint32_t name;
#define EDGELM_FIELD_size(name) size_t name;
#define EDGELM_FIELD_ptr(name) const void *name;
#define EDGELM_FIELD(kind, name) EDGELM_FIELD_##kind(name)

typedef struct edgelm_descriptor {
  EDGELM_MODEL_FIELDS(EDGELM_FIELD)
} edgelm_descriptor;

typedef struct edgelm_tensor_fields {
  EDGELM_TENSOR_FIELDS(EDGELM_FIELD)
} edgelm_tensor_fields;

typedef struct edgelm_state {
  EDGELM_STATE_FIELDS(EDGELM_FIELD)
} edgelm_state;

#ifdef __cplusplus
extern "C" {
#endif

/// A session as the runtime and generated code see it; its first member is edgelm_session's.
struct edgelm_context;

/// An entry point: see docs/plan.md. `n` tokens follow the `pos` tokens in the state; `out` is only used by score.
typedef int32_t (*edgelm_entry)(struct edgelm_context *context, uint8_t *arena, const uint8_t *weights, int32_t pos,
                                int32_t n, void *out);

/// Work items [begin, end) of a kernel. Keeps no state; any subrange may be given to any thread.
typedef void (*edgelm_task)(void *const *buffers, int32_t pos, int32_t n, int32_t begin, int32_t end);

/// Runs `task` over [0, items), split evenly over the session's threads, and returns when all are done.
void edgelm_rt_launch(struct edgelm_context *context, edgelm_task task, void *const *buffers, int32_t pos, int32_t n,
                      int32_t items);

/// Between layers: the status with which the running entry must return at once, 0 to go on.
int32_t edgelm_rt_poll(struct edgelm_context *context);

/// Bytes at the start of the arena that the session takes: a constant that the compiler reads from the bitcode.
extern const size_t edgelm_rt_session_bytes;

/// The turns of this product; none of them has steps in one that has no chat.
extern const edgelm_turn edgelm_rt_turns[EDGELM_TURNS];

/// What the descriptor's `functions` points to.
extern const struct edgelm_functions edgelm_rt_functions;

#ifdef __cplusplus
}
#endif
