// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Refines types and folds what depends on no argument, for the passes of the specialise phase.
#pragma once

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace edgelm {

/// What is folded.
enum class FoldScope {
  Shapes, ///< results of at most 64 elements, and those that types depend on; nothing is simplified, so that every other
          ///< operation is still found by its `edgelm.id`
  Everything ///< all but functions of trained matrices; also simplifies
};

/// How much a call of `foldConstants` changed.
struct FoldCounts {
  int64_t folded = 0, simplified = 0, erased = 0;
};

/// Refines the result types of the function's operations from the arguments on, replaces what depends on no argument by
/// constants (as `scope` says, by the reference evaluator), simplifies what is left, and drops what nobody uses.
/// A replacement keeps the location and the `edgelm.id` of what it replaces. Fails after one error.
llvm::LogicalResult foldConstants(mlir::func::FuncOp function, FoldScope scope, FoldCounts &counts);

/// Gives the function the result types that its return operation has.
void updateFunctionType(mlir::func::FuncOp function);

} // namespace edgelm
