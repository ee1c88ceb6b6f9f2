// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Whole-sequence graphs: encoders over tokens, and anything else over plain tensors.
#include "session.h"

static void copy_out(const edgelm_context *context, void *const *outputs) {
  const edgelm_tensor *tensors = context->model->outputs;
  for (uint32_t i = 0; outputs && i < context->model->output_count; ++i)
    if (outputs[i])
      memcpy(outputs[i], context->arena + tensors[i].offset, tensors[i].bytes);
}

// Fills an int32 [context] buffer with values [count] (NULL: `otherwise`) and zeros, when the model has that buffer.
static void copy_in(edgelm_context *context, size_t offset, const int32_t *values, size_t count, int32_t otherwise) {
  if (offset == EDGELM_ABSENT)
    return;
  int32_t *to = (int32_t *)(context->arena + offset);
  for (size_t i = 0; i < count; ++i)
    to[i] = values ? values[i] : otherwise;
  memset(to + count, 0, (context->model->context - count) * sizeof *to);
}

edgelm_status edgelm_rt_encode(edgelm_session *session, const int32_t *tokens, const int32_t *mask,
                               const int32_t *types, size_t count, void *const *outputs) {
  edgelm_context *context = context_of(session);
  const edgelm_descriptor *model = context->model;
  if (!model->encode)
    return EDGELM_UNSUPPORTED;
  if (!count)
    return EDGELM_INVALID_ARGUMENT;
  context->position = 0;
  edgelm_status status = edgelm_rt_check_tokens(context, tokens, count);
  if (status)
    return status;
  copy_in(context, model->tokens_offset, tokens, count, 0);
  copy_in(context, model->mask_offset, mask, count, 1);
  copy_in(context, model->types_offset, types, count, 0);
  status = entry_of(model->encode)(context, context->arena, context->weights, 0, (int32_t)count, NULL);
  if (!status)
    copy_out(context, outputs);
  return status;
}

edgelm_status edgelm_rt_invoke(edgelm_session *session, const void *const *inputs, void *const *outputs) {
  edgelm_context *context = context_of(session);
  const edgelm_descriptor *model = context->model;
  const edgelm_tensor *tensors = model->inputs;
  if (!model->invoke)
    return EDGELM_UNSUPPORTED;
  for (uint32_t i = 0; i < model->input_count; ++i)
    if (!inputs || !inputs[i])
      return EDGELM_INVALID_ARGUMENT;
  for (uint32_t i = 0; i < model->input_count; ++i)
    memcpy(context->arena + tensors[i].offset, inputs[i], tensors[i].bytes);
  edgelm_status status = entry_of(model->invoke)(context, context->arena, context->weights, 0, 1, NULL);
  if (!status)
    copy_out(context, outputs);
  return status;
}

const void *edgelm_rt_output(const edgelm_session *session, size_t index) {
  const edgelm_context *context = (const edgelm_context *)session;
  const edgelm_tensor *tensors = context->model->outputs;
  return index < context->model->output_count ? context->arena + tensors[index].offset : NULL;
}
