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
  uint32_t lookupCount, mergeCount;
  uint32_t mergeSlotCount, mergeShift; ///< a slot is a hash shifted right
  uint32_t wordSlotCount, wordShift;
};

/// Text in which positions are counted, with other bytes before it that are not in the same memory.
struct edgelm_tok_text {
  const uint8_t *data;
  size_t bytes; ///< of data
  const uint8_t *before;
  size_t prefix; ///< bytes of before
};

/// Where ids go; `count` goes on beyond `capacity`.
struct edgelm_tok_out {
  int32_t *ids;
  size_t capacity, count;
  edgelm_status status; ///< EDGELM_INVALID_TEXT after a word that does not fit the scratch
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

/// Number of bytes with the prefix.
static inline size_t edgelm_tok_length(const struct edgelm_tok_text *text) {
  return text->bytes + text->prefix;
}

static inline uint8_t edgelm_tok_byte(const struct edgelm_tok_text *text, size_t pos) {
  return pos < text->prefix ? text->before[pos] : text->data[pos - text->prefix];
}

/// The part [begin, end).
static inline struct edgelm_tok_text edgelm_tok_slice(const struct edgelm_tok_text *text, size_t begin, size_t end) {
  size_t prefix = text->prefix;
  size_t skipped = begin < prefix ? begin : prefix;
  struct edgelm_tok_text part = {text->data + (begin - skipped),
                                 end - (end < prefix ? end : prefix) - (begin - skipped), text->before + skipped,
                                 (end < prefix ? end : prefix) - skipped};
  return part;
}

/// Sets the tokenizer's prefix before a text, unless the text starts with it.
void edgelm_tok_prefix(const struct edgelm_tok *tok, struct edgelm_tok_text *text);

/// tokenizer_blob.c: checks a blob and fills `tok`; EDGELM_UNSUPPORTED if it is none.
edgelm_status edgelm_tok_open(struct edgelm_tok *tok, const uint8_t *blob, size_t blobBytes);
/// The bytes of an id (or of a form behind the ids); 0 if the id or its entry is out of bounds.
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
/// The code point at a position before `end`, 0xfffd with one byte for a byte that starts none; stores what follows.
uint32_t edgelm_tok_character(const struct edgelm_tok_text *text, size_t pos, size_t end, size_t *next);
/// The last row of `width` words whose first word, shifted right, is not above the key; `rows` if there is none.
uint32_t edgelm_tok_find_row(struct edgelm_tok_span table, uint32_t width, uint32_t shift, uint32_t key);
/// The position of the last character that ends at `pos`, not before `begin`; `begin < pos`.
size_t edgelm_tok_before(const struct edgelm_tok_text *text, size_t begin, size_t pos);

/// tokenizer_added.c: the leftmost, longest added token at or after `from`; tokens of raw or of normalized text.
/// `taken` is the end of the token before: white space is taken only after it.
int edgelm_tok_find_added(const struct edgelm_tok *tok, int normalized, uint32_t flags,
                          const struct edgelm_tok_text *text, size_t from, size_t taken,
                          struct edgelm_tok_match *match);

/// Normalizes from text[0] as far as whole segments fit into `out`; stores the bytes read and written. What was written
/// does not change when more text is normalized after it. Text of inert characters is not given to it.
typedef void edgelm_tok_normalizer(const struct edgelm_tok *tok, const uint8_t *text, size_t bytes, size_t *read,
                                   struct edgelm_tok_scratch out, size_t *written);
/// tokenizer_nfc.c, tokenizer_map.c, tokenizer_precompiled.c
edgelm_tok_normalizer edgelm_tok_compose, edgelm_tok_map, edgelm_tok_precompiled;

/// Encodes the word text[begin, end).
typedef void edgelm_tok_model(const struct edgelm_tok *tok, const struct edgelm_tok_text *text, size_t begin,
                              size_t end, struct edgelm_tok_out *out, struct edgelm_tok_scratch scratch);
/// tokenizer_merge.c, tokenizer_wordpiece.c, tokenizer_unigram.c
edgelm_tok_model edgelm_tok_merge_bytes, edgelm_tok_merge_characters, edgelm_tok_wordpiece, edgelm_tok_unigram;

/// The functions that this program or product has. The compiler defines it in a product, with those that the product's
/// tokenizer needs and NULL for the others, so that their code is dropped; hosted/tokenizer_parts.c has all.
struct edgelm_tok_parts {
  edgelm_tok_normalizer *normalizers[EDGELM_TOKENIZER_NORMALIZER_KINDS];
  edgelm_tok_model *models[EDGELM_TOKENIZER_MODEL_KINDS];
};
extern const struct edgelm_tok_parts edgelm_tok_parts;

/// tokenizer_lookup.c: the pieces of the section "pieces" that start with the `depth` bytes that were taken.
struct edgelm_tok_range {
  uint32_t low, high, depth;
};
struct edgelm_tok_range edgelm_tok_all_pieces(const struct edgelm_tok *tok);
/// Takes one more byte; 0 if no piece is left.
int edgelm_tok_narrow(const struct edgelm_tok *tok, struct edgelm_tok_range *range, uint8_t byte);
/// The id of the piece that consists of the bytes that were taken, or NO_ID.
uint32_t edgelm_tok_exact_piece(const struct edgelm_tok *tok, const struct edgelm_tok_range *range);

/// tokenizer_split.c: pre-tokenizes a text and gives every word to the model. If `more`, text follows that is not there yet:
/// it ends before the first word that the rest could change. Returns the position that was reached.
size_t edgelm_tok_words(const struct edgelm_tok *tok, const struct edgelm_tok_text *text, int more,
                        struct edgelm_tok_out *out, struct edgelm_tok_scratch scratch);
