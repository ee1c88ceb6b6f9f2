// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Loop nests of cores with NEON; the rows state what differs.
#pragma once

#include "Codegen/Schedule.h"

namespace edgelm {

inline constexpr Schedules kArmSchedules = {
    .linear =
        {.tileRows = {4, 2, 1, 0}, .tileVectors = 4, .minItems = 32, .decodeUnrollK = 4, .decodePrefetchBytes = 512},
    .quantized = {.tileRows = {4, 2, 1, 0}, .tileVectors = 2, .minItems = 32, .scratchBytes = 64 << 10},
    .attention = {.queryBlock = 8, .rowsTogether = 2}};

} // namespace edgelm
