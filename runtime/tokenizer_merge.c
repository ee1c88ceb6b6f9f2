// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Byte-pair encoding of one word, of its bytes or its characters: the pair of the lowest rank is merged first, the
// leftmost of equals.
//
// Four ways, all with the same result: a table of whole words; a scan over an array (short words); a tournament tree
// over a linked list in scratch (long words, n log n); passes over the free part of the output (words that exceed the
// scratch, one pass for each different merge).
#include "tokenizer_internal.h"

enum { SCAN_LIMIT = 40, LOWEST = 64 };

#define NO_RANK 0xffffffffu
#define NONE 0xffffffffu

/// The rank of a pair, or NO_RANK; stores what it becomes.
static uint32_t findMerge(const struct edgelm_tok *tok, uint32_t left, uint32_t right, uint32_t *merged) {
  uint32_t slots = tok->mergeSlotCount;
  if (slots == 0)
    return NO_RANK;
  uint32_t slot = EDGELM_TOKENIZER_HASH_PAIR(left, right) >> tok->mergeShift;
  for (uint32_t probes = 0; probes < slots; ++probes, slot = (slot + 1) & (slots - 1)) {
    uint32_t rank = edgelm_tok_ref(tok, tok->mergeSlots, slot) - 1;
    if (rank >= tok->mergeCount)
      return NO_RANK; // an empty slot, or damage
    if (edgelm_tok_ref(tok, tok->merges, rank * 3) == left && edgelm_tok_ref(tok, tok->merges, rank * 3 + 1) == right) {
      *merged = edgelm_tok_ref(tok, tok->merges, rank * 3 + 2);
      return rank;
    }
  }
  return NO_RANK;
}

static uint32_t rankOf(const struct edgelm_tok *tok, uint32_t left, uint32_t right) {
  uint32_t merged;
  return findMerge(tok, left, right, &merged);
}

/// The id of the whole word, or NO_ID.
static uint32_t findWord(const struct edgelm_tok *tok, const struct edgelm_tok_text *text, size_t begin, size_t end) {
  uint32_t slots = tok->wordSlotCount;
  if (slots == 0 || end - begin > 255)
    return EDGELM_TOKENIZER_NO_ID;
  uint32_t hash = EDGELM_TOKENIZER_HASH_SEED;
  for (size_t i = begin; i < end; ++i)
    hash = EDGELM_TOKENIZER_HASH_BYTE(hash, edgelm_tok_byte(text, i));
  hash = EDGELM_TOKENIZER_HASH_WORD_END(hash);
  size_t skip = begin < text->prefix ? text->prefix - begin : 0;
  const uint8_t *data = text->data + (begin + skip - text->prefix);
  uint32_t slot = hash >> tok->wordShift;
  for (uint32_t probes = 0; probes < slots; ++probes, slot = (slot + 1) & (slots - 1)) {
    uint32_t id = edgelm_tok_ref(tok, tok->wordSlots, slot) - 1;
    struct edgelm_tok_span piece;
    if (!edgelm_tok_piece(tok, id, &piece))
      return EDGELM_TOKENIZER_NO_ID;
    if (piece.bytes != end - begin)
      continue;
    size_t i = 0;
    while (i < skip && i < piece.bytes && piece.data[i] == text->before[begin + i])
      ++i;
    if (i < skip)
      continue;
    while (i < piece.bytes && piece.data[i] == data[i - skip])
      ++i;
    if (i == piece.bytes)
      return id;
  }
  return EDGELM_TOKENIZER_NO_ID;
}

static uint32_t byteId(const struct edgelm_tok *tok, const struct edgelm_tok_text *text, size_t pos) {
  return tok->byteIds.bytes ? edgelm_tok_u32(tok->byteIds, edgelm_tok_byte(text, pos)) : EDGELM_TOKENIZER_NO_ID;
}

/// Where the symbols that a word starts as are read.
struct reader {
  const struct edgelm_tok *tok;
  const struct edgelm_tok_text *text;
  size_t pos, end, charEnd; ///< bytes up to charEnd are read one by one: their character has no piece
  int byCharacters, unknown;
};

/// The next symbol; NO_ID at the end. There are at most as many as the word has bytes.
static uint32_t nextSymbol(struct reader *r) {
  while (r->pos < r->end) {
    if (r->byCharacters && r->pos >= r->charEnd) {
      struct edgelm_tok_range range = edgelm_tok_all_pieces(r->tok);
      size_t from = r->pos;
      edgelm_tok_character(r->text, from, r->end, &r->charEnd);
      while (from < r->charEnd && edgelm_tok_narrow(r->tok, &range, edgelm_tok_byte(r->text, from)))
        ++from;
      uint32_t id = from == r->charEnd ? edgelm_tok_exact_piece(r->tok, &range) : EDGELM_TOKENIZER_NO_ID;
      int wasUnknown = r->unknown;
      r->unknown = 0;
      if (id == EDGELM_TOKENIZER_NO_ID && !r->tok->byteIds.bytes) {
        id = r->tok->unknownId;
        r->unknown = 1;
        if (wasUnknown && (r->tok->flags & EDGELM_TOKENIZER_HAS_FUSED_UNKNOWN))
          id = EDGELM_TOKENIZER_NO_ID;
        r->pos = r->charEnd;
        if (id == EDGELM_TOKENIZER_NO_ID)
          continue;
        return id;
      }
      if (id != EDGELM_TOKENIZER_NO_ID) {
        r->pos = r->charEnd;
        return id;
      }
    }
    uint32_t id = byteId(r->tok, r->text, r->pos++);
    if (id != EDGELM_TOKENIZER_NO_ID)
      return id;
  }
  return EDGELM_TOKENIZER_NO_ID;
}

