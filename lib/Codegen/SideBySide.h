// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Runs pieces of a compile in processes of their own.
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"
#include <functional>

namespace edgelm {

/// Runs every task in a child of this process, `jobs` at a time. A child starts with all that this process has in memory
/// and shares it as long as neither writes, and a fault in one leaves the others alone. The result is the error of the
/// tasks, in their order, that failed; all are run.
llvm::Error runSideBySide(llvm::ArrayRef<std::function<llvm::Error()>> tasks, unsigned jobs);

} // namespace edgelm
