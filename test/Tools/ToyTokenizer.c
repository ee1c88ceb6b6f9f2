// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The toy's tokenizer: a token is a byte, and 256 begins a text. Takes the place of the runtime's.
#include "edgelm_tokenizer.h"

enum { BEGIN = 256, VOCAB = 300 };

edgelm_status edgelm_tokenizer_encode(const uint8_t *blob, size_t blob_bytes, const char *text, size_t bytes,
                                      int32_t *ids, size_t capacity, size_t *count, void *scratch, size_t scratch_bytes,
                                      uint32_t flags) {
  (void)blob, (void)blob_bytes, (void)scratch, (void)scratch_bytes;
  const size_t first = flags & EDGELM_ADD_SPECIAL ? 1 : 0;
  *count = bytes + first;
  if (*count > capacity)
    return EDGELM_BUFFER_TOO_SMALL;
  if (first)
    ids[0] = BEGIN;
  for (size_t i = 0; i < bytes; ++i)
    ids[first + i] = (unsigned char)text[i];
  return EDGELM_OK;
}

edgelm_status edgelm_tokenizer_encode_section(const uint8_t *blob, size_t blob_bytes, const char *text, size_t bytes,
                                              int32_t *ids, size_t capacity, size_t *count, void *scratch,
                                              size_t scratch_bytes, uint32_t flags, uint32_t place) {
  (void)place;
  return edgelm_tokenizer_encode(blob, blob_bytes, text, bytes, ids, capacity, count, scratch, scratch_bytes, flags);
}

edgelm_status edgelm_tokenizer_piece(const uint8_t *blob, size_t blob_bytes, int32_t id, char *out, size_t capacity,
                                     size_t *bytes, uint32_t flags) {
  (void)blob, (void)blob_bytes, (void)flags;
  if (id < 0 || id >= VOCAB)
    return EDGELM_INVALID_TOKEN;
  *bytes = id < BEGIN ? 1 : 0;
  if (*bytes > capacity)
    return EDGELM_BUFFER_TOO_SMALL;
  if (*bytes)
    out[0] = (char)id;
  return EDGELM_OK;
}
