// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Cores without vectors, DSP instructions and a floating-point unit: Cortex-M0+ and M3, RV32IMC. Every float operation
// is a call of some hundred cycles, and what is taken out of a word costs as much as its product, so that two rows share
// both.
#include "Codegen/Isa/GenericDot.h"
#include "Codegen/Isa/Isa.h"
#include "Codegen/Isa/PanelUnits.h"
#include "Codegen/Isa/SmallSchedules.h"

namespace edgelm {

const IsaRow kSmall = {
    .name = "small",
    .lanes = 1,
    .panel = 4,
    .hasFma = false,
    .hasF16Convert = false,
    .hasMaskedMemory = false,
    .isSmall = true,
    .hasSqrt = false,
    .addPanelUnit = addPanelUnitFields,
    .dot = {.unsignedBits = 7, .lookup = genericLookup, .shiftsBytes = true, .columnsApart = true},
    .schedules = kSmallSchedules,
};

} // namespace edgelm
