// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Finds pieces by their bytes: a sorted table in which each byte narrows the range of pieces that are still possible.
#include "tokenizer_internal.h"

struct edgelm_tok_range edgelm_tok_all_pieces(const struct edgelm_tok *tok) {
  struct edgelm_tok_range range = {0, tok->lookupCount, 0};
  return range;
}

/// The byte of an entry's piece behind the ones that were taken, plus 1; 0 if the piece ends there.
static uint32_t byteAt(const struct edgelm_tok *tok, uint32_t entry, uint32_t depth) {
  struct edgelm_tok_span piece;
  if (!edgelm_tok_piece(tok, edgelm_tok_ref(tok, tok->pieces, entry), &piece) || piece.bytes <= depth)
    return 0;
  return piece.data[depth] + 1u;
}

/// The first entry in [low, high) whose byte at the depth is not below `byte`.
static uint32_t lowerBound(const struct edgelm_tok *tok, uint32_t low, uint32_t high, uint32_t depth, uint32_t byte) {
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (byteAt(tok, middle, depth) < byte)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

int edgelm_tok_narrow(const struct edgelm_tok *tok, struct edgelm_tok_range *range, uint8_t byte) {
  range->low = lowerBound(tok, range->low, range->high, range->depth, byte + 1u);
  range->high = lowerBound(tok, range->low, range->high, range->depth, byte + 2u);
  ++range->depth;
  return range->low < range->high;
}

uint32_t edgelm_tok_exact_piece(const struct edgelm_tok *tok, const struct edgelm_tok_range *range) {
  if (range->low >= range->high)
    return EDGELM_TOKENIZER_NO_ID;
  uint32_t id = edgelm_tok_ref(tok, tok->pieces, range->low);
  struct edgelm_tok_span piece;
  return edgelm_tok_piece(tok, id, &piece) && piece.bytes == range->depth ? id : EDGELM_TOKENIZER_NO_ID;
}