/// Fills ids[0..n) and ranks[0..n); ranks[i] is that of the pair (i, i + 1). Returns n <= bytes of the word.
static uint32_t start(struct reader reader, uint32_t *ids, uint32_t *ranks) {
  uint32_t n = 0, id;
  while ((id = nextSymbol(&reader)) != EDGELM_TOKENIZER_NO_ID) {
    ids[n] = id;
    if (n > 0)
      ranks[n - 1] = rankOf(reader.tok, ids[n - 1], id);
    ++n;
  }
  if (n > 0)
    ranks[n - 1] = NO_RANK;
  return n;
}

static void mergeByScan(const struct edgelm_tok *tok, uint32_t *ids, uint32_t *ranks, uint32_t n,
                        struct edgelm_tok_out *out) {
  while (n > 1) {
    uint32_t best = 0;
    for (uint32_t i = 1; i + 1 < n; ++i)
      best = ranks[i] < ranks[best] ? i : best;
    if (ranks[best] == NO_RANK)
      break;
    uint32_t merged = 0;
    findMerge(tok, ids[best], ids[best + 1], &merged);
    ids[best] = merged;
    --n;
    __builtin_memmove(ids + best + 1, ids + best + 2, (n - best - 1) * sizeof *ids);
    __builtin_memmove(ranks + best, ranks + best + 1, (n - best) * sizeof *ranks);
    if (best > 0)
      ranks[best - 1] = rankOf(tok, ids[best - 1], merged);
    ranks[best] = best + 1 < n ? rankOf(tok, merged, ids[best + 1]) : NO_RANK;
  }
  for (uint32_t i = 0; i < n; ++i)
    edgelm_tok_put(out, ids[i]);
}

/// Long words: tree[k], k in [1, n), is the position with the lowest rank among the leaves below k; leaf i is node n +
/// i.
struct tree {
  uint32_t *ids, *ranks, *next, *previous, *nodes;
  uint32_t n;
};

static uint32_t treeNode(const struct tree *t, uint32_t node) {
  return node >= t->n ? node - t->n : t->nodes[node];
}

static void treeUpdate(struct tree *t, uint32_t node) {
  uint32_t a = treeNode(t, node * 2), b = treeNode(t, node * 2 + 1);
  int bFirst = t->ranks[b] < t->ranks[a] || (t->ranks[b] == t->ranks[a] && b < a);
  t->nodes[node] = bFirst ? b : a;
}

static void treeSet(struct tree *t, uint32_t leaf, uint32_t rank) {
  t->ranks[leaf] = rank;
  for (uint32_t node = (t->n + leaf) / 2; node >= 1; node /= 2)
    treeUpdate(t, node);
}

static void mergeByTree(const struct edgelm_tok *tok, struct tree *t, struct edgelm_tok_out *out) {
  for (uint32_t i = 0; i < t->n; ++i) {
    t->previous[i] = i == 0 ? NONE : i - 1;
    t->next[i] = i + 1 == t->n ? NONE : i + 1;
  }
  for (uint32_t node = t->n - 1; node >= 1; --node)
    treeUpdate(t, node);
  for (;;) {
    uint32_t best = t->nodes[1];
    if (t->ranks[best] == NO_RANK)
      break;
    uint32_t gone = t->next[best], merged = 0;
    findMerge(tok, t->ids[best], t->ids[gone], &merged);
    t->ids[best] = merged;
    t->next[best] = t->next[gone];
    if (t->next[best] != NONE)
      t->previous[t->next[best]] = best;
    treeSet(t, gone, NO_RANK);
    treeSet(t, best, t->next[best] == NONE ? NO_RANK : rankOf(tok, merged, t->ids[t->next[best]]));
    if (t->previous[best] != NONE)
      treeSet(t, t->previous[best], rankOf(tok, t->ids[t->previous[best]], merged));
  }
  for (uint32_t i = 0; i != NONE; i = t->next[i])
    edgelm_tok_put(out, t->ids[i]);
}

/// Words that exceed the scratch: the lowest ranks that occur in the word, ascending; no rank below the last is
/// missing.
struct lowest {
  uint32_t ranks[LOWEST];
  uint32_t count;
  int full; ///< ranks above the last may be missing
};

