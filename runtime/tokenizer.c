// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The tokenizer's functions: encoding goes from added tokens over normalization and words to merges.
//
// Raw text is cut at the added tokens that are matched in it; what lies between is a section. A section is normalized
// (through a window in the scratch, if it is not normal already) and cut at the other added tokens.
#include "tokenizer_internal.h"

struct encoder {
  struct edgelm_tok tok;
  struct edgelm_tok_out out;
  uint32_t flags;
  int first;         ///< nothing of the text was encoded yet
  int inside;        ///< the words of the current text between tokens have begun: it gets no prefix any more
  int insideSection; ///< the same for the current section
};

/// Encodes text without added tokens; returns the bytes that were encoded, all of them unless `more` text follows.
static size_t encodeWords(struct encoder *e, struct edgelm_tok_text text, int more, struct edgelm_tok_scratch scratch) {
  if (edgelm_tok_length(&text) == 0)
    return 0;
  size_t prefix = text.prefix;
  int wanted = (e->tok.flags & EDGELM_TOKENIZER_HAS_PREFIX_SEGMENT) ||
               ((e->tok.flags & EDGELM_TOKENIZER_HAS_PREFIX_FIRST) && e->first);
  if (wanted && !e->inside && prefix == 0)
    edgelm_tok_prefix(&e->tok, &text);
  size_t reached = edgelm_tok_words(&e->tok, &text, more, &e->out, scratch);
  if (reached == 0)
    return 0;
  e->inside = e->insideSection = 1;
  return reached - (text.prefix - prefix);
}

/// Encodes normalized text; returns the bytes that were encoded. If `more`, text follows that is not there yet: stops
/// before what it could change.
static size_t encodeNormalized(struct encoder *e, const uint8_t *data, size_t bytes, int more,
                               struct edgelm_tok_scratch scratch) {
  struct edgelm_tok_text text = {data, bytes, NULL, 0};
  if ((e->tok.flags & EDGELM_TOKENIZER_HAS_PREFIX_SECTION) && !e->insideSection) {
    text.before = e->tok.prefix.data;
    text.prefix = e->tok.prefix.bytes;
  }
  size_t taken = 0, from = 0, length = edgelm_tok_length(&text), end = length;
  struct edgelm_tok_match match;
  int found;
  while ((found = edgelm_tok_find_added(&e->tok, 1, e->flags, &text, from, taken, &match))) {
    if (more && (match.end >= length || length - match.end < e->tok.maxAddedBytes))
      break;
    if (match.begin > taken)
      encodeWords(e, edgelm_tok_slice(&text, taken, match.begin), 0, scratch);
    edgelm_tok_put(&e->out, match.id);
    e->inside = e->first = 0;
    e->insideSection = 1;
    taken = match.end;
    from = match.next;
  }
  if (more) {
    end = length > e->tok.maxAddedBytes ? length - e->tok.maxAddedBytes : 0;
    end = found && match.begin < end ? match.begin : end;
    while (end > text.prefix && end < length && (edgelm_tok_byte(&text, end) & 0xc0) == 0x80)
      --end;
  }
  if (end > taken && end > text.prefix)
    taken += encodeWords(e, edgelm_tok_slice(&text, taken, end), more, scratch);
  return taken > text.prefix ? taken - text.prefix : 0;
}

/// Encodes a section through a window of normalized text.
static edgelm_status encodeThroughWindow(struct encoder *e, const uint8_t *text, size_t bytes,
                                         struct edgelm_tok_scratch scratch) {
  struct edgelm_tok_scratch window = {scratch.data, scratch.bytes / 2 & ~(size_t)3};
  struct edgelm_tok_scratch rest = {scratch.data + window.bytes, scratch.bytes - window.bytes};
  size_t have = 0, read = 0;
  if (window.bytes == 0)
    return EDGELM_INVALID_TEXT;
  for (;;) {
    size_t consumed, written;
    struct edgelm_tok_scratch free = {window.data + have, window.bytes - have};
    edgelm_tok_parts.normalizers[e->tok.normalizer](&e->tok, text + read, bytes - read, &consumed, free, &written);
    read += consumed;
    have += written;
    int wasInside = e->insideSection;
    size_t reached = encodeNormalized(e, window.data, have, read < bytes, rest);
    if (read == bytes)
      return EDGELM_OK;
    if (reached == 0 && consumed == 0 && wasInside == e->insideSection)
      return EDGELM_INVALID_TEXT;
    have -= reached;
    __builtin_memmove(window.data, window.data + reached, have);
  }
}

/// Whether normalization leaves the text as it is, by the quick check (a no may be a yes).
static int isInert(const struct edgelm_tok *tok, const uint8_t *text, size_t bytes) {
  for (size_t pos = 0, used; pos < bytes; pos += used)
    if (!(edgelm_tok_class(tok, edgelm_tok_utf8(text + pos, bytes - pos, &used)) & tok->inertClasses))
      return 0;
  return 1;
}

