// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Constants whose rows belong to token positions, at the full context.
#pragma once

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace edgelm {

/// The three clones of `edgelm-bind` and their numbers of tokens.
struct BoundClones {
  mlir::func::FuncOp main, probe, context;
  int64_t mainTokens, probeTokens, contextTokens;
};

/// Replaces every constant of `main` that has one dimension of tokens (it is longer in `probe`) by `edgelm.position_rows` of a
/// table of the full context, which is a longer part of the same weight where it was part of one. `count` is increased by the number of
/// tables. One error for a constant whose values depend on the total number of tokens, or which has two dimensions of tokens.
llvm::LogicalResult makePositionTables(const BoundClones &clones, int64_t &count);

/// The number of tokens of a bound function, if it has tokens.
std::optional<int64_t> tokensOf(mlir::func::FuncOp function);

} // namespace edgelm
