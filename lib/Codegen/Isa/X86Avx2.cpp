// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// AVX2, FMA and F16C (x86-64-v3): 16 registers of 8 floats, masked moves exist for 32-bit lanes.
#include "Codegen/Isa/Isa.h"

namespace edgelm {

const IsaRow kX86Avx2 = {
    .name = "x86-avx2",
    .lanes = 8,
    .panel = 16,
    .hasFma = true,
    .hasF16Convert = true,
    .hasMaskedMemory = true,
    // 6 x 2 accumulators, two weights and one activation fill 15 of 16 registers.
    .schedules = {.linear = {.tileRows = {6, 2, 1, 0},
                             .minItems = 64,
                             .blockK = 0,
                             .unrollK = 4,
                             .decodePanels = 4,
                             .decodeUnrollK = 4,
                             .decodePrefetchBytes = 2048,
                             .prefetchNextPanel = true},
                  .attention = {.queryBlock = 16, .rowsTogether = 2}},
};

} // namespace edgelm
