// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Turns the name given to `--target` into a target, also `host`.
#pragma once

#include "Dialect/Targets.h"

#include <optional>

namespace edgelm {

/// The machine this compiler runs on: the highest row of the target table whose required features it has, scheduled
/// for its CPU. Empty when no row fits.
std::optional<TargetSpec> hostTarget();

/// The target of that name (a row, or `host`); empty when there is none.
std::optional<TargetSpec> resolveTarget(std::string_view name);

/// Whether this machine has every CPU feature that the target requires, so that its products run here.
bool runsHere(const TargetSpec &target);

} // namespace edgelm
