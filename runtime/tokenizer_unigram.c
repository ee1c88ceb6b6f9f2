// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Unigram: of all ways to cut a word into pieces, the one whose scores have the greatest sum (Viterbi).
//
// Sums are doubles, added from left to right, and the first of equal sums stays, as in Hugging Face's library. Only the
// sums at the last positions are kept, in a ring that is as long as the longest piece; of every position the length of
// the best piece that ends there.
#include "tokenizer_internal.h"

struct lattice {
  double *sums;     // [ring]: the greatest sum up to a position
  uint8_t *lengths; // [bytes + 1]: of the piece that ends at a position, 0: none
  size_t ring;      // a power of two above the longest piece
};

static int divideScratch(const struct edgelm_tok *tok, size_t bytes, struct edgelm_tok_scratch scratch,
                         struct lattice *lattice) {
  size_t skew = (8 - (size_t)((uintptr_t)scratch.data & 7)) & 7;
  lattice->ring = 8; // a character without a piece has up to 4 bytes
  while (lattice->ring <= tok->maxPieceBytes)
    lattice->ring *= 2;
  size_t fixed = skew + lattice->ring * sizeof *lattice->sums;
  if (scratch.bytes <= fixed || scratch.bytes - fixed <= bytes)
    return 0;
  lattice->sums = (double *)(void *)(scratch.data + skew);
  lattice->lengths = scratch.data + fixed;
  __builtin_memset(lattice->lengths, 0, bytes + 1);
  lattice->sums[0] = 0.0;
  return 1;
}

static double scoreAt(const struct edgelm_tok *tok, uint32_t index) {
  double score;
  float narrow;
  if (tok->scoreBytes == 8) {
    __builtin_memcpy(&score, tok->scores.data + (size_t)index * 8, 8);
    return score;
  }
  __builtin_memcpy(&narrow, tok->scores.data + (size_t)index * 4, 4);
  return (double)narrow;
}

static void reach(struct lattice *lattice, size_t from, size_t to, double sum) {
  double *best = &lattice->sums[to & (lattice->ring - 1)];
  if (lattice->lengths[to] != 0 && !(sum > *best))
    return;
  *best = sum;
  lattice->lengths[to] = (uint8_t)(to - from);
}

static uint32_t findPiece(const struct edgelm_tok *tok, const struct edgelm_tok_text *text, size_t begin, size_t end) {
  struct edgelm_tok_range range = edgelm_tok_all_pieces(tok);
  while (begin < end && edgelm_tok_narrow(tok, &range, edgelm_tok_byte(text, begin)))
    ++begin;
  return begin == end ? edgelm_tok_exact_piece(tok, &range) : EDGELM_TOKENIZER_NO_ID;
}

/// Writes the ids of the pieces whose lengths stand where they begin.
static void putPieces(const struct edgelm_tok *tok, const struct edgelm_tok_text *text, size_t begin, size_t end,
                      const uint8_t *lengths, struct edgelm_tok_out *out) {
  int wasUnknown = 0;
  for (size_t pos = begin; pos < end; pos += lengths[pos - begin]) {
    size_t next = pos + lengths[pos - begin];
    uint32_t id = findPiece(tok, text, pos, next);
    if (id == EDGELM_TOKENIZER_NO_ID && tok->byteIds.bytes) {
      for (size_t i = pos; i < next; ++i)
        edgelm_tok_put(out, edgelm_tok_u32(tok->byteIds, edgelm_tok_byte(text, i)));
      continue;
    }
    if (id != EDGELM_TOKENIZER_NO_ID || !wasUnknown)
      edgelm_tok_put(out, id == EDGELM_TOKENIZER_NO_ID ? tok->unknownId : id);
    wasUnknown = id == EDGELM_TOKENIZER_NO_ID;
  }
}

void edgelm_tok_unigram(const struct edgelm_tok *tok, const struct edgelm_tok_text *text, size_t begin, size_t end,
                        struct edgelm_tok_out *out, struct edgelm_tok_scratch scratch) {
  struct lattice lattice;
  size_t bytes = end - begin;
  if (!divideScratch(tok, bytes, scratch, &lattice)) {
    out->status = EDGELM_INVALID_TEXT;
    return;
  }
  double unknown = scoreAt(tok, tok->unknownScore);
  for (size_t from = 0, next; from < bytes; from = next) {
    double sum = lattice.sums[from & (lattice.ring - 1)];
    edgelm_tok_character(text, begin + from, end, &next);
    next -= begin;
    int single = 0;
    struct edgelm_tok_range range = edgelm_tok_all_pieces(tok);
    for (size_t to = from + 1; to <= bytes && to - from <= tok->maxPieceBytes; ++to) {
      if (!edgelm_tok_narrow(tok, &range, edgelm_tok_byte(text, begin + to - 1)))
        break;
      uint32_t id = edgelm_tok_exact_piece(tok, &range);
      if (id >= tok->vocabSize)
        continue;
      reach(&lattice, from, to, scoreAt(tok, id) + sum);
      single |= to == next;
    }
    if (!single)
      reach(&lattice, from, next, unknown + sum);
  }
  // Turn the lengths round: from where pieces end to where they begin.
  size_t at = bytes, length = lattice.lengths[at];
  while (at > 0) {
    at -= length;
    size_t previous = lattice.lengths[at];
    lattice.lengths[at] = (uint8_t)length;
    length = previous;
  }
  putPieces(tok, text, begin, end, lattice.lengths, out);
}
