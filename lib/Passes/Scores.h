// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Attention scores behind scaling and masking.
#pragma once

#include "Dialect/EdgeLMDialect.h"
#include <optional>

namespace edgelm {

/// `scale * product`, perhaps capped, then masked.
struct Scores {
  MatMulOp product;
  double scale = 1;
  double softcap = 0;  ///< 0: the score s stays; otherwise it becomes softcap * tanh(s / softcap)
  MaskAttr mask;       ///< bidirectional where nothing is hidden by position
  mlir::Value keyMask; ///< null where all keys are real
};

/// Reads the operand of a softmax, through views, conversions, scales, bounds far below any score, and masks
/// that are added or selected by.
std::optional<Scores> matchScores(mlir::Value value);

} // namespace edgelm
