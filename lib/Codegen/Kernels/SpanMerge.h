// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Softmax over spans of keys: each is summed alone and then merged into those before it (Milakov and Gimelshein 2018,
// section 3.1), always in ascending order, so that threads may share the spans of a row and its bits stay the same.
#pragma once

#include "Codegen/Kernels/KernelBuilder.h"

namespace edgelm {

/// The score of a lane without a key, and the running maximum before the first key.
inline constexpr double kNoScore = -3e38;

/// Writes values divided by `total` to row [row, head] of `output`, of which vector i is `vector(i)`.
void storeAttention(KernelBuilder &k, mlir::Value output, Val row, Val head, Val total,
                    llvm::function_ref<Val(int64_t)> vector);

/// The merged softmax of some rows, on the stack.
class SpanMerge {
public:
  SpanMerge(KernelBuilder &k, int64_t rows, int64_t valueDim);

  void clear();

  /// Merges a span into row `slot`: the maximum of its scores, the sum of its weights relative to that, and vectors of
  /// the weighted sum of its values.
  void add(Val slot, Val maximum, Val total, llvm::function_ref<Val(int64_t)> weighted);

  /// Writes row `slot` as row [row, head] of `output`.
  void store(Val slot, mlir::Value output, Val row, Val head);

private:
  KernelBuilder &k;
  int64_t rows, vectors;
  mlir::Value maxima, totals, sums;
};

} // namespace edgelm
