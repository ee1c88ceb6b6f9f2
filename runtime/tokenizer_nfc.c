// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Unicode normalization form C, without allocation (Unicode Standard Annex 15).
//
// The text is cut into segments: a character that neither combines nor composes with one before it ("inert") starts
// one. A segment is decomposed, sorted by combining class and composed in memory that the caller gives.
#include "tokenizer_internal.h"

// Hangul syllables are computed (Unicode Standard, section 3.12).
enum {
  S_BASE = 0xac00,
  L_BASE = 0x1100,
  V_BASE = 0x1161,
  T_BASE = 0x11a7,
  L_COUNT = 19,
  V_COUNT = 21,
  T_COUNT = 28,
  S_COUNT = 11172
};

/// A segment while it is worked on: code point << 8 | combining class; bytes that are no UTF-8 as RAW | byte.
struct segment {
  uint32_t *marks;
  size_t count, capacity;
};

#define RAW 0x80000000u

static uint32_t combiningClass(const struct edgelm_tok *tok, uint32_t codePoint) {
  uint32_t row = edgelm_tok_find_row(tok->combining, 2, 8, codePoint);
  if (row >= tok->combining.bytes / 8 || codePoint > edgelm_tok_u32(tok->combining, row * 2 + 1))
    return 0;
  return edgelm_tok_u32(tok->combining, row * 2) & 0xff;
}

static int append(const struct edgelm_tok *tok, struct segment *segment, uint32_t codePoint) {
  if (segment->count >= segment->capacity)
    return 0;
  segment->marks[segment->count++] = codePoint << 8 | combiningClass(tok, codePoint);
  return 1;
}

static int appendDecomposed(const struct edgelm_tok *tok, struct segment *segment, uint32_t codePoint) {
  if (codePoint >= S_BASE && codePoint < S_BASE + S_COUNT) {
    uint32_t index = codePoint - S_BASE;
    uint32_t trailing = index % T_COUNT;
    return append(tok, segment, L_BASE + index / (V_COUNT * T_COUNT)) &&
           append(tok, segment, V_BASE + index / T_COUNT % V_COUNT) &&
           (trailing == 0 || append(tok, segment, T_BASE + trailing));
  }
  uint32_t row = edgelm_tok_find_row(tok->decompositions, 3, 0, codePoint);
  if (row >= tok->decompositions.bytes / 12 || edgelm_tok_u32(tok->decompositions, row * 3) != codePoint)
    return append(tok, segment, codePoint);
  uint32_t first = edgelm_tok_u32(tok->decompositions, row * 3 + 1);
  uint32_t count = edgelm_tok_u32(tok->decompositions, row * 3 + 2);
  uint32_t all = tok->decomposed.bytes / 4;
  if (first > all || count > all - first)
    return append(tok, segment, codePoint);
  for (uint32_t i = 0; i < count; ++i)
    if (!append(tok, segment, edgelm_tok_u32(tok->decomposed, first + i) & 0x1fffff))
      return 0;
  return 1;
}

/// Sorts each run of marks with a combining class by it, keeping the order of equals.
static void sortMarks(struct segment *segment) {
  for (size_t i = 1; i < segment->count; ++i) {
    uint32_t mark = segment->marks[i];
    if ((mark & 0xff) == 0 || (mark & RAW))
      continue;
    size_t to = i;
    while (to > 0 && !(segment->marks[to - 1] & RAW) && (segment->marks[to - 1] & 0xff) > (mark & 0xff)) {
      segment->marks[to] = segment->marks[to - 1];
      --to;
    }
    segment->marks[to] = mark;
  }
}

