// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Loop nests of cores with NEON; the rows state what differs.
#pragma once

#include "Codegen/Schedule.h"

namespace edgelm {

inline constexpr Schedules kArmSchedules = {.linear = {.tileRows = {4, 2, 1, 0},
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
                                                          .decodePrefetchBytes = 0,
                                                          .prefetchNextPanel = false,
                                                          .scratchBytes = 64 << 10},
                                            .attention = {.queryBlock = 8, .rowsTogether = 2}};

} // namespace edgelm
