// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Finds added tokens (special tokens among them) in a text: the leftmost, of these the longest.
//
// Follows the Aho-Corasick "leftmost longest" search and the strip rules of Hugging Face's AddedVocabulary.
#include "tokenizer_internal.h"

struct row {
  const uint8_t *data;
  uint32_t bytes, id, flags;
};

static int readRow(const struct edgelm_tok *tok, uint32_t index, struct row *row) {
  if (index >= tok->addedRows.bytes / 16)
    return 0;
  uint32_t offset = edgelm_tok_u32(tok->addedRows, index * 4);
  row->bytes = edgelm_tok_u32(tok->addedRows, index * 4 + 1);
  row->id = edgelm_tok_u32(tok->addedRows, index * 4 + 2);
  row->flags = edgelm_tok_u32(tok->addedRows, index * 4 + 3);
  if (row->bytes == 0 || offset > tok->addedBytes.bytes || row->bytes > tok->addedBytes.bytes - offset)
    return 0;
  row->data = tok->addedBytes.data + offset;
  return 1;
}

static int startsWith(const struct edgelm_tok_text *text, size_t pos, const uint8_t *bytes, size_t count) {
  for (size_t i = 0; i < count; ++i)
    if (edgelm_tok_byte(text, pos + i) != bytes[i])
      return 0;
  return 1;
}

/// Looks for the longest token of a bucket at a position.
static int matchBucket(const struct edgelm_tok *tok, uint32_t bucket, const struct edgelm_tok_text *text, size_t pos,
                       struct row *row) {
  size_t bytes = edgelm_tok_length(text) - pos;
  if (bucket >= tok->addedBuckets.bytes / 12)
    return 0;
  uint32_t first = edgelm_tok_u32(tok->addedBuckets, bucket * 3);
  uint32_t count = edgelm_tok_u32(tok->addedBuckets, bucket * 3 + 1);
  uint32_t shared = edgelm_tok_u32(tok->addedBuckets, bucket * 3 + 2);
  // One comparison sends most places away: the bytes that all tokens of the bucket begin with.
  if (!readRow(tok, first, row) || shared > row->bytes || shared > bytes || !startsWith(text, pos, row->data, shared))
    return 0;
  for (uint32_t i = 0; i < count; ++i) {
    if (!readRow(tok, first + i, row))
      return 0;
    if (row->bytes <= bytes && startsWith(text, pos, row->data, row->bytes))
      return 1;
  }
  return 0;
}

/// Whether the character before / after a position has one of the classes.
static int classBefore(const struct edgelm_tok *tok, const struct edgelm_tok_text *text, size_t pos, uint32_t classes,
                       size_t *begin) {
  if (pos == 0)
    return 0;
  *begin = edgelm_tok_before(text, 0, pos);
  size_t next;
  return (edgelm_tok_class_at(tok, text, *begin, pos, &next) & classes) != 0;
}

static int classAfter(const struct edgelm_tok *tok, const struct edgelm_tok_text *text, size_t pos, uint32_t classes,
                      size_t *end) {
  size_t length = edgelm_tok_length(text);
  return pos < length && (edgelm_tok_class_at(tok, text, pos, length, end) & classes) != 0;
}

int edgelm_tok_find_added(const struct edgelm_tok *tok, int normalized, uint32_t flags,
                          const struct edgelm_tok_text *text, size_t from, size_t taken,
                          struct edgelm_tok_match *match) {
  const uint8_t *buckets = normalized ? tok->normalFirst.data : tok->rawFirst.data;
  size_t other, length = edgelm_tok_length(text);
  while (from < length) {
    struct row row;
    uint8_t bucket = buckets[edgelm_tok_byte(text, from)];
    if (!bucket || !matchBucket(tok, bucket - 1u, text, from, &row)) {
      ++from;
      continue;
    }
    size_t begin = from, end = from + row.bytes;
    from = end; // also when this one is not wanted: it hides what begins inside it
    if ((flags & EDGELM_PLAIN_TEXT) && (row.flags & EDGELM_TOKENIZER_ADDED_SPECIAL))
      continue;
    if ((row.flags & EDGELM_TOKENIZER_ADDED_WORD) && (classBefore(tok, text, begin, tok->wordClasses, &other) ||
                                                      classAfter(tok, text, end, tok->wordClasses, &other)))
      continue;
    match->next = end;
    match->id = row.id;
    if (row.flags & EDGELM_TOKENIZER_ADDED_LSTRIP)
      while (begin > taken && classBefore(tok, text, begin, tok->spaceClasses, &other))
        begin = other;
    if (row.flags & EDGELM_TOKENIZER_ADDED_RSTRIP)
      while (classAfter(tok, text, end, tok->spaceClasses, &other))
        end = other;
    match->begin = begin < taken ? taken : begin;
    match->end = end;
    return 1;
  }
  return 0;
}
