// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// AVX-512 (x86-64-v4): 32 registers of 16 floats, an FMA can broadcast its operand from memory, every access has a
// mask. VNNI adds products of bytes.
#include "Codegen/Isa/Isa.h"
#include "Codegen/Isa/X86Dot.h"

namespace edgelm {

// 8 x 2 accumulators hide the latency of two FMA units (4 cycles) and divide the usual chunks evenly; 12 x 2 and 14 x 2
// measured 2 to 6 % slower on Zen 5. Quantized, a tile has as many sums of i32 beside those of f32: 6 x 2 fill 24 registers.
// On Cascade Lake fetching the next panel gains a fourth (codes of 8 bits) and a tenth (of 4 bits), 8 x 2 for one scale a row 3 %.
static constexpr Schedules kSchedules = {.linear = {.tileRows = {8, 4, 2, 1},
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
                                                       .scratchBytes = 512 << 10,
                                                       .rowScaleTileRows = 8},
                                         .attention = {.queryBlock = 16, .rowsTogether = 4}};

const IsaRow kX86Avx512 = {
    .name = "x86-avx512",
    .lanes = 16,
    .panel = 32,
    .hasFma = true,
    .hasF16Convert = true,
    .hasMaskedMemory = true,
    .dot = {.ofUnsigned = {x86MaddUnsigned},
            .unsignedBits = kMaddUnsignedBits,
            .ofSigned = {x86MaddSigned},
            .lookup = x86Lookup,
            .ofFew = {x86MaddFew, kMaddFewSlices},
            .fewBits = kMaddFewBits},
    .schedules = kSchedules,
};

const IsaRow kX86Avx512Vnni = {
    .name = "x86-avx512-vnni",
    .lanes = 16,
    .panel = 32,
    .hasFma = true,
    .hasF16Convert = true,
    .hasMaskedMemory = true,
    .dot = {{x86Vnni}, 8, {}, x86Lookup},
    .schedules = kSchedules,
};

} // namespace edgelm
