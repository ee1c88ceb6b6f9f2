// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Text to token ids and back, by the tables that the compiler made from tokenizer.json.
#pragma once

#include "edgelm.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Writes the ids of `text` [bytes] to `ids` [capacity]. `blob` [blob_bytes]: the descriptor's table. `scratch`
/// [scratch_bytes]: the descriptor's tokenizer buffer. `flags`: EDGELM_ADD_SPECIAL, EDGELM_PLAIN_TEXT.
/// `*count` is the number of ids, also (the number needed) when the status is EDGELM_BUFFER_TOO_SMALL.
/// EDGELM_INVALID_TEXT: the text cannot be tokenized.
edgelm_status edgelm_tokenizer_encode(const uint8_t *blob, size_t blob_bytes, const char *text, size_t bytes,
                                      int32_t *ids, size_t capacity, size_t *count, void *scratch, size_t scratch_bytes,
                                      uint32_t flags);

/// The piece is the first one of a text (some decoders drop its leading space).
#define EDGELM_FIRST_PIECE 0x10000u

/// Writes the bytes that `id` stands for to `out` [capacity] and their number to `*bytes` (the number needed when the
/// status is EDGELM_BUFFER_TOO_SMALL). `flags`: EDGELM_SHOW_SPECIAL, EDGELM_FIRST_PIECE; a special token has no bytes
/// without EDGELM_SHOW_SPECIAL. EDGELM_INVALID_TOKEN: the tokenizer has no such id.
edgelm_status edgelm_tokenizer_piece(const uint8_t *blob, size_t blob_bytes, int32_t id, char *out, size_t capacity,
                                     size_t *bytes, uint32_t flags);

#ifdef __cplusplus
}
#endif
