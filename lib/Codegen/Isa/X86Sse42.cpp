// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// SSE4.2 (x86-64-v2): 16 registers of 4 floats, no FMA, no f16, no masks; a product needs a register of its own.
#include "Codegen/Isa/X86Dot.h"

namespace edgelm {

const IsaRow kX86Sse42 = {
    .name = "x86-sse4.2",
    .lanes = 4,
    .panel = 8,
    .hasFma = false,
    .hasF16Convert = false,
    .hasMaskedMemory = false,
    .dot = kX86Madd,
    // 6 x 2 accumulators, two weights, one activation and one product fill all 16 registers.
    .schedules = {.linear = {.tileRows = {6, 2, 1, 0},
                             .tileVectors = 2,
                             .minItems = 64,
                             .unrollK = 4,
                             .decodePanels = 4,
                             .decodeUnrollK = 4,
                             .decodePrefetchBytes = 2048,
                             .prefetchNextPanel = true,
                             .scratchBytes = 0},
                  .quantized = {.tileRows = {4, 2, 1, 0},
                                .tileVectors = 1,
                                .minItems = 64,
                                .unrollK = 1,
                                .decodePanels = 1,
                                .decodeUnrollK = 1,
                                .decodePrefetchBytes = 2048,
                                .prefetchNextPanel = true,
                                .scratchBytes = 512 << 10},
                  .attention = {.queryBlock = 16, .rowsTogether = 2}},
};

} // namespace edgelm