/// What two code points compose to, or 0.
static uint32_t composePair(const struct edgelm_tok *tok, uint32_t first, uint32_t second) {
  if (first >= L_BASE && first < L_BASE + L_COUNT && second >= V_BASE && second < V_BASE + V_COUNT)
    return S_BASE + ((first - L_BASE) * V_COUNT + (second - V_BASE)) * T_COUNT;
  if (first >= S_BASE && first < S_BASE + S_COUNT && (first - S_BASE) % T_COUNT == 0 && second > T_BASE &&
      second < T_BASE + T_COUNT)
    return first + (second - T_BASE);
  uint32_t low = 0, high = tok->compositions.bytes / 12;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    uint32_t a = edgelm_tok_u32(tok->compositions, middle * 3);
    uint32_t b = edgelm_tok_u32(tok->compositions, middle * 3 + 1);
    if (a == first && b == second)
      return edgelm_tok_u32(tok->compositions, middle * 3 + 2) & 0x1fffff;
    if (a < first || (a == first && b < second))
      low = middle + 1;
    else
      high = middle;
  }
  return 0;
}

static void compose(const struct edgelm_tok *tok, struct segment *segment) {
  uint32_t *marks = segment->marks;
  size_t to = 0, starter = 0;
  int hasStarter = 0;
  for (size_t i = 0; i < segment->count; ++i) {
    uint32_t mark = marks[i];
    if (mark & RAW) {
      hasStarter = 0;
      marks[to++] = mark;
      continue;
    }
    // Blocked if a mark between the starter and this one has a class that is not lower (D115).
    int adjacent = to == starter + 1;
    if (hasStarter && (adjacent || (marks[to - 1] & 0xff) < (mark & 0xff))) {
      uint32_t composite = composePair(tok, marks[starter] >> 8, mark >> 8);
      if (composite) {
        marks[starter] = composite << 8;
        continue;
      }
    }
    if ((mark & 0xff) == 0) {
      starter = to;
      hasStarter = 1;
    }
    marks[to++] = mark;
  }
  segment->count = to;
}

/// Writes the segment; 0 if it does not fit.
static int writeSegment(const struct segment *segment, struct edgelm_tok_scratch out, size_t *written) {
  for (size_t i = 0; i < segment->count; ++i) {
    uint8_t encoded[4];
    uint32_t mark = segment->marks[i];
    size_t bytes = 1;
    if (mark & RAW)
      encoded[0] = (uint8_t)mark;
    else
      bytes = edgelm_tok_utf8_write(mark >> 8, encoded);
    if (out.bytes - *written < bytes)
      return 0;
    __builtin_memcpy(out.data + *written, encoded, bytes);
    *written += bytes;
  }
  return 1;
}

void edgelm_tok_compose(const struct edgelm_tok *tok, const uint8_t *text, size_t bytes, size_t *read,
                        struct edgelm_tok_scratch out, size_t *written) {
  *read = *written = 0;
  while (*read < bytes) {
    // The segment lies at the end of the free part, its text grows from the front of it.
    size_t spare = (size_t)((uintptr_t)(out.data + out.bytes) & 3), pos = *read;
    size_t words = out.bytes - *written < spare ? 0 : (out.bytes - *written - spare) / 4;
    struct segment segment = {NULL, 0, words / 2};
    if (words > 1)
      segment.marks = (uint32_t *)(void *)(out.data + out.bytes - spare - segment.capacity * 4);
    int fits = words > 1;
    while (pos < bytes && fits) {
      size_t used;
      uint32_t codePoint = edgelm_tok_utf8(text + pos, bytes - pos, &used);
      int raw = codePoint == 0xfffd && used == 1;
      if (pos > *read && (raw || (edgelm_tok_class(tok, codePoint) & tok->inertClasses)))
        break;
      fits = raw ? segment.count < segment.capacity : appendDecomposed(tok, &segment, codePoint);
      if (raw && fits)
        segment.marks[segment.count++] = RAW | text[pos];
      pos += used;
    }
    size_t end = *written;
    if (fits) {
      sortMarks(&segment);
      compose(tok, &segment);
      struct edgelm_tok_scratch front = {out.data, out.bytes - spare - segment.capacity * 4};
      fits = writeSegment(&segment, front, &end);
    }
    if (!fits)
      return;
    *read = pos;
    *written = end;
  }
}
