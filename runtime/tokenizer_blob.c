// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Opens a compiled tokenizer: every later read relies on the bounds that are checked here.
#include "tokenizer_internal.h"

static int isPowerOfTwoOrZero(uint32_t value) {
  return (value & (value - 1)) == 0;
}

/// One section: inside the blob, aligned, whole rows.
static int readSpan(struct edgelm_tok_span header, uint32_t *next, uint32_t total, struct edgelm_tok_span *span) {
  uint32_t offset = edgelm_tok_u32(header, *next);
  uint32_t bytes = edgelm_tok_u32(header, *next + 1);
  *next += 2;
  if (offset % 4 || offset > total || bytes > total - offset)
    return 0;
  span->data = header.data + offset;
  span->bytes = bytes;
  return 1;
}

static int checkScores(const struct edgelm_tok *tok) {
  if (tok->scoreBytes != 4 && tok->scoreBytes != 8)
    return 0;
  uint32_t scores = tok->scores.bytes / tok->scoreBytes;
  return tok->maxPieceBytes <= 255 && scores >= tok->vocabSize && tok->unknownScore < scores;
}

static int checkSizes(const struct edgelm_tok *tok) {
  if (tok->refBytes != 2 && tok->refBytes != 4)
    return 0;
  if (tok->vocabSize == 0 || tok->vocabSize >= 0x3fffffffu)
    return 0;
  if (tok->normalizer >= EDGELM_TOKENIZER_NORMALIZER_KINDS || tok->model >= EDGELM_TOKENIZER_MODEL_KINDS)
    return 0;
  if ((tok->byteIds.bytes != 0 && tok->byteIds.bytes != 256 * 4) || tok->rawFirst.bytes != 256 ||
      tok->normalFirst.bytes != 256 || tok->asciiClasses.bytes != 128)
    return 0;
  // No sum of these overflows: both numbers are below 2^30.
  if (tok->pieceEnds.bytes / 4 != tok->vocabSize + tok->formIds.bytes / 4 * 2 + 1)
    return 0;
  if (tok->prefix.bytes > 4 || tok->continuing.bytes > 255)
    return 0;
  if (tok->model == EDGELM_TOKENIZER_MODEL_UNIGRAM && !checkScores(tok))
    return 0;
  if ((tok->flags & EDGELM_TOKENIZER_HAS_NORMALIZER) && tok->normalizer == EDGELM_TOKENIZER_NORMALIZE_PRECOMPILED &&
      tok->graphemes.bytes != EDGELM_TOKENIZER_GRAPHEME_KINDS * 4)
    return 0;
  if (!isPowerOfTwoOrZero(tok->mergeSlots.bytes) || !isPowerOfTwoOrZero(tok->wordSlots.bytes))
    return 0;
  if (tok->levels.bytes / 12 > EDGELM_TOKENIZER_MAX_LEVELS)
    return 0;
  return 1;
}

/// Slots of a hash table of refs, 0 or at least 2, and what takes a hash to its slot.
static uint32_t countSlots(const struct edgelm_tok *tok, struct edgelm_tok_span slots, uint32_t *shift) {
  uint32_t count = slots.bytes >> (tok->refBytes == 4 ? 2 : 1);
  *shift = 32;
  for (uint32_t left = count; left > 1; left >>= 1)
    --*shift;
  return count < 2 ? 0 : count;
}

edgelm_status edgelm_tok_open(struct edgelm_tok *tok, const uint8_t *blob, size_t blobBytes) {
  uint32_t fields = 0, sections = 0, next = 0;
#define EDGELM_COUNT(name) ++fields;
  EDGELM_TOKENIZER_HEADER(EDGELM_COUNT)
#undef EDGELM_COUNT
#define EDGELM_COUNT(name) ++sections;
  EDGELM_TOKENIZER_SECTIONS(EDGELM_COUNT)
#undef EDGELM_COUNT
  if (!blob || (uintptr_t)blob % 4 || blobBytes < (fields + 2 * sections) * 4)
    return EDGELM_UNSUPPORTED;
  struct edgelm_tok_span header = {blob, (fields + 2 * sections) * 4};
#define EDGELM_READ(name) tok->name = edgelm_tok_u32(header, next++);
  EDGELM_TOKENIZER_HEADER(EDGELM_READ)
#undef EDGELM_READ
  if (tok->magic != EDGELM_TOKENIZER_MAGIC || tok->version != EDGELM_TOKENIZER_VERSION || tok->totalBytes > blobBytes)
    return EDGELM_UNSUPPORTED;
#define EDGELM_READ(name)                                                                                              \
  if (!readSpan(header, &next, tok->totalBytes, &tok->name))                                                           \
    return EDGELM_UNSUPPORTED;
  EDGELM_TOKENIZER_SECTIONS(EDGELM_READ)
#undef EDGELM_READ
  if (!checkSizes(tok))
    return EDGELM_UNSUPPORTED;
  tok->lookupCount = tok->pieces.bytes >> (tok->refBytes == 4 ? 2 : 1);
  tok->mergeCount = tok->merges.bytes / 3 >> (tok->refBytes == 4 ? 2 : 1);
  tok->mergeSlotCount = countSlots(tok, tok->mergeSlots, &tok->mergeShift);
  tok->wordSlotCount = countSlots(tok, tok->wordSlots, &tok->wordShift);
  return EDGELM_OK;
}

int edgelm_tok_piece(const struct edgelm_tok *tok, uint32_t id, struct edgelm_tok_span *piece) {
  if (id >= tok->pieceEnds.bytes / 4 - 1)
    return 0;
  uint32_t begin = edgelm_tok_u32(tok->pieceEnds, id);
  uint32_t end = edgelm_tok_u32(tok->pieceEnds, id + 1);
  if (begin > end || end > tok->pieceBytes.bytes)
    return 0;
  piece->data = tok->pieceBytes.data + begin;
  piece->bytes = end - begin;
  return 1;
}
