// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Loop nests from a file, in place of those of an ISA row.
#pragma once

#include "Codegen/Schedule.h"

#include "llvm/Support/Error.h"

namespace edgelm {

/// Replaces what the file says: a line is `nest.setting = number`, for rows of a tile several numbers; `#` begins a
/// comment. Example: `quantized.tile-rows = 4, 1`. An error names the line and what was expected.
llvm::Error readSchedules(llvm::StringRef path, Schedules &schedules);

} // namespace edgelm
