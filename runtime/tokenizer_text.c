// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Characters of a text: UTF-8, and the classes into which the compiler divided Unicode.
#include "tokenizer_internal.h"

uint32_t edgelm_tok_utf8(const uint8_t *data, size_t bytes, size_t *used) {
  uint32_t first = data[0];
  *used = 1;
  if (first < 0x80)
    return first;
  size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || bytes < length)
    return 0xfffd;
  uint32_t value = first & (0x7fu >> length);
  for (size_t i = 1; i < length; ++i) {
    if ((data[i] & 0xc0) != 0x80)
      return 0xfffd;
    value = value << 6 | (data[i] & 0x3fu);
  }
  // Overlong forms, surrogates, beyond Unicode.
  if ((length == 3 && value < 0x800) || (length == 4 && (value < 0x10000 || value > 0x10ffff)) ||
      (value >= 0xd800 && value < 0xe000))
    return 0xfffd;
  *used = length;
  return value;
}

size_t edgelm_tok_utf8_write(uint32_t codePoint, uint8_t *out) {
  if (codePoint < 0x80) {
    out[0] = (uint8_t)codePoint;
    return 1;
  }
  size_t length = codePoint < 0x800 ? 2 : codePoint < 0x10000 ? 3 : 4;
  for (size_t i = length - 1; i > 0; --i, codePoint >>= 6)
    out[i] = (uint8_t)(0x80 | (codePoint & 0x3f));
  out[0] = (uint8_t)((0xf00u >> length) | codePoint);
  return length;
}

uint32_t edgelm_tok_class(const struct edgelm_tok *tok, uint32_t codePoint) {
  if (codePoint < 0x80)
    return 1u << (tok->asciiClasses.data[codePoint] & 31);
  // The last range that starts at or before the code point.
  uint32_t low = 0, high = tok->classRanges.bytes / 4;
  if (high == 0)
    return 1;
  while (high - low > 1) {
    uint32_t middle = low + (high - low) / 2;
    if (edgelm_tok_u32(tok->classRanges, middle) >> 8 <= codePoint)
      low = middle;
    else
      high = middle;
  }
  return 1u << (edgelm_tok_u32(tok->classRanges, low) & 31);
}

uint32_t edgelm_tok_character(const struct edgelm_tok_text *text, size_t pos, size_t end, size_t *next) {
  size_t used;
  int before = pos < text->prefix; // it consists of whole characters
  const uint8_t *data = before ? text->before + pos : text->data + (pos - text->prefix);
  uint32_t codePoint = edgelm_tok_utf8(data, (before && end > text->prefix ? text->prefix : end) - pos, &used);
  *next = pos + used;
  return codePoint;
}

uint32_t edgelm_tok_class_at(const struct edgelm_tok *tok, const struct edgelm_tok_text *text, size_t pos, size_t end,
                             size_t *next) {
  return edgelm_tok_class(tok, edgelm_tok_character(text, pos, end, next));
}

size_t edgelm_tok_before(const struct edgelm_tok_text *text, size_t begin, size_t pos) {
  if (pos <= text->prefix)
    return begin; // the prefix is one character
  // Try the longest form first: it must decode to exactly the bytes up to pos, else the last byte stands alone.
  for (size_t length = 4; length > 1; --length) {
    if (pos - begin < length || pos - length < text->prefix)
      continue;
    size_t used;
    edgelm_tok_utf8(text->data + (pos - length - text->prefix), length, &used);
    if (used == length)
      return pos - length;
  }
  return pos - 1;
}

void edgelm_tok_prefix(const struct edgelm_tok *tok, struct edgelm_tok_text *text) {
  size_t i = 0;
  while (i < tok->prefix.bytes && i < text->bytes && text->data[i] == tok->prefix.data[i])
    ++i;
  if (i == tok->prefix.bytes)
    return;
  text->before = tok->prefix.data;
  text->prefix = tok->prefix.bytes;
}

uint32_t edgelm_tok_find_row(struct edgelm_tok_span table, uint32_t width, uint32_t shift, uint32_t key) {
  uint32_t rows = table.bytes / 4 / width, low = 0, high = rows;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (edgelm_tok_u32(table, middle * width) >> shift <= key)
      low = middle + 1;
    else
      high = middle;
  }
  return low == 0 ? rows : low - 1;
}
