// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Text to ids and back through the model's tokenizer tables.
#include "edgelm_tokenizer.h"
#include "session.h"

edgelm_status edgelm_rt_tokenize(edgelm_session *session, const char *text, size_t bytes, uint32_t flags, int32_t *ids,
                                 size_t capacity, size_t *count) {
  edgelm_context *context = context_of(session);
  const edgelm_descriptor *model = context->model;
  if (!model->tokenizer)
    return EDGELM_UNSUPPORTED;
  if ((!text && bytes) || (!ids && capacity) || !count)
    return EDGELM_INVALID_ARGUMENT;
  return edgelm_tokenizer_encode(model->tokenizer, model->tokenizer_size, text, bytes, ids, capacity, count,
                                 context->arena + model->tokenizer_offset, model->tokenizer_bytes, flags);
}

edgelm_status edgelm_rt_detokenize(edgelm_session *session, const int32_t *ids, size_t count, uint32_t flags,
                                   char *text, size_t capacity, size_t *bytes) {
  const edgelm_descriptor *model = context_of(session)->model;
  if (!model->tokenizer)
    return EDGELM_UNSUPPORTED;
  if ((!ids && count) || (!text && capacity) || !bytes)
    return EDGELM_INVALID_ARGUMENT;
  size_t total = 0;
  uint32_t first = EDGELM_FIRST_PIECE;
  for (size_t i = 0; i < count; ++i) {
    size_t room = total < capacity ? capacity - total : 0;
    size_t piece = 0;
    edgelm_status status = edgelm_tokenizer_piece(model->tokenizer, model->tokenizer_size, ids[i],
                                                  room ? text + total : NULL, room, &piece, flags | first);
    if (status && status != EDGELM_BUFFER_TOO_SMALL)
      return status;
    total += piece;
    // An id without text is the first piece too, unless it is a special token that is not shown.
    size_t shown = piece;
    if (piece == 0)
      edgelm_tokenizer_piece(model->tokenizer, model->tokenizer_size, ids[i], NULL, 0, &shown,
                             flags | first | EDGELM_SHOW_SPECIAL);
    if (piece || !shown)
      first = 0;
  }
  *bytes = total;
  return total > capacity ? EDGELM_BUFFER_TOO_SMALL : EDGELM_OK;
}
