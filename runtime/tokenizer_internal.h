// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the files of the tokenizer share: the checked view of a blob, text views, and the steps of encoding.
#pragma once

#include "edgelm_tokenizer.h"
#include "edgelm_tokenizer_format.h"

// The builtins, since a bare-metal target has no string.h: they become calls of memcpy and memmove at most.

/// A section of the blob.
struct edgelm_tok_span {
  const uint8_t *data;
  uint32_t bytes;
};

/// A blob whose header and section bounds were checked.
struct edgelm_tok {
#define EDGELM_FIELD(name) uint32_t name;
  EDGELM_TOKENIZER_HEADER(EDGELM_FIELD)
#undef EDGELM_FIELD
#define EDGELM_SECTION(name) struct edgelm_tok_span name;
  EDGELM_TOKENIZER_SECTIONS(EDGELM_SECTION)
#undef EDGELM_SECTION
  // Derived, so that no lookup divides.
  uint32_t mergeCount;
  uint32_t mergeSlotCount, mergeShift; ///< a slot is a hash shifted right
  uint32_t wordSlotCount, wordShift;
};

/// Text in which positions are counted, with a space before it that is not in memory if `prefix` is 1.
struct edgelm_tok_text {
  const uint8_t *data;
  size_t bytes;  ///< of data
  size_t prefix; ///< 0 or 1
};

/// Where ids go; `count` goes on beyond `capacity`.
struct edgelm_tok_out {
  int32_t *ids;
  size_t capacity, count;
};

/// Memory of one encode call that steps divide among themselves.
struct edgelm_tok_scratch {
  uint8_t *data;
  size_t bytes;
};

/// An added token found in a text: [begin, end) with the white space it takes; the search goes on at `next`.
struct edgelm_tok_match {
  size_t begin, end, next;
  uint32_t id;
};

/// Reads the little-endian u32 at an index; the section starts at a multiple of 4 and the index was checked.
static inline uint32_t edgelm_tok_u32(struct edgelm_tok_span span, uint32_t index) {
  uint32_t value;
  __builtin_memcpy(&value, __builtin_assume_aligned(span.data + (size_t)index * 4, 4), 4);
  return value;
}

static inline uint32_t edgelm_tok_ref(const struct edgelm_tok *tok, struct edgelm_tok_span span, uint32_t index) {
  if (tok->refBytes == 4)
    return edgelm_tok_u32(span, index);
  uint16_t value;
  __builtin_memcpy(&value, __builtin_assume_aligned(span.data + (size_t)index * 2, 2), 2);
  return value;
}

static inline void edgelm_tok_put(struct edgelm_tok_out *out, uint32_t id) {
  if (out->count < out->capacity)
    out->ids[out->count] = (int32_t)id;
  ++out->count;
}

/// Number of bytes with the virtual space.
static inline size_t edgelm_tok_length(const struct edgelm_tok_text *text) {
  return text->bytes + text->prefix;
}

static inline uint8_t edgelm_tok_byte(const struct edgelm_tok_text *text, size_t pos) {
  return pos < text->prefix ? (uint8_t)' ' : text->data[pos - text->prefix];
}

/// tokenizer_blob.c: checks a blob and fills `tok`; EDGELM_UNSUPPORTED if it is none.
edgelm_status edgelm_tok_open(struct edgelm_tok *tok, const uint8_t *blob, size_t blobBytes);
/// The bytes of an id; 0 if the id or its entry is out of bounds.
int edgelm_tok_piece(const struct edgelm_tok *tok, uint32_t id, struct edgelm_tok_span *piece);

/// tokenizer_text.c: decodes the character at data[0], of at least one byte; stores its bytes (1 to 4). A byte that
/// starts no valid character is returned as 0xfffd with one byte.
uint32_t edgelm_tok_utf8(const uint8_t *data, size_t bytes, size_t *used);
/// Writes a code point; returns the bytes (1 to 4).
size_t edgelm_tok_utf8_write(uint32_t codePoint, uint8_t *out);
/// The bit of the class of a code point.
uint32_t edgelm_tok_class(const struct edgelm_tok *tok, uint32_t codePoint);
/// The class bit of the character at a position before `end`; stores the position after it.
uint32_t edgelm_tok_class_at(const struct edgelm_tok *tok, const struct edgelm_tok_text *text, size_t pos, size_t end,
                             size_t *next);
/// The position of the last character that ends at `pos`, not before `begin`; `begin < pos`.
size_t edgelm_tok_before(const struct edgelm_tok_text *text, size_t begin, size_t pos);

/// tokenizer_added.c: the leftmost, longest added token at or after `from`; tokens of raw or of normalized text.
/// `taken` is the end of the token before: white space is taken only after it.
int edgelm_tok_find_added(const struct edgelm_tok *tok, int normalized, uint32_t flags, const uint8_t *text,
                          size_t bytes, size_t from, size_t taken, struct edgelm_tok_match *match);

/// tokenizer_nfc.c: whether NFC leaves the text as it is, by the quick check (a no may be a yes).
int edgelm_tok_is_nfc(const struct edgelm_tok *tok, const uint8_t *text, size_t bytes);
/// Normalizes from text[0] as far as whole segments fit into `out`; stores the bytes read and written. What was written
/// does not change when more text is normalized after it.
void edgelm_tok_nfc(const struct edgelm_tok *tok, const uint8_t *text, size_t bytes, size_t *read,
                    struct edgelm_tok_scratch out, size_t *written);

/// tokenizer_split.c: pre-tokenizes a text and merges every word. If `more`, text follows that is not there yet:
/// it ends before the first word that the rest could change. Returns the position that was reached.
size_t edgelm_tok_words(const struct edgelm_tok *tok, const struct edgelm_tok_text *text, int more,
                        struct edgelm_tok_out *out, struct edgelm_tok_scratch scratch);

/// tokenizer_merge.c: byte-pair encodes text[begin, end).
void edgelm_tok_merge(const struct edgelm_tok *tok, const struct edgelm_tok_text *text, size_t begin, size_t end,
                      struct edgelm_tok_out *out, struct edgelm_tok_scratch scratch);
