// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// AVX-512 (x86-64-v4): 32 registers of 16 floats, an FMA can broadcast its operand from memory, every access has a
// mask.
#include "Codegen/Isa/Isa.h"

namespace edgelm {

const IsaRow kX86Avx512 = {
    .name = "x86-avx512",
    .lanes = 16,
    .panel = 32,
    .hasFma = true,
    .hasF16Convert = true,
    .hasMaskedMemory = true,
    // 8 x 2 accumulators hide the latency of two FMA units (4 cycles) and divide the usual chunks evenly; 12 x 2 and 14 x 2
    // measured 2 to 6 % slower on Zen 5.
    .schedules = {.linear = {.tileRows = {8, 4, 2, 1},
                             .minItems = 64,
                             .blockK = 0,
                             .unrollK = 4,
                             .decodePanels = 4,
                             .decodeUnrollK = 4,
                             .decodePrefetchBytes = 2048,
                             .prefetchNextPanel = true},
                  .attention = {.queryBlock = 16, .rowsTogether = 4}},
};

} // namespace edgelm
