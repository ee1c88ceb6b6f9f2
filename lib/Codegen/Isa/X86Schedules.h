// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Loop nests of cores with SSE or AVX; the rows state what differs.
#pragma once

#include "Codegen/Schedule.h"

namespace edgelm {

inline constexpr Schedules kX86Schedules = {.linear = {.tileRows = {6, 2, 1, 0},
                                                       .tileVectors = 2,
                                                       .minItems = 64,
                                                       .unrollK = 4,
                                                       .decodePanels = 4,
                                                       .decodeUnrollK = 4,
                                                       .decodePrefetchBytes = 2048,
                                                       .prefetchNextPanel = true},
                                            .quantized = {.tileRows = {6, 2, 1, 0},
                                                          .tileVectors = 2,
                                                          .minItems = 64,
                                                          .decodePrefetchBytes = 2048,
                                                          .prefetchNextPanel = true,
                                                          .scratchBytes = 512 << 10},
                                            .attention = {.queryBlock = 16, .rowsTogether = 2}};

// 8 x 2 accumulators hide the latency of two FMA units (4 cycles) and divide the usual chunks evenly; 12 x 2 and 14 x 2
// measured 2 to 6 % slower on Zen 5. Quantized, a tile has as many sums of i32 beside those of f32: 6 x 2 fill 24 registers.
// On Cascade Lake fetching the next panel gains a fourth (codes of 8 bits) and a tenth (of 4 bits), 8 x 2 for one scale a row 3 %,
// fetching the lines of logits 12 % (K = 288) and 5 % (K = 768) of 8 bits.
inline constexpr Schedules kX86Avx512Schedules = [] {
  Schedules result = kX86Schedules;
  result.linear.tileRows = {8, 4, 2, 1};
  result.quantized.decodePrefetchBytes = 4096;
  result.quantized.fetchedOutputBytes = 2 << 20;
  result.quantized.rowScaleTileRows = 8;
  result.attention.rowsTogether = 4;
  return result;
}();

} // namespace edgelm
