// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// AVX2, FMA and F16C (x86-64-v3): 16 registers of 8 floats, masked moves exist for 32-bit lanes. AVX-VNNI adds products
// of bytes.
#include "Codegen/Isa/X86Dot.h"
#include "Codegen/Isa/X86Schedules.h"

namespace edgelm {

// 6 x 2 accumulators, two weights and one activation fill 15 of 16 registers. Quantized, 6 x 2 spill sums and are still
// 5 to 10 % faster than 4 x 2, 3 x 2 and 4 x 1 for codes of 4 bits, 4 x 2 for those of 8 bits (Cascade Lake).
static constexpr Schedules schedules() {
  Schedules result = kX86Schedules;
  result.quantized.rowScaleTileRows = 4;
  return result;
}

const IsaRow kX86Avx2 = {
    .name = "x86-avx2",
    .lanes = 8,
    .panel = 16,
    .hasFma = true,
    .hasF16Convert = true,
    .hasMaskedMemory = true,
    .dot = kX86Madd,
    .schedules = schedules(),
};

const IsaRow kX86AvxVnni = {
    .name = "x86-avx-vnni",
    .lanes = 8,
    .panel = 16,
    .hasFma = true,
    .hasF16Convert = true,
    .hasMaskedMemory = true,
    .dot = kX86VnniDot,
    .schedules = schedules(),
};

} // namespace edgelm
