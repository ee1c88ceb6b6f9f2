// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Armv8.2 with dot products (Cortex-A76, A78): sdot adds four products of bytes to each of four i32, and takes the
// activations from one lane of a register, so that two loads serve 32 columns of every output row. Codes that are not
// negative are as good as signed ones.
#include "Codegen/Isa/ArmDot.h"
#include "Codegen/Isa/ArmSchedules.h"

namespace edgelm {

const IsaRow kArmDot = {
    .name = "arm-dot",
    .lanes = 4,
    .panel = 16,
    .hasFma = true,
    .hasF16Convert = true,
    .hasMaskedMemory = false,
    .dot = kArmDotProducts,
    .schedules = kArmSchedules,
};

} // namespace edgelm
