// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// WordPiece: a word is cut from left to right, each time at the end of the longest piece that fits.
#include "tokenizer_internal.h"

/// The longest piece at text[begin, end); pieces inside a word start with the tokenizer's "continuing".
static uint32_t longestPiece(const struct edgelm_tok *tok, const struct edgelm_tok_text *text, size_t begin, size_t end,
                             int inside, size_t *pieceEnd) {
  struct edgelm_tok_range range = edgelm_tok_all_pieces(tok);
  uint32_t found = EDGELM_TOKENIZER_NO_ID;
  for (uint32_t i = 0; inside && i < tok->continuing.bytes; ++i)
    if (!edgelm_tok_narrow(tok, &range, tok->continuing.data[i]))
      return found;
  for (size_t pos = begin; pos < end && edgelm_tok_narrow(tok, &range, edgelm_tok_byte(text, pos)); ++pos) {
    uint32_t id = edgelm_tok_exact_piece(tok, &range);
    if (id == EDGELM_TOKENIZER_NO_ID)
      continue;
    found = id;
    *pieceEnd = pos + 1;
  }
  return found;
}

void edgelm_tok_wordpiece(const struct edgelm_tok *tok, const struct edgelm_tok_text *text, size_t begin, size_t end,
                          struct edgelm_tok_out *out, struct edgelm_tok_scratch scratch) {
  (void)scratch;
  size_t before = out->count, characters = 0, pos = begin;
  for (size_t i = begin; i < end; ++i)
    characters += (edgelm_tok_byte(text, i) & 0xc0) != 0x80;
  while (pos < end && characters <= tok->maxWordChars) {
    uint32_t id = longestPiece(tok, text, pos, end, pos > begin, &pos);
    if (id == EDGELM_TOKENIZER_NO_ID)
      break;
    edgelm_tok_put(out, id);
  }
  if (pos < end) { // one part that is no piece makes the whole word unknown
    out->count = before;
    edgelm_tok_put(out, tok->unknownId);
  }
}
