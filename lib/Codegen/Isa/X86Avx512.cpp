// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// AVX-512 (x86-64-v4): 32 registers of 16 floats, an FMA can broadcast its operand from memory, every access has a
// mask. VNNI adds products of bytes.
#include "Codegen/Isa/Isa.h"
#include "Codegen/Isa/X86Dot.h"

namespace edgelm {

// 8 x 2 accumulators hide the latency of two FMA units (4 cycles) and divide the usual chunks evenly; 12 x 2 and 14 x 2
// measured 2 to 6 % slower on Zen 5. Quantized, a tile has as many sums of i32 beside those of f32: 6 x 2 fill 24 registers.
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
                                                       .prefetchNextPanel = false,
                                                       .scratchBytes = 512 << 10},
                                         .attention = {.queryBlock = 16, .rowsTogether = 4}};

const IsaRow kX86Avx512 = {
    .name = "x86-avx512",
    .lanes = 16,
    .panel = 32,
    .hasFma = true,
    .hasF16Convert = true,
    .hasMaskedMemory = true,
    .dot = {{x86MaddUnsigned}, kMaddUnsignedBits, {x86MaddSigned}, x86Lookup},
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
