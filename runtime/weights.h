// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The weights of a model whose library does not hold them.
#pragma once

#include "edgelm_abi.h"

/// Checks `file` [bytes], the contents of a weight file, against `model` and points `*weights` into it. Any bytes are
/// safe. EDGELM_CORRUPT_WEIGHTS, EDGELM_WRONG_VERSION, EDGELM_WRONG_MODEL, EDGELM_ARENA_UNALIGNED.
edgelm_status edgelm_rt_find_weights(const edgelm_descriptor *model, const void *file, size_t bytes,
                                     const uint8_t **weights);
