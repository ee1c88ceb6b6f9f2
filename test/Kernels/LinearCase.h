// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One product of random activations with a random quantized matrix, and what docs/quantization.md says it is.
#pragma once

#include "Codegen/Kernels/Linear.h"
#include "PackedMatrix.h"

namespace edgelm {

/// One shape. Of `rows` of activations all but the last are valid.
struct LinearShape {
  int64_t rows, k, n;
  bool glu, residual;
};

// Odd sizes, tails of K within a unit and a group, and blocks of rows. Compiling takes long, so that each shape is for
// one purpose.
inline constexpr LinearShape kOddShape = {7, 330, 70, false, true};
inline constexpr LinearShape kBlocksShape = {128, 96, 33, true, false};
inline constexpr LinearShape kTinyShape = {2, 20, 3, false, false};
inline constexpr LinearShape kGatedShape = {3, 64, 10, true, true};
inline constexpr LinearShape kGroupsShape = {3, 150, 20, false, false};

/// The operands of a matmul, whose rows are also those of a matvec.
struct LinearCase {
  LinearCase(const FormatRow &format, const LinearShape &shape, bool int8Input, const IsaRow &isa);

  const uint8_t *input() const;
  /// Bytes of one row of the input.
  int64_t inputStride() const;
  int64_t inputBytes() const { return inputStride() * shape.rows; }
  /// `hasFma` as the ISA's.
  float expected(int64_t row, int64_t column, bool hasFma) const;

  LinearShape shape;
  LinearSpec many, one;
  std::vector<PackedMatrix> matrices;
  std::vector<PackedRows> rows; ///< or floats
  std::vector<float> floats, residual;
};

/// All formats that are not float ones.
std::vector<const FormatRow *> integerFormats();

} // namespace edgelm
