// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The value of one operation, given those of its operands: the definition of the dialect's numerics.
#pragma once

#include "Dialect/Reference/Tensor.h"
#include "mlir/IR/Operation.h"

namespace edgelm {

/// Evaluates any operation of the dialect. Shapes come from the operands' values, so that the operation's own types
/// may have unknown dimensions; element types come from its results. Weights are mapped, not copied. An operation that the
/// operands do not suit is an error at its location.
mlir::FailureOr<llvm::SmallVector<Tensor>> evaluate(mlir::Operation *op, llvm::ArrayRef<Tensor> operands);

} // namespace edgelm
