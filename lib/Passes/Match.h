// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the raising passes ask about values: constants, trained parameters, casts, types.
#pragma once

#include "Dialect/EdgeLMDialect.h"
#include "mlir/IR/PatternMatch.h"
#include <optional>

namespace edgelm {

/// The number that all elements of a constant have, seen through casts, reshapes and broadcasts.
std::optional<double> numberOf(mlir::Value value);

/// True when the value is computed from weights and constants alone, at least one of them a weight or a table.
bool isTrained(mlir::Value value);

/// The value before conversions between float types.
mlir::Value withoutFloatCasts(mlir::Value value);

/// True for tensors of f16, bf16, f32 or f64.
bool hasFloatElements(mlir::Value value);

/// The operation of that kind that defines the value before float casts, or null.
template <typename Op> Op definedBy(mlir::Value value) {
  return withoutFloatCasts(value).getDefiningOp<Op>();
}

/// `value` is `edgelm.binary fn`: its operands, or nothing.
struct Operands2 {
  mlir::Value lhs, rhs;
};
std::optional<Operands2> matchBinary(mlir::Value value, llvm::StringRef fn);

/// `value` is `edgelm.unary fn`: its operand, or null.
mlir::Value matchUnary(mlir::Value value, llvm::StringRef fn);

/// `value` is commutative `fn` of a uniform constant and something else: that and the number.
struct WithConstant {
  mlir::Value value;
  double constant;
};
std::optional<WithConstant> matchWithConstant(mlir::Value value, llvm::StringRef fn);

/// A trained vector of `size` elements as a value of rank 1: leading dimensions of 1 are dropped, weights and constants
/// are retyped in place of a reshape, a scalar constant is repeated. Null where the value is none.
mlir::Value trainedVector(mlir::OpBuilder &builder, mlir::Value value, int64_t size);

/// `value` with other dimensions; nothing is made where they are the same. A reshape of a reshape is one.
mlir::Value reshapeTo(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value value, llvm::ArrayRef<int64_t> shape);

/// Erases the operations of a function that have no effect and no use.
void eraseUnused(mlir::Operation *function);

} // namespace edgelm
