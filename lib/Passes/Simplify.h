// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Rewrites of single operations that make them simpler without evaluating them.
#pragma once

#include "Dialect/EdgeLMDialect.h"
#include "mlir/IR/Builders.h"

namespace edgelm {

/// A value that may replace the result of `op` (one that has a single result) and is simpler, or null: views lose their shape
/// operands and become `reshape`, slices get attributes, and what changes nothing goes. New operations are inserted by `builder`.
mlir::Value simplify(mlir::Operation *op, mlir::OpBuilder &builder);

/// The number that all elements of a constant are, if it is one.
std::optional<double> uniformConstant(mlir::Value value);

} // namespace edgelm
