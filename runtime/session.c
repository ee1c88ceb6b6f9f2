// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Opens, describes, resets and closes sessions.
#include "session.h"
#include "cpu.h"
#include "weights.h"

// The public prefixes and the field lists must agree; the compiler trusts the lists.
_Static_assert(offsetof(edgelm_model, abi_version) == offsetof(edgelm_descriptor, abi_version), "model prefix");
_Static_assert(offsetof(edgelm_model, functions) == offsetof(edgelm_descriptor, functions), "model prefix");
_Static_assert(offsetof(edgelm_session, model) == offsetof(struct edgelm_context, model), "session prefix");
_Static_assert(sizeof(edgelm_tensor) == sizeof(edgelm_tensor_fields), "tensor fields");
_Static_assert(offsetof(edgelm_tensor, dims) == offsetof(edgelm_tensor_fields, dims), "tensor fields");
_Static_assert(offsetof(edgelm_tensor, type) == offsetof(edgelm_tensor_fields, type), "tensor fields");
_Static_assert(offsetof(edgelm_tensor, rank) == offsetof(edgelm_tensor_fields, rank), "tensor fields");
_Static_assert(offsetof(edgelm_tensor, bytes) == offsetof(edgelm_tensor_fields, bytes), "tensor fields");
_Static_assert(offsetof(edgelm_tensor, offset) == offsetof(edgelm_tensor_fields, offset), "tensor fields");

// Rounded up, so that what follows the session is aligned.
const size_t edgelm_rt_session_bytes =
    (sizeof(struct edgelm_context) + EDGELM_ARENA_ALIGNMENT - 1) / EDGELM_ARENA_ALIGNMENT * EDGELM_ARENA_ALIGNMENT;

edgelm_status edgelm_rt_describe(const edgelm_model *model, edgelm_info *info) {
  const edgelm_descriptor *fields = descriptor_of(model);
  if (!info)
    return EDGELM_INVALID_ARGUMENT;
  *info = (edgelm_info){0};
  info->name = fields->name;
  info->version = fields->version;
  info->fingerprint = fields->fingerprint;
  info->cpu_features = fields->cpu_features;
  info->kinds = (fields->decode ? EDGELM_DECODER : 0) | (fields->score || fields->decode ? EDGELM_SCORER : 0) |
                (fields->encode ? EDGELM_ENCODER : 0) | (fields->invoke ? EDGELM_INVOKER : 0) |
                (fields->tokenizer ? EDGELM_TEXT : 0) | (edgelm_rt_functions.pool_start ? EDGELM_POOL : 0);
  if (edgelm_rt_functions.chat && fields->decode && edgelm_rt_turns[EDGELM_TURN_FIRST].steps)
    info->kinds |= edgelm_rt_turns[EDGELM_TURN_SYSTEM].steps ? EDGELM_CHAT | EDGELM_SYSTEM_TEXT : EDGELM_CHAT;
  info->context = fields->context;
  info->vocab = fields->vocab;
  info->prefill_chunk = fields->prefill_chunk;
  info->max_threads = fields->max_threads;
  info->bos_id = fields->bos_id == EDGELM_NO_ID ? -1 : (int32_t)fields->bos_id;
  info->second_type = fields->second_type == EDGELM_NO_ID ? -1 : (int32_t)fields->second_type;
  info->arena_bytes = fields->arena_bytes;
  info->weight_bytes = fields->weight_bytes;
  info->stop_ids = fields->stop_ids;
  info->stop_count = fields->stop_count;
  info->inputs = fields->inputs;
  info->input_count = fields->input_count;
  info->outputs = fields->outputs;
  info->output_count = fields->output_count;
  return EDGELM_OK;
}

// The first of the model's variants, or else the model itself, that the processor can run; NULL: none, for want of
// `*missing`.
static const edgelm_descriptor *best_variant(const edgelm_descriptor *model, const char **missing) {
  const edgelm_descriptor *const *variants = model->variants;
  for (uint32_t i = 0; i < model->variant_count; ++i)
    if (!edgelm_rt_missing_feature(variants[i]->cpu_features))
      return variants[i];
  *missing = edgelm_rt_missing_feature(model->cpu_features);
  return *missing ? NULL : model;
}

edgelm_status edgelm_rt_open(const edgelm_model *model, void *arena, size_t arena_bytes, const edgelm_options *options,
                             edgelm_session **session) {
  const edgelm_descriptor *fields = descriptor_of(model);
  if (!arena || !session)
    return EDGELM_INVALID_ARGUMENT;
  if ((uintptr_t)arena % EDGELM_ARENA_ALIGNMENT)
    return EDGELM_ARENA_UNALIGNED;
  if (arena_bytes < fields->arena_bytes)
    return EDGELM_ARENA_TOO_SMALL;

  edgelm_options lent = {0};
  if (options)
    lent = *options;
  if (lent.threads == 0)
    lent.threads = 1;
  if (lent.threads > 1 && !lent.parallel_for)
    return EDGELM_INVALID_ARGUMENT;
  if (lent.threads > fields->max_threads)
    return EDGELM_TOO_MANY_THREADS;

  const uint8_t *weights = fields->weights;
  if (!weights && fields->weight_bytes) {
    if (!lent.weights)
      return EDGELM_NO_WEIGHTS;
    edgelm_status status = edgelm_rt_find_weights(fields, lent.weights, lent.weight_bytes, &weights);
    if (status)
      return status;
  }

  const char *missing;
  const edgelm_descriptor *chosen = best_variant(fields, &missing);
  if (!chosen) {
    if (lent.log)
      lent.log(lent.user, missing);
    return EDGELM_UNSUPPORTED_CPU;
  }

  edgelm_context *context = arena;
  context->model = chosen;
  context->arena = arena;
  context->weights = weights;
  context->options = lent;
  *session = arena;
  return edgelm_rt_reset(*session);
}

void edgelm_rt_close(edgelm_session *session) {
  context_of(session)->model = NULL;
}

edgelm_status edgelm_rt_reset(edgelm_session *session) {
  edgelm_context *context = context_of(session);
  context->position = 0;
  context->has_logits = 0;
  return edgelm_rt_seed(session, 0);
}

size_t edgelm_rt_position(const edgelm_session *session) {
  return ((const edgelm_context *)session)->position;
}

float *edgelm_rt_logits(edgelm_session *session) {
  edgelm_context *context = context_of(session);
  return context->has_logits ? logits_of(context) : NULL;
}
