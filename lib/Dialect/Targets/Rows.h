// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The parts of the target table: a file for each architecture.
#pragma once

#include "Dialect/Targets.h"

namespace edgelm {

// Rows of one architecture ascend: what runs code of a row runs that of the rows before it, where the table says that
// it has their features.
std::span<const TargetRow> x86Targets();
std::span<const TargetRow> armLinuxTargets();
std::span<const TargetRow> riscvLinuxTargets();
std::span<const TargetRow> cortexMTargets();
std::span<const TargetRow> rv32Targets();

} // namespace edgelm
