// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Loop nests of machines with little memory for code and for the stack.
#pragma once

#include "Codegen/Schedule.h"

namespace edgelm {

/// One row and four columns at a time; nothing is unpacked to the stack.
inline constexpr LinearSchedule kSmallLinear = {.tileRows = {1, 0, 0, 0}, .tileVectors = 4, .minItems = 1};
inline constexpr Schedules kSmallSchedules = {
    .linear = kSmallLinear, .quantized = kSmallLinear, .attention = {.queryBlock = 1, .rowsTogether = 1}};

} // namespace edgelm
