// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The C API of a compiled model: everything that a program which links or loads a product of EdgeLM needs.
// A product exports one symbol, its descriptor `extern const edgelm_model NAME`. The functions below are inline:
// they check the descriptor's magic number and ABI version and call the runtime inside the product.
// Memory    The caller owns everything: the arena, every buffer, the pool's memory. Nothing is allocated or freed.
// Threads   A session is used by one thread at a time; different sessions, also of one model, run at once.
// Errors    A function that fails leaves its results alone unless it says otherwise. Besides what it names it may return
//           EDGELM_INVALID_ARGUMENT (a pointer is NULL, or the session closed) and, given a model, EDGELM_WRONG_ABI.
// A guard and not `#pragma once`: a program that uses two products includes two copies of this file.
#ifndef EDGELM_H
#define EDGELM_H
#include <stddef.h>
#include <stdint.h>
#ifdef __cplusplus
extern "C" {
#endif

/// What a call came to: 0, one of the numbers below, or what a callback of the program returned.
typedef int32_t edgelm_status;
#define EDGELM_OK 0
#define EDGELM_INVALID_ARGUMENT 1
#define EDGELM_WRONG_ABI 2
#define EDGELM_UNSUPPORTED_CPU 3
#define EDGELM_ARENA_TOO_SMALL 4
#define EDGELM_ARENA_UNALIGNED 5
#define EDGELM_TOO_MANY_THREADS 6
#define EDGELM_NO_WEIGHTS 7
#define EDGELM_UNSUPPORTED 8
#define EDGELM_CONTEXT_FULL 9
#define EDGELM_PROMPT_TOO_LONG 10
#define EDGELM_INVALID_TOKEN 11
#define EDGELM_INVALID_TEXT 12
#define EDGELM_NO_LOGITS 13
#define EDGELM_BUFFER_TOO_SMALL 14
#define EDGELM_CANCELLED 15
#define EDGELM_CORRUPT_STATE 16
#define EDGELM_WRONG_VERSION 17
#define EDGELM_WRONG_MODEL 18
#define EDGELM_NO_THREADS 19
#define EDGELM_CORRUPT_WEIGHTS 20
#define EDGELM_USER_STATUS 1000 /* EdgeLM uses no number from here on: callbacks may return them */

/// A sentence about `status`, in constant memory; never NULL.
static inline const char *edgelm_status_text(edgelm_status status) {
  static const char *const texts[] = {
      "success",
      "an argument is NULL or out of its range, or the session is closed",
      "the model was compiled by an EdgeLM whose ABI differs from this edgelm.h",
      "this processor lacks an instruction set that the model was compiled for",
      "the arena is smaller than the model's arena bytes",
      "the arena or the lent weights are not aligned; declare them with EDGELM_ALIGNED",
      "more threads were asked for than the model was compiled for",
      "the model's weights lie in a file of their own; pass its bytes in the options",
      "the model or this build of it has no such function",
      "the context is full; reset the session or compile with a larger context",
      "the prompt is longer than the model's context",
      "a token id is negative or not below the vocabulary size",
      "the text cannot be tokenized by this model's tokenizer",
      "there are no logits yet; prefill a prompt first",
      "the caller's buffer is too small for the result",
      "a callback cancelled the call",
      "the saved state is truncated or malformed",
      "the saved state or the weight file has a version or a layout that this model does not read",
      "the saved state or the weight file belongs to another model",
      "the system refused to start a thread",
      "the weight file is truncated or malformed",
  };
  if (status >= EDGELM_USER_STATUS)
    return "a callback of the program ended the call";
  return status >= 0 && status <= EDGELM_CORRUPT_WEIGHTS ? texts[status] : "unknown status";
}

#define EDGELM_MAGIC 0x4d4c4745u /* "EGLM" */
#define EDGELM_ABI_VERSION 1u
/// Alignment of an arena and of a pool's memory, in bytes; EDGELM_ALIGNED goes in front of a declaration.
#define EDGELM_ARENA_ALIGNMENT 64
#define EDGELM_ALIGNED __attribute__((aligned(EDGELM_ARENA_ALIGNMENT)))

/// A compiled model: constant, complete after these members for the runtime alone.
typedef struct edgelm_model {
  uint32_t magic, abi_version;
  const struct edgelm_functions *functions;
} edgelm_model;

/// A running model inside the caller's arena: complete after this member for the runtime alone.
typedef struct edgelm_session {
  const edgelm_model *model; /* the variant that the processor can run; NULL once closed */
} edgelm_session;

/// One input or output. `type` is a number of ONNX' TensorProto.DataType: 1 f32, 6 i32, 7 i64, 9 bool, 10 f16, ...
typedef struct edgelm_tensor {
  const char *name;
  const int64_t *dims; /* [rank] */
  uint32_t type, rank;
  size_t bytes, offset; /* offset: in the arena */
} edgelm_tensor;

/// Bits of edgelm_info.kinds.
#define EDGELM_DECODER 1u       /* prefill, decode, logits, sample, generate, save, restore */
#define EDGELM_SCORER 2u        /* score */
#define EDGELM_ENCODER 4u       /* encode */
#define EDGELM_INVOKER 8u       /* invoke */
#define EDGELM_TEXT 16u         /* tokenize, detokenize, generate from text */
#define EDGELM_POOL 32u         /* edgelm_pool_start */
#define EDGELM_CHAT 64u         /* edgelm_chat */
#define EDGELM_SYSTEM_TEXT 128u /* edgelm_chat with a system text */

/// What a model is; the pointers are to constants of the product.
typedef struct edgelm_info {
  const char *name, *version; /* version: of the EdgeLM that compiled it */
  const uint8_t *fingerprint; /* [32], SHA-256 that names the model in saved states */
  const char *cpu_features;   /* names the processor must have, each ended by NUL, then an empty one */
  uint32_t kinds;             /* EDGELM_DECODER | ... */
  uint32_t context;           /* tokens a session can hold; for an encoder the tokens of a call */
  uint32_t vocab, prefill_chunk, max_threads;
  int32_t bos_id, second_type; /* -1: none; second_type: token type of a second text, that of a first is 0 */
  size_t arena_bytes, weight_bytes, stop_count, input_count, output_count;
  const int32_t *stop_ids;               /* [stop_count] */
  const edgelm_tensor *inputs, *outputs; /* [input_count], [output_count] */
} edgelm_info;

/// One item of a parallel loop.
typedef void (*edgelm_item)(void *args, uint32_t item);

/// What the program lends to a session; all zero is a good default. Callbacks must not call into the same session.
typedef struct edgelm_options {
  uint32_t threads; /* more than 1 need parallel_for; edgelm_pool_start fills in these three */
  /// Calls item(args, i) for every i in [0, items), on any threads, and returns when all have returned.
  void (*parallel_for)(void *parallel_user, edgelm_item item, void *args, uint32_t items);
  void *parallel_user;
  void *user;                                                   /* handed to the callbacks below; each may be NULL */
  edgelm_status (*poll)(void *user);                            /* between layers; not 0 ends the call with it */
  void (*on_logits)(void *user, float *logits, uint32_t vocab); /* before each sampling; may change them */
  uint64_t (*clock)(void *user);                                /* nanoseconds, for edgelm_result */
  void (*log)(void *user, const char *message);                 /* e.g. which processor feature is missing */
  const void *weights; /* bytes of the weight file, aligned; for models that were compiled with --weights file */
  size_t weight_bytes;
} edgelm_options;

/// How the next token is chosen, in llama.cpp's order: penalty, top-k, top-p, min-p, temperature. All zero is greedy.
typedef struct edgelm_sampling {
  float temperature;      /* <= 0: the most likely token */
  uint32_t top_k;         /* 0: off */
  float top_p;            /* outside (0, 1): off */
  float min_p;            /* <= 0: off */
  float repeat_penalty;   /* 0 or 1: off */
  uint32_t repeat_last_n; /* tokens looked back; 0: 64 */
} edgelm_sampling;

/// How edgelm_generate_ids runs; all zero is greedy until a stop token.
typedef struct edgelm_generation {
  edgelm_sampling sampling;
  size_t max_tokens;       /* 0: until a stop token or until the context is full */
  uint32_t flags;          /* EDGELM_IGNORE_STOP */
  const int32_t *stop_ids; /* [stop_count], besides the model's own */
  size_t stop_count;
  void *user; /* handed to the callbacks; each may be NULL and ends the call by returning not 0 */
  edgelm_status (*on_id)(void *user, int32_t id);
  edgelm_status (*on_text)(void *user, const char *text, size_t bytes); /* whole UTF-8 characters, no final NUL */
} edgelm_generation;

/// What a generation did. Times are 0 without a clock.
typedef struct edgelm_result {
  size_t prompt_tokens, tokens; /* tokens: handed to on_id */
  int32_t stop_id; /* the stop token that ended it, which is neither handed out nor in the context; -1: none */
  uint64_t prefill_nanoseconds, decode_nanoseconds;
} edgelm_result;

#define EDGELM_IGNORE_STOP 1u  /* generation: go on after stop tokens, which are then handed out */
#define EDGELM_ADD_SPECIAL 1u  /* tokenize: add what the tokenizer's template adds (BOS, CLS, SEP) */
#define EDGELM_PLAIN_TEXT 2u   /* tokenize: special tokens spelled out in the text are ordinary text */
#define EDGELM_SHOW_SPECIAL 4u /* detokenize: write special tokens too */
#define EDGELM_SECOND_TEXT 8u  /* tokenize: the second of two texts; its ids go behind those of the first */

/// The runtime of a product. Programs call the functions below instead.
struct edgelm_functions {
  edgelm_status (*describe)(const edgelm_model *, edgelm_info *);
  edgelm_status (*open)(const edgelm_model *, void *, size_t, const edgelm_options *, edgelm_session **);
  void (*close)(edgelm_session *);
  edgelm_status (*reset)(edgelm_session *);
  size_t (*position)(const edgelm_session *);
  edgelm_status (*tokenize)(edgelm_session *, const char *, size_t, uint32_t, int32_t *, size_t, size_t *);
  edgelm_status (*detokenize)(edgelm_session *, const int32_t *, size_t, uint32_t, char *, size_t, size_t *);
  edgelm_status (*prefill)(edgelm_session *, const int32_t *, size_t);
  edgelm_status (*score)(edgelm_session *, const int32_t *, size_t, float *);
  float *(*logits)(edgelm_session *);
  edgelm_status (*seed)(edgelm_session *, uint64_t);
  edgelm_status (*sample)(edgelm_session *, const edgelm_sampling *, int32_t *);
  edgelm_status (*generate_text)(edgelm_session *, const char *, size_t, const edgelm_generation *, edgelm_result *);
  edgelm_status (*generate_ids)(edgelm_session *, const int32_t *, size_t, const edgelm_generation *, edgelm_result *);
  edgelm_status (*save)(const edgelm_session *, void *, size_t, size_t *);
  edgelm_status (*restore)(edgelm_session *, const void *, size_t);
  edgelm_status (*encode)(edgelm_session *, const int32_t *, const int32_t *, const int32_t *, size_t, void *const *);
  edgelm_status (*invoke)(edgelm_session *, const void *const *, void *const *);
  const void *(*output)(const edgelm_session *, size_t);
  size_t (*pool_bytes)(uint32_t);                                          /* NULL in freestanding products */
  edgelm_status (*pool_start)(void *, size_t, uint32_t, edgelm_options *); /* NULL in freestanding products */
  void (*pool_stop)(edgelm_options *);                                     /* NULL in freestanding products */
  edgelm_status (*chat)(edgelm_session *, const char *, size_t, const char *, size_t); /* NULL without a template */
};

/// EDGELM_OK when this header can call `model`.
static inline edgelm_status edgelm_check(const edgelm_model *model) {
  const int is_ours = model && model->magic == EDGELM_MAGIC && model->abi_version == EDGELM_ABI_VERSION;
  return is_ours ? EDGELM_OK : model ? EDGELM_WRONG_ABI : EDGELM_INVALID_ARGUMENT;
}

/// Whether `s` is an open session.
static inline int edgelm_is_open(const edgelm_session *s) {
  return s && edgelm_check(s->model) == EDGELM_OK;
}

/// Describes `model` in `*info`.
static inline edgelm_status edgelm_describe(const edgelm_model *model, edgelm_info *info) {
  return edgelm_check(model) ? edgelm_check(model) : model->functions->describe(model, info);
}

/// Bytes of arena that a session of `model` needs; 0 when the ABI is another one.
static inline size_t edgelm_arena_bytes(const edgelm_model *model) {
  edgelm_info info;
  return edgelm_describe(model, &info) ? 0 : info.arena_bytes;
}

/// Opens a session in `arena`, which stays the caller's and must not be touched or moved until the session is closed.
/// `arena`: at least edgelm_arena_bytes(model) bytes, aligned to EDGELM_ARENA_ALIGNMENT. `options` may be NULL and are
/// copied; what they point to must outlive the session. Checks the processor before any code compiled for it runs.
/// EDGELM_ARENA_TOO_SMALL, EDGELM_ARENA_UNALIGNED, EDGELM_UNSUPPORTED_CPU, EDGELM_TOO_MANY_THREADS, EDGELM_NO_WEIGHTS,
/// EDGELM_CORRUPT_WEIGHTS, EDGELM_WRONG_VERSION, EDGELM_WRONG_MODEL (of the weight file, see edgelm_map.h).
static inline edgelm_status edgelm_open(const edgelm_model *model, void *arena, size_t arena_bytes,
                                        const edgelm_options *options, edgelm_session **session) {
  edgelm_status status = edgelm_check(model);
  return status ? status : model->functions->open(model, arena, arena_bytes, options, session);
}

/// Ends the session; the arena is free for anything else. NULL and a closed session are allowed.
static inline void edgelm_close(edgelm_session *s) {
  if (edgelm_is_open(s))
    s->model->functions->close(s);
}

/// Forgets all tokens and the seed.
static inline edgelm_status edgelm_reset(edgelm_session *s) {
  return edgelm_is_open(s) ? s->model->functions->reset(s) : EDGELM_INVALID_ARGUMENT;
}

/// Number of tokens in the context; 0 for a closed session.
static inline size_t edgelm_position(const edgelm_session *s) {
  return edgelm_is_open(s) ? s->model->functions->position(s) : 0;
}

/// Writes the ids of `text` [bytes] to `ids` [capacity] and their number to `*count`. `flags`: EDGELM_ADD_SPECIAL,
/// EDGELM_PLAIN_TEXT, EDGELM_SECOND_TEXT. EDGELM_BUFFER_TOO_SMALL: `*count` is the number needed (`ids` may be NULL
/// with capacity 0). EDGELM_INVALID_TEXT; EDGELM_UNSUPPORTED: the model has no tokenizer, or it takes no second text.
static inline edgelm_status edgelm_tokenize(edgelm_session *s, const char *text, size_t bytes, uint32_t flags,
                                            int32_t *ids, size_t capacity, size_t *count) {
  return edgelm_is_open(s) ? s->model->functions->tokenize(s, text, bytes, flags, ids, capacity, count)
                           : EDGELM_INVALID_ARGUMENT;
}

/// Writes the bytes that `ids` [count] stand for to `text` [capacity] and their number to `*bytes`: no final NUL, and
/// a character may be cut when its ids are. `flags`: EDGELM_SHOW_SPECIAL. EDGELM_BUFFER_TOO_SMALL: `*bytes` is the
/// number needed (`text` may be NULL with capacity 0). EDGELM_INVALID_TOKEN; EDGELM_UNSUPPORTED as above.
static inline edgelm_status edgelm_detokenize(edgelm_session *s, const int32_t *ids, size_t count, uint32_t flags,
                                              char *text, size_t capacity, size_t *bytes) {
  return edgelm_is_open(s) ? s->model->functions->detokenize(s, ids, count, flags, text, capacity, bytes)
                           : EDGELM_INVALID_ARGUMENT;
}

/// Appends `ids` [count], any number that fits, to the context and computes the logits after the last one.
/// EDGELM_PROMPT_TOO_LONG: above the context; EDGELM_CONTEXT_FULL: above what is left; EDGELM_INVALID_TOKEN;
/// EDGELM_UNSUPPORTED: no decoder. These leave the context as it was; where poll ends it, finished chunks stay, no logits.
static inline edgelm_status edgelm_prefill(edgelm_session *s, const int32_t *ids, size_t count) {
  return edgelm_is_open(s) ? s->model->functions->prefill(s, ids, count) : EDGELM_INVALID_ARGUMENT;
}

/// Appends one token and computes the logits after it. Statuses of edgelm_prefill.
static inline edgelm_status edgelm_decode(edgelm_session *s, int32_t id) {
  return edgelm_is_open(s) ? s->model->functions->prefill(s, &id, 1) : EDGELM_INVALID_ARGUMENT;
}

/// Appends `ids` [count] and writes the logits after every one of them to `logits` [count, vocab], fastest where that is
/// at a multiple of 64 bytes. Statuses of edgelm_prefill; EDGELM_UNSUPPORTED also when compiled without scoring.
static inline edgelm_status edgelm_score(edgelm_session *s, const int32_t *ids, size_t count, float *logits) {
  return edgelm_is_open(s) ? s->model->functions->score(s, ids, count, logits) : EDGELM_INVALID_ARGUMENT;
}

/// The logits [vocab] after the last token, in the arena until the next call; edgelm_sample sees changes. NULL: none.
static inline float *edgelm_logits(edgelm_session *s) {
  return edgelm_is_open(s) ? s->model->functions->logits(s) : NULL;
}

/// Seeds the random numbers of edgelm_sample and edgelm_generate; a new session has seed 0.
static inline edgelm_status edgelm_seed(edgelm_session *s, uint64_t seed) {
  return edgelm_is_open(s) ? s->model->functions->seed(s, seed) : EDGELM_INVALID_ARGUMENT;
}

/// Chooses the next token from the logits and writes it to `*id`; the context does not change. `sampling` NULL:
/// greedy. Among equally likely tokens the lowest id is first. EDGELM_NO_LOGITS, EDGELM_UNSUPPORTED.
static inline edgelm_status edgelm_sample(edgelm_session *s, const edgelm_sampling *sampling, int32_t *id) {
  return edgelm_is_open(s) ? s->model->functions->sample(s, sampling, id) : EDGELM_INVALID_ARGUMENT;
}

/// Appends `text` [bytes] to the context and continues it. The template's special tokens are added when the context
/// is empty. `generation` NULL: all zero; `result` may be NULL and is filled in whatever the status. Every token that
/// was handed out is in the context afterwards, except the last one when EDGELM_CONTEXT_FULL says it had no room.
/// EDGELM_CONTEXT_FULL, EDGELM_PROMPT_TOO_LONG, EDGELM_INVALID_TEXT, EDGELM_INVALID_TOKEN, EDGELM_NO_LOGITS (no text
/// and nothing to continue), EDGELM_UNSUPPORTED, what a callback returned.
static inline edgelm_status edgelm_generate_text(edgelm_session *s, const char *text, size_t bytes,
                                                 const edgelm_generation *generation, edgelm_result *result) {
  return edgelm_is_open(s) ? s->model->functions->generate_text(s, text, bytes, generation, result)
                           : EDGELM_INVALID_ARGUMENT;
}

/// Same, from token ids: `ids` [count]; count 0 continues the context. on_text needs a tokenizer, the rest does not.
static inline edgelm_status edgelm_generate_ids(edgelm_session *s, const int32_t *ids, size_t count,
                                                const edgelm_generation *generation, edgelm_result *result) {
  return edgelm_is_open(s) ? s->model->functions->generate_ids(s, ids, count, generation, result)
                           : EDGELM_INVALID_ARGUMENT;
}

/// edgelm_generate_text for a C string, greedy, with its most used settings.
static inline edgelm_status edgelm_generate(edgelm_session *s, const char *text, size_t max_tokens,
                                            edgelm_status (*on_text)(void *user, const char *text, size_t bytes),
                                            void *user) {
  const edgelm_generation generation = {{0.0f, 0, 0.0f, 0.0f, 0.0f, 0}, max_tokens, 0, NULL, 0, user, NULL, on_text};
  size_t bytes = 0;
  while (text && text[bytes])
    ++bytes;
  return edgelm_generate_text(s, text, bytes, &generation, NULL);
}

/// Appends the question `text` [bytes] and what the chat template writes round it, up to where the reply begins: continue
/// with edgelm_generate_ids(s, NULL, 0, ...). `system` [system_bytes], how to reply, or NULL, which it must be unless the
/// context is empty. Special tokens spelled out in the texts are ordinary text. Statuses of edgelm_generate_text;
/// EDGELM_INVALID_TEXT also for white space alone, EDGELM_UNSUPPORTED for want of a template, or one with a system text.
static inline edgelm_status edgelm_chat(edgelm_session *s, const char *system, size_t system_bytes, const char *text,
                                        size_t bytes) {
  return !edgelm_is_open(s)          ? EDGELM_INVALID_ARGUMENT
         : s->model->functions->chat ? s->model->functions->chat(s, system, system_bytes, text, bytes)
                                     : EDGELM_UNSUPPORTED;
}

/// Writes the context (tokens, key/value rows, logits, random state) to `buffer` [capacity] and its size to `*bytes`:
/// a FlatBuffer, see State.fbs. EDGELM_BUFFER_TOO_SMALL: `*bytes` is the size needed (`buffer` may be NULL with
/// capacity 0). EDGELM_UNSUPPORTED: not a decoder, or above the 2 GB of a FlatBuffer.
static inline edgelm_status edgelm_save(const edgelm_session *s, void *buffer, size_t capacity, size_t *bytes) {
  return edgelm_is_open(s) ? s->model->functions->save(s, buffer, capacity, bytes) : EDGELM_INVALID_ARGUMENT;
}

/// Replaces the context by a saved one; any bytes are safe. On failure the session is as before: EDGELM_CORRUPT_STATE,
/// EDGELM_WRONG_VERSION, EDGELM_WRONG_MODEL, EDGELM_UNSUPPORTED.
static inline edgelm_status edgelm_restore(edgelm_session *s, const void *bytes, size_t count) {
  return edgelm_is_open(s) ? s->model->functions->restore(s, bytes, count) : EDGELM_INVALID_ARGUMENT;
}

/// Runs an encoder over `tokens` [count], count at most the context. `mask` [count] NULL: ones; `types` [count] NULL:
/// zeros. `outputs` [output_count]: each NULL or a buffer of the output's bytes; NULL: read them by edgelm_output.
/// EDGELM_PROMPT_TOO_LONG, EDGELM_INVALID_TOKEN, EDGELM_UNSUPPORTED, poll's status.
static inline edgelm_status edgelm_encode(edgelm_session *s, const int32_t *tokens, const int32_t *mask,
                                          const int32_t *types, size_t count, void *const outputs[]) {
  return edgelm_is_open(s) ? s->model->functions->encode(s, tokens, mask, types, count, outputs)
                           : EDGELM_INVALID_ARGUMENT;
}

/// Runs any other graph. `inputs` [input_count]: of edgelm_describe's sizes; `outputs`, EDGELM_UNSUPPORTED as above.
static inline edgelm_status edgelm_invoke(edgelm_session *s, const void *const inputs[], void *const outputs[]) {
  return edgelm_is_open(s) ? s->model->functions->invoke(s, inputs, outputs) : EDGELM_INVALID_ARGUMENT;
}

/// Output `index` of the last edgelm_encode or edgelm_invoke, in the arena, valid until the next call; or NULL.
static inline const void *edgelm_output(const edgelm_session *s, size_t index) {
  return edgelm_is_open(s) ? s->model->functions->output(s, index) : NULL;
}

/// Bytes of memory of a pool of `threads` threads; 0 when the product has no pool (freestanding).
static inline size_t edgelm_pool_bytes(const edgelm_model *model, uint32_t threads) {
  return edgelm_check(model) || !model->functions->pool_bytes ? 0 : model->functions->pool_bytes(threads);
}

/// Starts threads - 1 threads in `memory` [bytes], aligned like an arena, the caller's until edgelm_pool_stop, and
/// fills in the first three of `*options`. A pool can serve many sessions: while it is busy with one, the others use their
/// calling threads. EDGELM_BUFFER_TOO_SMALL, EDGELM_ARENA_UNALIGNED, EDGELM_NO_THREADS, EDGELM_UNSUPPORTED: freestanding.
static inline edgelm_status edgelm_pool_start(const edgelm_model *model, void *memory, size_t bytes, uint32_t threads,
                                              edgelm_options *options) {
  edgelm_status status = edgelm_check(model);
  return status                         ? status
         : model->functions->pool_start ? model->functions->pool_start(memory, bytes, threads, options)
                                        : EDGELM_UNSUPPORTED;
}

/// Ends the threads of a pool that no session uses any more and clears the three members of `*options`.
static inline void edgelm_pool_stop(const edgelm_model *model, edgelm_options *options) {
  if (!edgelm_check(model) && model->functions->pool_stop)
    model->functions->pool_stop(options);
}

#ifdef __cplusplus
}
#endif
#endif // EDGELM_H
