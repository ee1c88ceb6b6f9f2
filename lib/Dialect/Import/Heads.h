// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the fused attention operators of ai.onnx and com.microsoft have in common, as ordinary operations.
#pragma once

#include "Dialect/Import/NodeBinder.h"

namespace edgelm {

/// One attention: queries `[B, H, S, D]`, keys and values `[B, G, L, D]`.
struct HeadsAttention {
  mlir::Value query, key, value;
  double scale = 0; ///< 0: 1 / sqrt(D)
  double softcap = 0;
  mlir::Value bias;    ///< added to the scores; broadcasts to `[B, H, S, L]`
  mlir::Value visible; ///< as above, of i1: scores that are not visible become `hidden`
  double hidden = -std::numeric_limits<double>::infinity();
  bool causal = false;
  mlir::Value past;    ///< the keys before the first query; none: it stands at the first key
  int64_t window = -1; ///< how many keys up to its own a query sees; below 1: all

  mlir::Value products; ///< out: `[B, H, S, L]`, scaled
  mlir::Value scores;   ///< out: the same before the softmax
  mlir::Value shares;   ///< out: the same after it

  /// `[B, H, S, D]`.
  mlir::Value build(NodeBinder &node);
};

/// Dimension `axis` of a value as a rank-0 i64.
mlir::Value dimension(NodeBinder &node, mlir::Value value, int64_t axis);

/// `[B, S, H * D]` to `[B, H, S, D]`, and back.
mlir::Value splitHeads(NodeBinder &node, mlir::Value value, int64_t heads);
mlir::Value joinHeads(NodeBinder &node, mlir::Value value);

/// Elements `[from, to)` of an axis.
mlir::Value sliceAxis(NodeBinder &node, mlir::Value value, int64_t axis, int64_t from, int64_t to, int64_t step = 1);

/// `past` (may be null) in front of `value` along axis 2.
mlir::Value afterPast(NodeBinder &node, mlir::Value past, mlir::Value value);

/// Rotates `[B, H, S, D]` by tables `[.., S, R / 2]` (broadcast over heads); elements from R on pass.
mlir::Value rotated(NodeBinder &node, mlir::Value value, mlir::Value cos, mlir::Value sin, bool interleaved);

} // namespace edgelm
