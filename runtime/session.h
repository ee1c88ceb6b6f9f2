// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The session object at the start of an arena and what the runtime's files share about it.
#pragma once

#include "edgelm_abi.h"

void *memcpy(void *restrict to, const void *restrict from, size_t bytes);
void *memmove(void *to, const void *from, size_t bytes);
void *memset(void *to, int value, size_t bytes);

struct edgelm_context {
  const edgelm_descriptor *model; // NULL once closed
  uint8_t *arena;                 // [model->arena_bytes], begins with this struct
  const uint8_t *weights;
  edgelm_options options; // threads at least 1
  uint64_t random;        // state of the generator
  uint32_t position;      // tokens in the state
  uint32_t has_logits;    // the logits belong to the last token
};

typedef struct edgelm_context edgelm_context;

static inline edgelm_context *context_of(edgelm_session *session) {
  return (edgelm_context *)session;
}

static inline const edgelm_descriptor *descriptor_of(const edgelm_model *model) {
  return (const edgelm_descriptor *)model;
}

/// The entry at a descriptor's field; NULL when the model has none.
static inline edgelm_entry entry_of(const void *field) {
  return (edgelm_entry)(uintptr_t)field;
}

/// The tokens in the context, int32 [context]: the first part of the sampler's buffer.
static inline int32_t *history_of(edgelm_context *context) {
  return (int32_t *)(context->arena + context->model->sampler_offset);
}

static inline float *logits_of(edgelm_context *context) {
  return (float *)(context->arena + context->model->logits_offset);
}

/// What may be wrong with `count` more tokens before any work is done: see edgelm_prefill.
edgelm_status edgelm_rt_check_tokens(const edgelm_context *context, const int32_t *ids, size_t count);

edgelm_status edgelm_rt_describe(const edgelm_model *model, edgelm_info *info);
edgelm_status edgelm_rt_open(const edgelm_model *model, void *arena, size_t arena_bytes, const edgelm_options *options,
                             edgelm_session **session);
void edgelm_rt_close(edgelm_session *session);
edgelm_status edgelm_rt_reset(edgelm_session *session);
size_t edgelm_rt_position(const edgelm_session *session);
edgelm_status edgelm_rt_tokenize(edgelm_session *session, const char *text, size_t bytes, uint32_t flags, int32_t *ids,
                                 size_t capacity, size_t *count);
edgelm_status edgelm_rt_detokenize(edgelm_session *session, const int32_t *ids, size_t count, uint32_t flags,
                                   char *text, size_t capacity, size_t *bytes);
edgelm_status edgelm_rt_prefill(edgelm_session *session, const int32_t *ids, size_t count);
edgelm_status edgelm_rt_score(edgelm_session *session, const int32_t *ids, size_t count, float *logits);
float *edgelm_rt_logits(edgelm_session *session);
edgelm_status edgelm_rt_seed(edgelm_session *session, uint64_t seed);
edgelm_status edgelm_rt_sample(edgelm_session *session, const edgelm_sampling *sampling, int32_t *id);
edgelm_status edgelm_rt_generate_text(edgelm_session *session, const char *text, size_t bytes,
                                      const edgelm_generation *generation, edgelm_result *result);
edgelm_status edgelm_rt_generate_ids(edgelm_session *session, const int32_t *ids, size_t count,
                                     const edgelm_generation *generation, edgelm_result *result);
edgelm_status edgelm_rt_chat(edgelm_session *session, const char *system, size_t system_bytes, const char *text,
                             size_t bytes);
edgelm_status edgelm_rt_save(const edgelm_session *session, void *buffer, size_t capacity, size_t *bytes);
edgelm_status edgelm_rt_restore(edgelm_session *session, const void *bytes, size_t count);
edgelm_status edgelm_rt_encode(edgelm_session *session, const int32_t *tokens, const int32_t *mask,
                               const int32_t *types, size_t count, void *const *outputs);
edgelm_status edgelm_rt_invoke(edgelm_session *session, const void *const *inputs, void *const *outputs);
const void *edgelm_rt_output(const edgelm_session *session, size_t index);
