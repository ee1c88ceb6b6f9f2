// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// SSE4.2 (x86-64-v2): 16 registers of 4 floats, no FMA, no f16, no masks; a product needs a register of its own.
#include "Codegen/Isa/X86Dot.h"
#include "Codegen/Isa/X86Schedules.h"

namespace edgelm {

static constexpr Schedules schedules() {
  Schedules result = kX86Schedules;
  result.quantized.tileRows = {4, 2, 1, 0};
  result.quantized.tileVectors = 1;
  return result;
}

const IsaRow kX86Sse42 = {
    .name = "x86-sse4.2",
    .lanes = 4,
    .panel = 8,
    .hasFma = false,
    .hasF16Convert = false,
    .hasMaskedMemory = false,
    .dot = kX86Madd,
    // 6 x 2 accumulators, two weights, one activation and one product fill all 16 registers.
    .schedules = schedules(),
};

} // namespace edgelm
