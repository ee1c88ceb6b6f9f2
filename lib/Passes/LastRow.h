// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Computes a result for the last valid token alone.
#pragma once

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace edgelm {

/// Makes result `index` of an entry, `[T, features]`, the row of token n - 1: the rows are selected where the last
/// operation has mixed tokens, so that everything behind it works on one token.
void computeLastRow(mlir::func::FuncOp entry, unsigned index, mlir::Value n);

} // namespace edgelm
