// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Linear kernels against plain loops, and one row against many, bit by bit.
#include "Codegen/Kernels/Linear.h"
#include "KernelJit.h"

#include "gtest/gtest.h"

#include <cmath>
#include <cstring>

using namespace edgelm;

namespace {

/// One shape with its epilogue.
struct Case {
  int64_t rows, k, n;
  bool bias, residual, glu;
  const char *activation;
  const char *type;
};

const Case kCases[] = {
    {13, 37, 70, false, false, false, "", "f32"},
    {1, 37, 70, true, true, false, "silu", "f32"},
    {7, 64, 32, true, false, false, "gelu", "f32"},
    {29, 5, 3, false, true, false, "relu", "f32"},
    {18, 96, 65, false, false, true, "silu", "f32"},
    {1, 96, 129, true, false, true, "gelu_tanh", "f32"},
    {9, 40, 257, true, true, true, "silu", "f32"},
    {5, 33, 100, false, true, false, "", "f16"},
    {4, 48, 64, true, false, false, "tanh", "bf16"},
    // Rows in two blocks.
    {113, 24, 40, false, false, false, "", "f32"},
};

/// Rounds a weight to what the type can hold.
float asStored(float value, llvm::StringRef type) {
  if (type == "f16")
    return fromF16(toF16(value));
  uint32_t bits;
  std::memcpy(&bits, &value, 4);
  if (type == "bf16")
    bits &= 0xffff0000;
  std::memcpy(&value, &bits, 4);
  return value;
}

std::vector<uint8_t> toBytes(const std::vector<float> &values, llvm::StringRef type) {
  std::vector<uint8_t> bytes;
  for (float value : values) {
    uint32_t bits;
    std::memcpy(&bits, &value, 4);
    uint16_t narrow = type == "f16" ? toF16(value) : uint16_t(bits >> 16);
    const uint8_t *from = type == "f32" ? reinterpret_cast<uint8_t *>(&bits) : reinterpret_cast<uint8_t *>(&narrow);
    bytes.insert(bytes.end(), from, from + (type == "f32" ? 4 : 2));
  }
  return bytes;
}

double activate(llvm::StringRef name, double x) {
  if (name == "silu")
    return x / (1 + std::exp(-x));
  if (name == "gelu")
    return 0.5 * x * (1 + std::erf(x / std::sqrt(2.0)));
  if (name == "gelu_tanh")
    return 0.5 * x * (1 + std::tanh(0.7978845608028654 * (x + 0.044715 * x * x * x)));
  if (name == "relu")
    return x > 0 ? x : 0;
  if (name == "tanh")
    return std::tanh(x);
  return x;
}

LinearSpec specOf(const Case &c, mlir::MLIRContext *context, int64_t rows) {
  mlir::Builder b(context);
  LinearSpec spec;
  spec.rows = rows;
  spec.k = c.k;
  spec.n = c.n;
  spec.weightType = llvm::StringRef(c.type) == "f16"    ? mlir::Type(b.getF16Type())
                    : llvm::StringRef(c.type) == "bf16" ? mlir::Type(b.getBF16Type())
                                                        : b.getF32Type();
  spec.bias = c.bias;
  spec.residual = c.residual;
  spec.glu = c.glu;
  spec.activation = c.activation;
  return spec;
}

class Linear : public testing::TestWithParam<Case> {};

TEST_P(Linear, EqualsPlainLoopAndItsOwnMatvec) {
  const Case &c = GetParam();
  for (const TargetSpec &target : runnableTargets()) {
    SCOPED_TRACE(target.name);
    const IsaRow &isa = *findIsa(target.isa);
    std::string many, one;
    int64_t items = 0, panels = 0;
    KernelJit jit(target, [&](mlir::ModuleOp module, const IsaRow &row) {
      LinearSpec spec = specOf(c, module.getContext(), c.rows);
      items = spec.workItems(row);
      panels = spec.panels(row);
      many = getLinearKernel(module, spec, row).getName().str();
      one = getLinearKernel(module, specOf(c, module.getContext(), 1), row).getName().str();
    });
    int64_t matrices = c.glu ? 2 : 1;
    std::vector<float> input = randomFloats(c.rows * c.k, 1), bias = randomFloats(matrices * c.n, 2),
                       residual = randomFloats(c.rows * c.n, 3);
    std::vector<std::vector<float>> weights;
    std::vector<std::vector<uint8_t>> packed;
    for (int64_t i = 0; i < matrices; ++i) {
      weights.push_back(randomFloats(c.n * c.k, 4 + i));
      for (float &weight : weights.back())
        weight = asStored(weight, c.type);
      packed.push_back(toBytes(packPanels(weights.back(), c.n, c.k, isa.panel), c.type));
    }
    // A guard row shows stores beyond the valid rows and columns.
    std::vector<float> output(c.rows * c.n + 64, 77.0f), single(c.n + 64, 77.0f);
    std::vector<void *> buffers = {input.data()};
    for (std::vector<uint8_t> &matrix : packed)
      buffers.push_back(matrix.data());
    if (c.bias)
      buffers.push_back(bias.data());
    if (c.residual)
      buffers.push_back(residual.data());
    buffers.push_back(output.data());
    int64_t valid = c.rows > 2 ? c.rows - 1 : c.rows;
    // In two parts, as two threads would.
    jit.task(many)(buffers.data(), 0, int32_t(valid), 0, int32_t(items / 2));
    jit.task(many)(buffers.data(), 0, int32_t(valid), int32_t(items / 2), int32_t(items));
    for (int64_t row = 0; row < valid; ++row) {
      for (int64_t column = 0; column < c.n; ++column) {
        double part[2] = {0, 0};
        for (int64_t i = 0; i < matrices; ++i) {
          for (int64_t k = 0; k < c.k; ++k)
            part[i] += double(input[row * c.k + k]) * weights[i][column * c.k + k];
          if (c.bias)
            part[i] += bias[i * c.n + column];
        }
        double expected = activate(c.activation, part[0]) * (c.glu ? part[1] : 1);
        if (c.residual)
          expected += residual[row * c.n + column];
        // K products of numbers below 1, each rounded to 2^-24 of a sum below sqrt(K), and the activation's error.
        ASSERT_NEAR(output[row * c.n + column], expected, 2e-6 * double(c.k)) << row << ' ' << column;
      }
      buffers[0] = input.data() + row * c.k;
      if (c.residual)
        buffers[buffers.size() - 2] = residual.data() + row * c.n;
      buffers.back() = single.data();
      jit.task(one)(buffers.data(), 0, 1, 0, int32_t(panels));
      ASSERT_EQ(0, std::memcmp(single.data(), output.data() + row * c.n, c.n * sizeof(float))) << "row " << row;
    }
    for (size_t i = valid * c.n; i < output.size(); ++i)
      ASSERT_EQ(output[i], 77.0f) << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, Linear, testing::ValuesIn(kCases));

} // namespace
