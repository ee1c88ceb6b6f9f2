// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RVV 1.0 through vectors of fixed length that fit the 128 bits which the V extension guarantees, alone or in groups
// of registers: LLVM sets the vector length to their number of elements, so that results do not depend on VLEN.
#include "Codegen/Isa/GenericDot.h"
#include "Codegen/Isa/Isa.h"

namespace edgelm {

static constexpr Schedules kSchedules = {.linear = {.tileRows = {4, 2, 1, 0},
                                                    .tileVectors = 4,
                                                    .minItems = 32,
                                                    .unrollK = 1,
                                                    .decodePanels = 1,
                                                    .decodeUnrollK = 4,
                                                    .decodePrefetchBytes = 0,
                                                    .prefetchNextPanel = false,
                                                    .scratchBytes = 0},
                                         .quantized = {.tileRows = {4, 2, 1, 0},
                                                       .tileVectors = 2,
                                                       .minItems = 32,
                                                       .unrollK = 1,
                                                       .decodePanels = 1,
                                                       .decodeUnrollK = 1,
                                                       .decodePrefetchBytes = 0,
                                                       .prefetchNextPanel = false,
                                                       .scratchBytes = 64 << 10},
                                         .attention = {.queryBlock = 8, .rowsTogether = 2}};

const IsaRow kRiscvV = {
    .name = "riscv-v",
    .lanes = 4,
    .panel = 16,
    .hasFma = true,
    .hasF16Convert = false,
    .hasMaskedMemory = false,
    .dot = {genericDotUnsigned, 8, genericDotSigned, genericLookup},
    .schedules = kSchedules,
};

} // namespace edgelm
