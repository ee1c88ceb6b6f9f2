// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "LinearCase.h"
#include "KernelJit.h"

namespace edgelm {

LinearCase::LinearCase(const FormatRow &format, const LinearShape &shape, bool int8Input, const IsaRow &isa)
    : shape(shape) {
  many.rows = shape.rows;
  many.k = shape.k;
  many.n = shape.n;
  many.format = &format;
  many.int8Input = int8Input;
  many.glu = shape.glu;
  many.residual = shape.residual;
  one = many;
  one.rows = 1;
  for (uint32_t i = 0; i < (shape.glu ? 2 : 1); ++i)
    matrices.emplace_back(many.weightLayout(isa), i);
  if (int8Input)
    rows.emplace_back(many.inputLayout(isa), shape.rows, 5);
  floats = randomFloats(shape.rows * shape.k, 6);
  residual = randomFloats(shape.rows * shape.n, 7);
}

const uint8_t *LinearCase::input() const {
  return rows.empty() ? reinterpret_cast<const uint8_t *>(floats.data()) : rows[0].bytes.data();
}

int64_t LinearCase::inputStride() const {
  return rows.empty() ? shape.k * int64_t(sizeof(float)) : rows[0].layout.rowBytes();
}

float LinearCase::expected(int64_t row, int64_t column, bool hasFma) const {
  float values[2];
  for (size_t i = 0; i < matrices.size(); ++i)
    values[i] = rows.empty() ? expectedSum(matrices[i], floats, row, column, hasFma)
                             : expectedSum(matrices[i], rows[0], row, column);
  volatile float value = shape.glu ? values[0] * values[1] : values[0];
  return shape.residual ? value + residual[row * shape.n + column] : value;
}

std::vector<const FormatRow *> integerFormats() {
  std::vector<const FormatRow *> formats;
  for (const FormatRow &format : formatTable())
    if (!format.isFloat())
      formats.push_back(&format);
  return formats;
}

} // namespace edgelm
