// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Normalization character by character: some are removed, become a space, get spaces round them, or become others.
#include "tokenizer_internal.h"

/// What a code point becomes by the table; returns the number.
static uint32_t mapped(const struct edgelm_tok *tok, uint32_t codePoint, uint32_t *to) {
  if ((tok->flags & EDGELM_TOKENIZER_HAS_HANGUL) && codePoint >= 0xac00 && codePoint < 0xac00 + 11172) {
    uint32_t index = codePoint - 0xac00; // Unicode Standard, section 3.12
    to[0] = 0x1100 + index / 588;
    to[1] = 0x1161 + index / 28 % 21;
    to[2] = 0x11a7 + index % 28;
    return index % 28 ? 3 : 2;
  }
  uint32_t row = edgelm_tok_find_row(tok->decompositions, 3, 0, codePoint);
  to[0] = codePoint;
  if (row >= tok->decompositions.bytes / 12 || edgelm_tok_u32(tok->decompositions, row * 3) != codePoint)
    return 1;
  uint32_t first = edgelm_tok_u32(tok->decompositions, row * 3 + 1);
  uint32_t count = edgelm_tok_u32(tok->decompositions, row * 3 + 2);
  uint32_t all = tok->decomposed.bytes / 4;
  if (count > EDGELM_TOKENIZER_MAX_MAPPED || first > all || count > all - first)
    return 1;
  for (uint32_t i = 0; i < count; ++i)
    to[i] = edgelm_tok_u32(tok->decomposed, first + i) & 0x1fffff;
  return count;
}

/// Writes what a character becomes to `out`, of EDGELM_TOKENIZER_MAX_MAPPED * 4 + 2 bytes; returns their number.
static size_t mapCharacter(const struct edgelm_tok *tok, uint32_t codePoint, uint8_t *out) {
  uint32_t class = edgelm_tok_class(tok, codePoint), to[EDGELM_TOKENIZER_MAX_MAPPED] = {codePoint}, count = 1;
  size_t bytes = 0;
  if (class & tok->dropClasses)
    return 0;
  if (class & tok->spacedClasses)
    out[bytes++] = ' ';
  if (class & tok->blankClasses)
    to[0] = ' ';
  else if (!(class & tok->inertClasses))
    count = mapped(tok, codePoint, to);
  for (uint32_t i = 0; i < count; ++i)
    bytes += edgelm_tok_utf8_write(to[i], out + bytes);
  if (class & tok->spacedClasses)
    out[bytes++] = ' ';
  return bytes;
}

void edgelm_tok_map(const struct edgelm_tok *tok, const uint8_t *text, size_t bytes, size_t *read,
                    struct edgelm_tok_scratch out, size_t *written) {
  *read = *written = 0;
  while (*read < bytes) {
    uint8_t mappedBytes[EDGELM_TOKENIZER_MAX_MAPPED * 4 + 2];
    size_t used, count = 1;
    uint32_t codePoint = edgelm_tok_utf8(text + *read, bytes - *read, &used);
    if (codePoint == 0xfffd && used == 1)
      mappedBytes[0] = text[*read]; // not UTF-8
    else
      count = mapCharacter(tok, codePoint, mappedBytes);
    if (out.bytes - *written < count)
      return;
    if (count > 0)
      __builtin_memcpy(out.data + *written, mappedBytes, count);
    *written += count;
    *read += used;
  }
}
