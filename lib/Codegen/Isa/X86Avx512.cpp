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
    // 12 x 2 accumulators, two weights and one activation fill 27 of 32 registers.
    .schedules = {.linear = {.tileRows = {12, 4, 1},
                             .blockK = 0,
                             .unrollK = 4,
                             .decodePanels = 4,
                             .decodeUnrollK = 4,
                             .decodePrefetchBytes = 2048,
                             .prefetchNextPanel = true},
                  .attention = {.queryBlock = 16}},
};

} // namespace edgelm
