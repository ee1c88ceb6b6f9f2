// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Normalization by SentencePiece's precompiled charsmap, as Hugging Face's library does it.
//
// A grapheme cluster of less than 6 bytes becomes what the shortest key at its start becomes, all of it; in other
// clusters every character is replaced by itself. Clusters are those of Unicode Standard Annex 29.
#include "tokenizer_internal.h"

#define KIND(name) (1u << EDGELM_TOKENIZER_GRAPHEME_##name)

/// The properties of the character at text[pos].
static uint32_t kindsAt(const struct edgelm_tok *tok, const uint8_t *text, size_t bytes, size_t pos, size_t *used) {
  uint32_t class = edgelm_tok_class(tok, edgelm_tok_utf8(text + pos, bytes - pos, used)), kinds = 0;
  for (uint32_t i = 0; i < EDGELM_TOKENIZER_GRAPHEME_KINDS; ++i)
    kinds |= edgelm_tok_u32(tok->graphemes, i) & class ? 1u << i : 0;
  return kinds;
}

/// What the rules that look further back than one character remember.
struct cluster {
  uint32_t regional; ///< regional indicators in a row
  int pictograph;    ///< 1: a pictograph and its extensions came last, 2: and a joiner
  int consonant;     ///< 1: a consonant and what joins it came last, 2: with a linker
};

static void step(struct cluster *c, uint32_t kinds) {
  c->regional = kinds & KIND(REGIONAL) ? c->regional + 1 : 0;
  if (kinds & KIND(PICTOGRAPH))
    c->pictograph = 1;
  else
    c->pictograph = c->pictograph != 1 ? 0 : kinds & KIND(ZWJ) ? 2 : (kinds & KIND(EXTEND)) != 0;
  if (kinds & KIND(CONSONANT))
    c->consonant = 1;
  else if (c->consonant && (kinds & KIND(LINKER)))
    c->consonant = 2;
  else if (!(kinds & KIND(JOINED)))
    c->consonant = 0;
}

/// Whether no cluster ends between two characters.
static int joins(const struct cluster *c, uint32_t left, uint32_t right) {
  const uint32_t breaks = KIND(CR) | KIND(LF) | KIND(CONTROL);
  if ((left | right) & breaks)
    return (left & KIND(CR)) && (right & KIND(LF));
  return (right & (KIND(EXTEND) | KIND(ZWJ) | KIND(SPACING))) || (left & KIND(PREPEND)) ||
         ((left & KIND(L)) && (right & (KIND(L) | KIND(V) | KIND(LV) | KIND(LVT)))) ||
         ((left & (KIND(LV) | KIND(V))) && (right & (KIND(V) | KIND(T)))) ||
         ((left & (KIND(LVT) | KIND(T))) && (right & KIND(T))) || (c->consonant == 2 && (right & KIND(CONSONANT))) ||
         (c->pictograph == 2 && (right & KIND(PICTOGRAPH))) || (c->regional % 2 == 1 && (right & KIND(REGIONAL)));
}

static size_t clusterBytes(const struct edgelm_tok *tok, const uint8_t *text, size_t bytes) {
  struct cluster cluster = {0, 0, 0};
  size_t used, end;
  uint32_t left = kindsAt(tok, text, bytes, 0, &end);
  while (end < bytes) {
    step(&cluster, left);
    uint32_t right = kindsAt(tok, text, bytes, end, &used);
    if (!joins(&cluster, left, right))
      break;
    left = right;
    end += used;
  }
  return end;
}

/// A unit of the double array; an index outside of it gives a unit that ends every search.
static uint32_t unitAt(const struct edgelm_tok *tok, uint32_t index) {
  return index < tok->charTrie.bytes / 4 ? edgelm_tok_u32(tok->charTrie, index) : 0x80000000u;
}

static uint32_t offsetOf(uint32_t unit) {
  return (unit >> 10) << ((unit & (1u << 9)) >> 6);
}

/// What the shortest key at the start of the text becomes; 0 if there is none.
static int findKey(const struct edgelm_tok *tok, const uint8_t *text, size_t bytes, struct edgelm_tok_span *to) {
  uint32_t node = offsetOf(unitAt(tok, 0));
  for (size_t i = 0; i < bytes && text[i] != 0; ++i) {
    node ^= text[i];
    uint32_t unit = unitAt(tok, node);
    if ((unit & 0x800000ffu) != text[i])
      return 0;
    node ^= offsetOf(unit);
    if (!(unit >> 8 & 1))
      continue;
    uint32_t begin = unitAt(tok, node) & 0x7fffffffu, end = begin;
    if (begin > tok->charTexts.bytes)
      return 0;
    while (end < tok->charTexts.bytes && tok->charTexts.data[end] != 0)
      ++end;
    to->data = tok->charTexts.data + begin;
    to->bytes = end - begin;
    return 1;
  }
  return 0;
}

static int append(struct edgelm_tok_scratch out, size_t *written, const uint8_t *bytes, size_t count) {
  if (out.bytes - *written < count)
    return 0;
  if (count > 0)
    __builtin_memcpy(out.data + *written, bytes, count);
  *written += count;
  return 1;
}

/// Writes a cluster's normal form; 0 if it does not fit.
static int putCluster(const struct edgelm_tok *tok, const uint8_t *text, size_t bytes, struct edgelm_tok_scratch out,
                      size_t *written) {
  struct edgelm_tok_span to;
  if (bytes < 6 && findKey(tok, text, bytes, &to))
    return append(out, written, to.data, to.bytes);
  for (size_t pos = 0, used; pos < bytes; pos += used) {
    uint32_t codePoint = edgelm_tok_utf8(text + pos, bytes - pos, &used);
    if (!findKey(tok, text + pos, used, &to)) {
      to.data = text + pos;
      to.bytes = (uint32_t)used;
      if (codePoint == EDGELM_TOKENIZER_META && (tok->flags & EDGELM_TOKENIZER_HAS_SPACE_FOR_META)) {
        to.data = (const uint8_t *)" ";
        to.bytes = 1;
      }
    }
    if (!append(out, written, to.data, to.bytes))
      return 0;
  }
  return 1;
}

void edgelm_tok_precompiled(const struct edgelm_tok *tok, const uint8_t *text, size_t bytes, size_t *read,
                            struct edgelm_tok_scratch out, size_t *written) {
  *read = *written = 0;
  while (*read < bytes) {
    size_t end = *written, cluster = clusterBytes(tok, text + *read, bytes - *read);
    if (!putCluster(tok, text + *read, cluster, out, &end))
      return;
    *written = end;
    *read += cluster;
  }
}
