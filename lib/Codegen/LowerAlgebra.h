// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Lowering of algebra operations that are left beside the transformer operations.
#pragma once

#include "Codegen/EntryLowering.h"

namespace edgelm {

/// Lowers `op` to nothing (it only renames memory), an elementwise kernel or a generic one. Fails after one diagnostic.
mlir::LogicalResult lowerAlgebra(EntryLowering &entry, mlir::Operation *op);

} // namespace edgelm
