// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Random quantized matrices and activations, packed as lib/Dialect/PackedLayout.h says and multiplied as
// docs/quantization.md says, one number after the other.
#pragma once

#include "Dialect/PackedLayout.h"

#include <cstdint>
#include <vector>

namespace edgelm {

/// A matrix of random codes, scales and zero points.
struct PackedMatrix {
  PackedMatrix(const PackedLayout &layout, uint32_t seed);

  /// The integer that weight [row, column] stands for, with its group's integer.
  int value(int64_t row, int64_t column) const;
  /// The scale that applies to it.
  float scale(int64_t row, int64_t column) const;

  PackedLayout layout;
  std::vector<uint8_t> codes, zeroPoints, integers; ///< [n][k], [n][groups], [n][groups]
  std::vector<float> scales, supers;                ///< [n][groups] or [n]; [n][supers]
  std::vector<uint8_t> bytes;

private:
  void pack();
  uint8_t byteOf(int code, int64_t column) const;
};

/// Rows of random activation codes, scales, sums and perhaps zero points.
struct PackedRows {
  PackedRows(const ActivationLayout &layout, int64_t rows, uint32_t seed);

  ActivationLayout layout;
  std::vector<int8_t> codes;  ///< [rows][k]
  std::vector<float> scales;  ///< [rows][groups]
  std::vector<int32_t> zeros; ///< [rows], added to codes; 0 where the layout has none
  std::vector<uint8_t> bytes;
};

/// Output `n` of row `row`, before the epilogue.
float expectedSum(const PackedMatrix &weights, const PackedRows &input, int64_t row, int64_t n);
/// The same for activations in f32, [rows][k]; `hasFma` as the ISA's.
float expectedSum(const PackedMatrix &weights, const std::vector<float> &input, int64_t row, int64_t n, bool hasFma);

} // namespace edgelm
