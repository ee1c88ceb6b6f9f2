// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Appends tokens to a decoder's state: prefill in chunks, decode one by one, score with all logits.
#include "session.h"

edgelm_status edgelm_rt_check_tokens(const edgelm_context *context, const int32_t *ids, size_t count) {
  const edgelm_descriptor *model = context->model;
  if (!ids && count)
    return EDGELM_INVALID_ARGUMENT;
  if (count > model->context)
    return EDGELM_PROMPT_TOO_LONG;
  if (count > model->context - context->position)
    return EDGELM_CONTEXT_FULL;
  for (size_t i = 0; i < count; ++i)
    if ((uint32_t)ids[i] >= model->vocab) // negative ones, too
      return EDGELM_INVALID_TOKEN;
  return EDGELM_OK;
}

// Runs one entry over ids [count], which are put into the token buffer of `chunk` tokens.
static edgelm_status append(edgelm_context *context, const void *entry, uint32_t chunk, const int32_t *ids,
                            uint32_t count, float *out) {
  // Rows beyond count are never used, but are read: their ids must be valid.
  int32_t *tokens = (int32_t *)(context->arena + context->model->tokens_offset);
  memcpy(tokens, ids, count * sizeof *ids);
  memset(tokens + count, 0, (chunk - count) * sizeof *ids);
  // `ids` may be the history itself: generate tokenizes into it.
  int32_t *history = history_of(context) + context->position;
  if (history != ids)
    memcpy(history, ids, count * sizeof *ids);

  context->has_logits = 0;
  edgelm_status status =
      entry_of(entry)(context, context->arena, context->weights, (int32_t)context->position, (int32_t)count, out);
  if (status)
    return status;
  context->position += count;
  context->has_logits = 1;
  return EDGELM_OK;
}

edgelm_status edgelm_rt_prefill(edgelm_session *session, const int32_t *ids, size_t count) {
  edgelm_context *context = context_of(session);
  const edgelm_descriptor *model = context->model;
  if (!model->decode)
    return EDGELM_UNSUPPORTED;
  edgelm_status status = edgelm_rt_check_tokens(context, ids, count);
  while (!status && count) {
    // One token is cheaper by @decode, which gives the same bits.
    const int whole = model->prefill && count > 1;
    uint32_t chunk = whole ? model->prefill_chunk : 1;
    uint32_t now = count < chunk ? (uint32_t)count : chunk;
    status = append(context, whole ? model->prefill : model->decode, chunk, ids, now, NULL);
    ids += now;
    count -= now;
  }
  return status;
}

edgelm_status edgelm_rt_score(edgelm_session *session, const int32_t *ids, size_t count, float *logits) {
  edgelm_context *context = context_of(session);
  const edgelm_descriptor *model = context->model;
  if (!model->score && !model->decode)
    return EDGELM_UNSUPPORTED;
  if (!logits && count)
    return EDGELM_INVALID_ARGUMENT;
  edgelm_status status = edgelm_rt_check_tokens(context, ids, count);
  const size_t row_bytes = model->vocab * sizeof *logits;
  while (!status && count) {
    uint32_t chunk = model->score ? model->score_chunk : 1;
    uint32_t now = count < chunk ? (uint32_t)count : chunk;
    status =
        append(context, model->score ? model->score : model->decode, chunk, ids, now, model->score ? logits : NULL);
    if (status)
      return status;
    // The session's own logits follow the last token, as after a prefill; @decode writes no others.
    if (model->score)
      memcpy(logits_of(context), logits + (size_t)(now - 1) * model->vocab, row_bytes);
    else
      memcpy(logits, logits_of(context), row_bytes);
    ids += now;
    count -= now;
    logits += (size_t)now * model->vocab;
  }
  return status;
}
