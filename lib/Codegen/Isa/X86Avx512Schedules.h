// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Loop nests of cores with AVX-512; the rows state what differs.
#pragma once

#include "Codegen/Schedule.h"

namespace edgelm {

// 8 x 2 accumulators hide the latency of two FMA units (4 cycles) and divide the usual chunks evenly; 12 x 2 and 14 x 2
// measured 2 to 6 % slower on Zen 5. Quantized, a tile has as many sums of i32 beside those of f32: 6 x 2 fill 24 registers.
// On Cascade Lake fetching the next panel gains a fourth (codes of 8 bits) and a tenth (of 4 bits), 8 x 2 for one scale a row 3 %,
// fetching the lines of logits 12 % (K = 288) and 5 % (K = 768) of 8 bits.
inline constexpr Schedules kX86Avx512Schedules = {.linear = {.tileRows = {8, 4, 2, 1},
                                                             .tileVectors = 2,
                                                             .minItems = 64,
                                                             .unrollK = 4,
                                                             .decodePanels = 4,
                                                             .decodeUnrollK = 4,
                                                             .decodePrefetchBytes = 2048,
                                                             .prefetchNextPanel = true,
                                                             .scratchBytes = 0},
                                                  .quantized = {.tileRows = {6, 2, 1, 0},
                                                                .tileVectors = 2,
                                                                .minItems = 64,
                                                                .unrollK = 1,
                                                                .decodePanels = 1,
                                                                .decodeUnrollK = 1,
                                                                .decodePrefetchBytes = 4096,
                                                                .prefetchNextPanel = true,
                                                                .fetchedOutputBytes = 2 << 20,
                                                                .scratchBytes = 512 << 10,
                                                                .rowScaleTileRows = 8},
                                                  .attention = {.queryBlock = 16, .rowsTogether = 4}};

} // namespace edgelm
