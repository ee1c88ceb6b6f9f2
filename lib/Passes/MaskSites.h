// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Where masks reach attention scores, and what they do there, found by evaluating with chosen scores.
#pragma once

#include "Dialect/EdgeLMDialect.h"
#include "Dialect/Reference/Tensor.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/DenseSet.h"

namespace edgelm {

/// A softmax over keys whose scores are masked on the way.
struct MaskSite {
  SoftmaxOp softmax;
  mlir::Value scores;        ///< what the first masking operation reads; its last two dimensions are queries and keys
  bool readsKeyMask = false; ///< whether the attention mask argument takes part
};

/// What masking does to the scores of one attention: `result = scale * score + bias`, or very negative where hidden.
struct EffectiveMask {
  int64_t heads = 0, tokens = 0;
  double scale = 1;
  std::vector<double> bias; ///< [heads, tokens, tokens], 0 where hidden
  std::vector<char> hidden; ///< [heads, tokens, tokens]

  int64_t index(int64_t head, int64_t query, int64_t key) const { return (head * tokens + query) * tokens + key; }
};

/// The argument with that role, or null.
mlir::BlockArgument argumentWithRole(mlir::func::FuncOp function, llvm::StringRef role);

/// Every attention of `function`, which reads `tokens` tokens: softmaxes over the last of two dimensions of that size. `scores`
/// of an attention without a mask is the softmax's operand.
llvm::SmallVector<MaskSite> findMaskSites(mlir::func::FuncOp function, int64_t tokens);

/// Evaluates the way from the scores to the softmax with three scores each. `keyMask` is given to the attention mask argument
/// where there is one. An error at the softmax when scores are not masked but bent or scaled unevenly.
mlir::FailureOr<EffectiveMask> probeMask(mlir::func::FuncOp function, const MaskSite &site, int64_t tokens,
                                         const std::vector<int64_t> &keyMask);

} // namespace edgelm