/// `isInside`: the section began before the text.
static edgelm_status encodeSection(struct encoder *e, const uint8_t *text, size_t bytes,
                                   struct edgelm_tok_scratch scratch, int isInside) {
  edgelm_status status = EDGELM_OK;
  e->inside = e->insideSection = isInside;
  if ((e->tok.flags & EDGELM_TOKENIZER_HAS_NORMALIZER) && !isInert(&e->tok, text, bytes))
    status = encodeThroughWindow(e, text, bytes, scratch);
  else
    encodeNormalized(e, text, bytes, 0, scratch);
  e->first = 0;
  return status ? status : e->out.status;
}

static edgelm_status encodeText(struct encoder *e, const uint8_t *text, size_t bytes, struct edgelm_tok_scratch scratch,
                                int isInside) {
  struct edgelm_tok_text view = {text, bytes, NULL, 0};
  size_t taken = 0, from = 0;
  struct edgelm_tok_match match;
  while (edgelm_tok_find_added(&e->tok, 0, e->flags, &view, from, taken, &match)) {
    edgelm_status status =
        match.begin > taken ? encodeSection(e, text + taken, match.begin - taken, scratch, isInside && !taken) : 0;
    if (status)
      return status;
    edgelm_tok_put(&e->out, match.id);
    e->first = 0;
    taken = match.end;
    from = match.next;
  }
  return taken < bytes ? encodeSection(e, text + taken, bytes - taken, scratch, isInside && !taken) : EDGELM_OK;
}

static void putAll(struct encoder *e, struct edgelm_tok_span ids) {
  if (!(e->flags & EDGELM_ADD_SPECIAL))
    return;
  for (uint32_t i = 0; i < ids.bytes / 4; ++i)
    edgelm_tok_put(&e->out, edgelm_tok_u32(ids, i));
}

edgelm_status edgelm_tokenizer_encode_section(const uint8_t *blob, size_t blob_bytes, const char *text, size_t bytes,
                                              int32_t *ids, size_t capacity, size_t *count, void *scratch,
                                              size_t scratch_bytes, uint32_t flags, uint32_t place) {
  struct encoder e;
  *count = 0;
  edgelm_status status = edgelm_tok_open(&e.tok, blob, blob_bytes);
  if (status)
    return status;
  if (!edgelm_tok_parts.models[e.tok.model] ||
      ((e.tok.flags & EDGELM_TOKENIZER_HAS_NORMALIZER) && !edgelm_tok_parts.normalizers[e.tok.normalizer]))
    return EDGELM_UNSUPPORTED;
  e.out = (struct edgelm_tok_out){ids, ids ? capacity : 0, 0, EDGELM_OK};
  e.flags = flags;
  e.first = place == EDGELM_PLACE_START;
  e.inside = e.insideSection = 0;
  struct edgelm_tok_scratch memory = {scratch, scratch ? scratch_bytes : 0};
  size_t skew = (4 - (size_t)((uintptr_t)scratch & 3)) & 3;
  memory.bytes = memory.bytes > skew ? memory.bytes - skew : 0;
  if (memory.bytes)
    memory.data += skew;
  int isSecond = (flags & EDGELM_SECOND_TEXT) != 0;
  if (isSecond && !(e.tok.flags & EDGELM_TOKENIZER_HAS_PAIRS))
    return EDGELM_UNSUPPORTED;
  putAll(&e, isSecond ? e.tok.secondPrefixIds : e.tok.prefixIds);
  status = encodeText(&e, (const uint8_t *)text, bytes, memory, place == EDGELM_PLACE_INSIDE);
  putAll(&e, isSecond ? e.tok.secondSuffixIds : e.tok.suffixIds);
  *count = e.out.count;
  if (status)
    return status;
  return e.out.count > e.out.capacity ? EDGELM_BUFFER_TOO_SMALL : EDGELM_OK;
}

edgelm_status edgelm_tokenizer_encode(const uint8_t *blob, size_t blob_bytes, const char *text, size_t bytes,
                                      int32_t *ids, size_t capacity, size_t *count, void *scratch, size_t scratch_bytes,
                                      uint32_t flags) {
  return edgelm_tokenizer_encode_section(blob, blob_bytes, text, bytes, ids, capacity, count, scratch, scratch_bytes,
                                         flags, EDGELM_PLACE_START);
}

uint32_t edgelm_tokenizer_vocabulary(const uint8_t *blob, size_t blob_bytes) {
  struct edgelm_tok tok;
  return edgelm_tok_open(&tok, blob, blob_bytes) ? 0 : tok.vocabSize;
}
