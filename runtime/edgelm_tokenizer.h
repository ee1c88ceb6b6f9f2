// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Text to token ids and back, by the tables that the compiler made from tokenizer.json.
//
// Nothing here allocates, keeps state or calls anything but memcpy, memmove and memset; any number of threads may
// use one blob. The blob lies at a multiple of 4. It is not trusted: of a damaged one, or one of another version of
// EdgeLM, every function says EDGELM_UNSUPPORTED or gives wrong ids, but reads nothing outside of it.
#pragma once

#include "edgelm.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Scratch with which every word of at most `word_bytes` bytes is encoded the fast way. Longer words are still right:
/// they are merged in the free part of `ids`, in a time that grows with the number of different merges in them.
/// A tokenizer that normalizes keeps its window in the same memory; see EDGELM_INVALID_TEXT below.
#define EDGELM_TOKENIZER_SCRATCH_BYTES(word_bytes) (1024u + 20u * (word_bytes))

/// Writes the ids of `text` [bytes] to `ids` [capacity]. `blob` [blob_bytes]: the descriptor's table. `scratch`
/// [scratch_bytes]: the descriptor's tokenizer buffer, whose content does not matter. `flags`: EDGELM_ADD_SPECIAL,
/// EDGELM_PLAIN_TEXT, EDGELM_SECOND_TEXT. Bytes that are not UTF-8 are encoded as such.
/// `*count` is the number of ids, also when the status is EDGELM_BUFFER_TOO_SMALL: then it is the number needed (with a
/// word longer than the scratch: a number that is enough), and the content of `ids` is undefined.
/// EDGELM_INVALID_TEXT: text that has to be normalized holds a word longer than about a third of the scratch.
/// EDGELM_UNSUPPORTED: a second text, but the tokenizer's template of pairs is not a single text and a second one.
edgelm_status edgelm_tokenizer_encode(const uint8_t *blob, size_t blob_bytes, const char *text, size_t bytes,
                                      int32_t *ids, size_t capacity, size_t *count, void *scratch, size_t scratch_bytes,
                                      uint32_t flags);

/// Where a section of a conversation stands: at its start, behind a special token, or behind other text.
#define EDGELM_PLACE_START 0u
#define EDGELM_PLACE_AFTER_TOKEN 1u
#define EDGELM_PLACE_INSIDE 2u

/// edgelm_tokenizer_encode for text that has other text or tokens before it.
edgelm_status edgelm_tokenizer_encode_section(const uint8_t *blob, size_t blob_bytes, const char *text, size_t bytes,
                                              int32_t *ids, size_t capacity, size_t *count, void *scratch,
                                              size_t scratch_bytes, uint32_t flags, uint32_t place);

/// The piece is the first one of a text (some decoders drop its leading space).
#define EDGELM_FIRST_PIECE 0x10000u

/// Writes the bytes that `id` stands for to `out` [capacity] and their number to `*bytes` (the number needed when the
/// status is EDGELM_BUFFER_TOO_SMALL: nothing was written). A piece may be a part of a UTF-8 character. `flags`:
/// EDGELM_SHOW_SPECIAL, EDGELM_FIRST_PIECE; a special token has no bytes without EDGELM_SHOW_SPECIAL.
/// EDGELM_INVALID_TOKEN: the tokenizer has no such id.
edgelm_status edgelm_tokenizer_piece(const uint8_t *blob, size_t blob_bytes, int32_t id, char *out, size_t capacity,
                                     size_t *bytes, uint32_t flags);

/// Number of ids (the greatest + 1), or 0 for a damaged blob.
uint32_t edgelm_tokenizer_vocabulary(const uint8_t *blob, size_t blob_bytes);

#ifdef __cplusplus
}
#endif
