// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Cores without vectors: LLVM takes a vector of four lanes apart into four chains that it can interleave. Two rows:
// floats in software or in registers of their own.
#include "Codegen/Isa/GenericDot.h"
#include "Codegen/Isa/Isa.h"
#include "Codegen/Isa/PanelUnits.h"

namespace edgelm {

// Eight accumulators are what a small register file holds; nothing is unpacked to the small stack of such a core.
static constexpr Schedules kSchedules = {.linear = {.tileRows = {2, 1, 0, 0}, .tileVectors = 1, .minItems = 1},
                                         .quantized = {.tileRows = {1, 0, 0, 0}, .tileVectors = 1, .minItems = 1},
                                         .attention = {.queryBlock = 1, .rowsTogether = 1}};

const IsaRow kScalar = {
    .name = "scalar",
    .lanes = 4,
    .panel = 8,
    .hasFma = false,
    .hasF16Convert = false,
    .hasMaskedMemory = false,
    .dot = {{genericDotUnsigned}, 7, {genericDotSigned}, genericLookup},
    .schedules = kSchedules,
};

const IsaRow kScalarFma = {
    .name = "scalar-fma",
    .lanes = 4,
    .panel = 8,
    .hasFma = true,
    .hasF16Convert = false,
    .hasMaskedMemory = false,
    .addPanelUnit = addPanelUnitFields,
    .dot = {.unsignedBits = 7, .lookup = genericLookup, .shiftsBytes = true, .columnsApart = true},
    .schedules = kSchedules,
};

} // namespace edgelm
