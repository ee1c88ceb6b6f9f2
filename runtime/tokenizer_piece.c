// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Decoding: what one id stands for, by the rules of the tokenizer's decoder.
#include "tokenizer_internal.h"

/// The index of a value in an ascending table, or NO_ID.
static uint32_t findId(struct edgelm_tok_span ids, uint32_t id) {
  uint32_t low = 0, high = ids.bytes / 4;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2, value = edgelm_tok_u32(ids, middle);
    if (value == id)
      return middle;
    if (value < id)
      low = middle + 1;
    else
      high = middle;
  }
  return EDGELM_TOKENIZER_NO_ID;
}

struct writer {
  char *out;
  size_t capacity, bytes;
};

static void put(struct writer *w, uint8_t byte) {
  if (w->bytes < w->capacity)
    w->out[w->bytes] = (char)byte;
  ++w->bytes;
}

/// Cuts off what the pieces inside a word start with; 0 if it is not there.
static int cutContinuing(const struct edgelm_tok *tok, struct edgelm_tok_span *piece) {
  uint32_t count = tok->continuing.bytes;
  if (piece->bytes < count)
    return 0;
  for (uint32_t i = 0; i < count; ++i)
    if (piece->data[i] != tok->continuing.data[i])
      return 0;
  piece->data += count;
  piece->bytes -= count;
  return 1;
}

static void putPiece(const struct edgelm_tok *tok, struct edgelm_tok_span piece, int first, struct writer *w) {
  if ((tok->flags & EDGELM_TOKENIZER_DECODE_WORDS) && !first && !cutContinuing(tok, &piece))
    put(w, ' ');
  int drop = first && (tok->flags & EDGELM_TOKENIZER_DECODE_DROP_SPACE);
  for (uint32_t i = 0; i < piece.bytes; ++i) {
    uint8_t byte = piece.data[i];
    if ((tok->flags & EDGELM_TOKENIZER_DECODE_META) && byte == 0xe2 && piece.bytes - i > 2 &&
        piece.data[i + 1] == 0x96 && piece.data[i + 2] == 0x81) {
      byte = ' ';
      i += 2;
    }
    if (!drop || byte != ' ')
      put(w, byte);
    drop = 0;
  }
}

edgelm_status edgelm_tokenizer_piece(const uint8_t *blob, size_t blob_bytes, int32_t id, char *out, size_t capacity,
                                     size_t *bytes, uint32_t flags) {
  struct edgelm_tok tok;
  struct edgelm_tok_span piece;
  *bytes = 0;
  edgelm_status status = edgelm_tok_open(&tok, blob, blob_bytes);
  if (status)
    return status;
  if (id < 0 || (uint32_t)id >= tok.vocabSize)
    return EDGELM_INVALID_TOKEN;
  if (!(flags & EDGELM_SHOW_SPECIAL) && findId(tok.specialIds, (uint32_t)id) != EDGELM_TOKENIZER_NO_ID)
    return EDGELM_OK;
  int first = (flags & EDGELM_FIRST_PIECE) != 0;
  uint32_t form = findId(tok.formIds, (uint32_t)id);
  struct writer writer = {out, out ? capacity : 0, 0};
  if (form == EDGELM_TOKENIZER_NO_ID) {
    if (!edgelm_tok_piece(&tok, (uint32_t)id, &piece))
      return EDGELM_UNSUPPORTED;
    putPiece(&tok, piece, first, &writer);
  } else {
    if (!edgelm_tok_piece(&tok, tok.vocabSize + form * 2 + (first ? 1 : 0), &piece))
      return EDGELM_UNSUPPORTED;
    for (uint32_t i = 0; i < piece.bytes; ++i)
      put(&writer, piece.data[i]);
  }
  *bytes = writer.bytes;
  return writer.bytes > capacity ? EDGELM_BUFFER_TOO_SMALL : EDGELM_OK;
}
