// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Rounds rows of a trained matrix to the element type that a product holds them in, and says what that changed.
#pragma once

#include "Dialect/Codec.h"
#include "Dialect/WeightRows.h"

namespace edgelm {

/// Sums over weights. Those of a matrix are the sums of its rows, added in order: the same bits whoever takes the rows.
struct RoundingError {
  double squares = 0; ///< of the weights
  double errors = 0;  ///< squares of what rounding changed

  void add(const RoundingError &other) {
    squares += other.squares;
    errors += other.errors;
  }
  /// ‖weights - rounded‖ / ‖weights‖.
  double relative() const;
};

/// Some rows in another element type.
struct RoundedRows {
  QuantizedRows quantized;           ///< of a number format
  std::vector<float> values;         ///< [rows][k], what the product computes with
  std::vector<RoundingError> errors; ///< [rows]
};

/// Rounds rows [..][k] to a float type or a `!edgelm.q`. Returns row * k + column of the first weight that is not finite or
/// too large for the type, and then `out` is undefined.
std::optional<int64_t> roundRows(mlir::Type type, llvm::ArrayRef<float> weights, int64_t k, RoundedRows &out);

/// What is wrong with a weight that roundRows refused.
std::string refusedWeight(mlir::Type type, float weight, int64_t row, int64_t column);

} // namespace edgelm
