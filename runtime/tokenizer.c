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
  int inside; ///< the words of the current section have begun: it gets no space before it any more
};

/// Encodes text without added tokens; returns the bytes that were encoded, all of them unless `more` text follows.
static size_t encodeWords(struct encoder *e, const uint8_t *text, size_t bytes, int more,
                          struct edgelm_tok_scratch scratch) {
  if (bytes == 0)
    return 0;
  int prefix = (e->tok.flags & EDGELM_TOKENIZER_HAS_PREFIX_SPACE) && !e->inside && text[0] != ' ';
  struct edgelm_tok_text view = {text, bytes, prefix ? 1 : 0};
  size_t reached = edgelm_tok_words(&e->tok, &view, more, &e->out, scratch);
  if (reached == 0)
    return 0;
  e->inside = 1;
  return reached - view.prefix;
}

/// Encodes normalized text; returns the bytes that were encoded. If `more`, text follows that is not there yet: stops
/// before what it could change.
static size_t encodeNormalized(struct encoder *e, const uint8_t *text, size_t bytes, int more,
                               struct edgelm_tok_scratch scratch) {
  size_t taken = 0, from = 0, end = bytes;
  struct edgelm_tok_match match;
  int found;
  while ((found = edgelm_tok_find_added(&e->tok, 1, e->flags, text, bytes, from, taken, &match))) {
    if (more && (match.end >= bytes || bytes - match.end < e->tok.maxAddedBytes))
      break;
    if (match.begin > taken)
      encodeWords(e, text + taken, match.begin - taken, 0, scratch);
    edgelm_tok_put(&e->out, match.id);
    e->inside = 0;
    taken = match.end;
    from = match.next;
  }
  if (more) {
    end = bytes > e->tok.maxAddedBytes ? bytes - e->tok.maxAddedBytes : 0;
    end = found && match.begin < end ? match.begin : end;
    while (end > 0 && end < bytes && (text[end] & 0xc0) == 0x80)
      --end;
  }
  return end <= taken ? taken : taken + encodeWords(e, text + taken, end - taken, more, scratch);
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
    edgelm_tok_nfc(&e->tok, text + read, bytes - read, &consumed, free, &written);
    read += consumed;
    have += written;
    int wasInside = e->inside;
    size_t reached = encodeNormalized(e, window.data, have, read < bytes, rest);
    if (read == bytes)
      return EDGELM_OK;
    if (reached == 0 && consumed == 0 && wasInside == e->inside)
      return EDGELM_INVALID_TEXT;
    have -= reached;
    __builtin_memmove(window.data, window.data + reached, have);
  }
}

static edgelm_status encodeSection(struct encoder *e, const uint8_t *text, size_t bytes,
                                   struct edgelm_tok_scratch scratch) {
  e->inside = 0;
  if ((e->tok.flags & EDGELM_TOKENIZER_HAS_NFC) && !edgelm_tok_is_nfc(&e->tok, text, bytes))
    return encodeThroughWindow(e, text, bytes, scratch);
  encodeNormalized(e, text, bytes, 0, scratch);
  return EDGELM_OK;
}

static edgelm_status encodeText(struct encoder *e, const uint8_t *text, size_t bytes,
                                struct edgelm_tok_scratch scratch) {
  size_t taken = 0, from = 0;
  struct edgelm_tok_match match;
  while (edgelm_tok_find_added(&e->tok, 0, e->flags, text, bytes, from, taken, &match)) {
    edgelm_status status = match.begin > taken ? encodeSection(e, text + taken, match.begin - taken, scratch) : 0;
    if (status)
      return status;
    edgelm_tok_put(&e->out, match.id);
    taken = match.end;
    from = match.next;
  }
  return taken < bytes ? encodeSection(e, text + taken, bytes - taken, scratch) : EDGELM_OK;
}

static void putAll(struct encoder *e, struct edgelm_tok_span ids) {
  if (!(e->flags & EDGELM_ADD_SPECIAL))
    return;
  for (uint32_t i = 0; i < ids.bytes / 4; ++i)
    edgelm_tok_put(&e->out, edgelm_tok_u32(ids, i));
}

edgelm_status edgelm_tokenizer_encode(const uint8_t *blob, size_t blob_bytes, const char *text, size_t bytes,
                                      int32_t *ids, size_t capacity, size_t *count, void *scratch, size_t scratch_bytes,
                                      uint32_t flags) {
  struct encoder e;
  *count = 0;
  edgelm_status status = edgelm_tok_open(&e.tok, blob, blob_bytes);
  if (status)
    return status;
  e.out = (struct edgelm_tok_out){ids, ids ? capacity : 0, 0};
  e.flags = flags;
  e.inside = 0;
  struct edgelm_tok_scratch memory = {scratch, scratch ? scratch_bytes : 0};
  size_t skew = (4 - (size_t)((uintptr_t)scratch & 3)) & 3;
  memory.bytes = memory.bytes > skew ? memory.bytes - skew : 0;
  if (memory.bytes)
    memory.data += skew;
  putAll(&e, e.tok.prefixIds);
  status = encodeText(&e, (const uint8_t *)text, bytes, memory);
  putAll(&e, e.tok.suffixIds);
  *count = e.out.count;
  if (status)
    return status;
  return e.out.count > e.out.capacity ? EDGELM_BUFFER_TOO_SMALL : EDGELM_OK;
}

static int isSpecial(const struct edgelm_tok *tok, uint32_t id) {
  uint32_t low = 0, high = tok->specialIds.bytes / 4;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2, value = edgelm_tok_u32(tok->specialIds, middle);
    if (value == id)
      return 1;
    if (value < id)
      low = middle + 1;
    else
      high = middle;
  }
  return 0;
}

edgelm_status edgelm_tokenizer_piece(const uint8_t *blob, size_t blob_bytes, int32_t id, char *out, size_t capacity,
                                     size_t *bytes, uint32_t flags) {
  struct edgelm_tok tok;
  struct edgelm_tok_span piece;
  *bytes = 0;
  edgelm_status status = edgelm_tok_open(&tok, blob, blob_bytes);
  if (status)
    return status;
  if (id < 0 || (uint32_t)id >= tok.vocabSize)
    return EDGELM_INVALID_TOKEN;
  if (!(flags & EDGELM_SHOW_SPECIAL) && isSpecial(&tok, (uint32_t)id))
    return EDGELM_OK;
  if (!edgelm_tok_piece(&tok, (uint32_t)id, &piece))
    return EDGELM_UNSUPPORTED;
  *bytes = piece.bytes;
  if (piece.bytes > capacity)
    return EDGELM_BUFFER_TOO_SMALL;
  if (piece.bytes > 0)
    __builtin_memcpy(out, piece.data, piece.bytes);
  return EDGELM_OK;
}

uint32_t edgelm_tokenizer_vocabulary(const uint8_t *blob, size_t blob_bytes) {
  struct edgelm_tok tok;
  return edgelm_tok_open(&tok, blob, blob_bytes) ? 0 : tok.vocabSize;
}
