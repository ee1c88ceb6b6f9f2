// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A tokenizer of bytes in place of the runtime's, so that tests choose what each token spells.
#include "FakeModel.h"
#include "edgelm_tokenizer.h"

#include <string.h>

edgelm_status edgelm_tokenizer_encode_section(const uint8_t *blob, size_t blob_bytes, const char *text, size_t bytes,
                                              int32_t *ids, size_t capacity, size_t *count, void *scratch,
                                              size_t scratch_bytes, uint32_t flags, uint32_t place) {
  // What follows other text shows where it begins: the space that it is becomes FAKE_WORD.
  edgelm_status status =
      edgelm_tokenizer_encode(blob, blob_bytes, text, bytes, ids, capacity, count, scratch, scratch_bytes, flags);
  if (place == EDGELM_PLACE_INSIDE && *count && capacity)
    ids[0] = FAKE_WORD;
  return status;
}

edgelm_status edgelm_tokenizer_encode(const uint8_t *blob, size_t blob_bytes, const char *text, size_t bytes,
                                      int32_t *ids, size_t capacity, size_t *count, void *scratch, size_t scratch_bytes,
                                      uint32_t flags) {
  if (blob_bytes != 1 || blob[0] != 7 || scratch_bytes != 64)
    return EDGELM_INVALID_ARGUMENT;
  memset(scratch, 0, scratch_bytes);
  size_t n = 0;
  if (flags & EDGELM_ADD_SPECIAL) {
    if (n < capacity)
      ids[n] = FAKE_BOS;
    ++n;
  }
  for (size_t i = 0; i < bytes; ++i, ++n) {
    if (text[i] == '\xff') // stands for what a tokenizer cannot take
      return EDGELM_INVALID_TEXT;
    if (n < capacity)
      ids[n] = (unsigned char)text[i];
  }
  *count = n;
  return n > capacity ? EDGELM_BUFFER_TOO_SMALL : EDGELM_OK;
}

edgelm_status edgelm_tokenizer_piece(const uint8_t *blob, size_t blob_bytes, int32_t id, char *out, size_t capacity,
                                     size_t *bytes, uint32_t flags) {
  (void)blob, (void)blob_bytes;
  char byte = (char)id;
  const char *piece = "";
  size_t length = 0;
  if (id < 0 || id >= FAKE_VOCAB)
    return EDGELM_INVALID_TOKEN;
  if (id < 256)
    piece = &byte, length = 1;
  else if (id == FAKE_WORD)
    piece = "na\xc3\xafve", length = 6;
  else if (id == FAKE_EURO)
    piece = "\xe2\x82", length = 2;
  else if (flags & EDGELM_SHOW_SPECIAL)
    piece = "<s>", length = 3;
  // Like decoders that drop the leading space.
  if (flags & EDGELM_FIRST_PIECE && length && piece[0] == ' ')
    ++piece, --length;
  *bytes = length;
  if (length > capacity)
    return EDGELM_BUFFER_TOO_SMALL;
  if (length)
    memcpy(out, piece, length);
  return EDGELM_OK;
}
