// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Values of a function's body, computed when asked for and remembered.
#pragma once

#include "Dialect/Reference/Tensor.h"
#include "mlir/IR/Block.h"
#include "llvm/ADT/DenseMap.h"

namespace edgelm {

/// Evaluates the single block of a function. The IR must not change under what has been evaluated, except that
/// operations may be added, and that whoever erases an operation calls `forget`.
class Evaluator {
public:
  explicit Evaluator(mlir::Block &body) : body(body) {}

  /// Gives an argument (or any other value) its tensor.
  void set(mlir::Value value, Tensor tensor) { known[value] = std::move(tensor); }
  void forget(mlir::Value value) { known.erase(value); }
  /// The tensor of a value, evaluating what it needs and no more. A value that needs an argument without tensor fails
  /// with an error at its user.
  mlir::FailureOr<Tensor> valueOf(mlir::Value value);

  /// Evaluates the whole block, dropping each tensor after its last use, and returns the terminator's operands.
  mlir::FailureOr<llvm::SmallVector<Tensor>> run();

private:
  mlir::LogicalResult evaluateOne(mlir::Operation *op);

  mlir::Block &body;
  llvm::DenseMap<mlir::Value, Tensor> known;
};

} // namespace edgelm