static void addRank(struct lowest *list, uint32_t rank) {
  if (rank == NO_RANK || (list->full && rank > list->ranks[list->count - 1]))
    return;
  uint32_t at = list->count;
  while (at > 0 && list->ranks[at - 1] > rank)
    --at;
  if (at > 0 && list->ranks[at - 1] == rank)
    return;
  if (list->count == LOWEST) {
    list->full = 1;
    if (at == LOWEST)
      return;
    --list->count;
  }
  __builtin_memmove(list->ranks + at + 1, list->ranks + at, (list->count - at) * sizeof *list->ranks);
  list->ranks[at] = rank;
  ++list->count;
}

/// Merges the pairs of the lowest rank from left to right, and enters the ranks of the pairs that this makes. A pair of
/// a still lower rank goes first, so it ends the pass. Returns the new number of ids.
static size_t mergePass(const struct edgelm_tok *tok, int32_t *ids, size_t n, struct lowest *list) {
  uint32_t rank = list->ranks[0];
  int32_t left = (int32_t)edgelm_tok_ref(tok, tok->merges, rank * 3);
  int32_t right = (int32_t)edgelm_tok_ref(tok, tok->merges, rank * 3 + 1);
  int32_t merged = (int32_t)edgelm_tok_ref(tok, tok->merges, rank * 3 + 2);
  size_t to = 0, from = 0;
  while (from < n && list->ranks[0] == rank) {
    if (ids[from] != left || from + 1 == n || ids[from + 1] != right) {
      ids[to++] = ids[from++];
      continue;
    }
    from += 2;
    if (to > 0)
      addRank(list, rankOf(tok, (uint32_t)ids[to - 1], (uint32_t)merged));
    if (from < n)
      addRank(list, rankOf(tok, (uint32_t)merged, (uint32_t)ids[from]));
    ids[to++] = merged;
  }
  if (list->ranks[0] == rank) // all of them were merged
    __builtin_memmove(list->ranks, list->ranks + 1, --list->count * sizeof *list->ranks);
  __builtin_memmove(ids + to, ids + from, (n - from) * sizeof *ids);
  return to + (n - from);
}

static void mergeByPasses(struct reader reader, struct edgelm_tok_out *out) {
  const struct edgelm_tok *tok = reader.tok;
  size_t most = reader.end - reader.pos;
  if (out->count > out->capacity || out->capacity - out->count < most) {
    out->count += most; // too many for the output; so much room would be enough
    return;
  }
  int32_t *ids = out->ids + out->count;
  size_t n = 0;
  uint32_t id;
  while ((id = nextSymbol(&reader)) != EDGELM_TOKENIZER_NO_ID)
    ids[n++] = (int32_t)id;
  for (;;) {
    struct lowest list = {{0}, 0, 0};
    for (size_t i = 0; i + 1 < n; ++i)
      addRank(&list, rankOf(tok, (uint32_t)ids[i], (uint32_t)ids[i + 1]));
    if (list.count == 0)
      break;
    while (list.count > 0)
      n = mergePass(tok, ids, n, &list);
  }
  out->count += n;
}

static inline void mergeWord(const struct edgelm_tok *tok, const struct edgelm_tok_text *text, size_t begin, size_t end,
                             struct edgelm_tok_out *out, struct edgelm_tok_scratch scratch, int byCharacters) {
  uint32_t word = findWord(tok, text, begin, end);
  if (word != EDGELM_TOKENIZER_NO_ID) {
    edgelm_tok_put(out, word);
    return;
  }
  struct reader reader = {tok, text, begin, end, begin, byCharacters, 0};
  size_t n = end - begin;
  if (n <= SCAN_LIMIT) {
    uint32_t ids[SCAN_LIMIT], ranks[SCAN_LIMIT];
    mergeByScan(tok, ids, ranks, start(reader, ids, ranks), out);
    return;
  }
  if (n > scratch.bytes / 20 || n > 0x3fffffffu) {
    mergeByPasses(reader, out);
    return;
  }
  uint32_t *memory = (uint32_t *)(void *)scratch.data;
  struct tree tree = {memory, memory + n, memory + 2 * n, memory + 3 * n, memory + 4 * n, 0};
  tree.n = start(reader, tree.ids, tree.ranks);
  if (tree.n > 1)
    mergeByTree(tok, &tree, out);
  else if (tree.n == 1)
    edgelm_tok_put(out, tree.ids[0]);
}

void edgelm_tok_merge_bytes(const struct edgelm_tok *tok, const struct edgelm_tok_text *text, size_t begin, size_t end,
                            struct edgelm_tok_out *out, struct edgelm_tok_scratch scratch) {
  mergeWord(tok, text, begin, end, out, scratch, 0);
}

void edgelm_tok_merge_characters(const struct edgelm_tok *tok, const struct edgelm_tok_text *text, size_t begin,
                                 size_t end, struct edgelm_tok_out *out, struct edgelm_tok_scratch scratch) {
  mergeWord(tok, text, begin, end, out, scratch, 1);
}
