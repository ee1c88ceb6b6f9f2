// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// NEON: registers of four floats, 32 of them on 64-bit cores and 16 on Armv7, where a fused multiply-add came with
// VFPv4.
#include "Codegen/Isa/GenericDot.h"
#include "Codegen/Isa/Isa.h"

namespace edgelm {

static constexpr Schedules kSchedules = {.linear = {.tileRows = {4, 2, 1, 0},
                                                    .tileVectors = 4,
                                                    .minItems = 32,
                                                    .unrollK = 1,
                                                    .decodePanels = 1,
                                                    .decodeUnrollK = 4,
                                                    .decodePrefetchBytes = 512,
                                                    .prefetchNextPanel = false,
                                                    .scratchBytes = 0},
                                         .quantized = {.tileRows = {4, 2, 1, 0},
                                                       .tileVectors = 2,
                                                       .minItems = 32,
                                                       .unrollK = 1,
                                                       .decodePanels = 1,
                                                       .decodeUnrollK = 1,
                                                       .decodePrefetchBytes = 512,
                                                       .prefetchNextPanel = false,
                                                       .scratchBytes = 64 << 10},
                                         .attention = {.queryBlock = 8, .rowsTogether = 2}};

const IsaRow kArmNeon = {
    .name = "arm-neon",
    .lanes = 4,
    .panel = 16,
    .hasFma = true,
    .hasF16Convert = true,
    .hasMaskedMemory = false,
    .dot = {genericDotUnsigned, 8, genericDotSigned, genericLookup},
    .schedules = kSchedules,
};

const IsaRow kArmv7Neon = {
    .name = "armv7-neon",
    .lanes = 4,
    .panel = 16,
    .hasFma = true,
    .hasF16Convert = true,
    .hasMaskedMemory = false,
    .dot = {genericDotUnsigned, 8, genericDotSigned, genericLookup},
    .schedules = kSchedules,
};

} // namespace edgelm
