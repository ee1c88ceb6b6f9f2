// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Quantization of activations, alone and behind a norm, and rows of quantized tables, against the codec.
#include "Codegen/Kernels/QuantizeRows.h"
#include "Codegen/Kernels/Norm.h"
#include "Codegen/Kernels/Rows.h"
#include "Dialect/Codec.h"
#include "KernelJit.h"
#include "PackedMatrix.h"

#include "gtest/gtest.h"

#include <cmath>
#include <cstring>

using namespace edgelm;

namespace {

/// Rows of so many columns with a zero point.
ActivationLayout withZeros(int64_t columns) {
  return {columns, /*group=*/0, /*isCompact=*/false, /*hasZeros=*/true};
}

/// Columns and group.
const ActivationLayout kLayouts[] = {{5, 32}, {64, 32},   {330, 32},    {330, 128},    {331, 0},
                                     {96, 0}, {520, 256}, withZeros(5), withZeros(96), withZeros(331)};

std::string nameOf(const ActivationLayout &layout) {
  return std::to_string(layout.k) + " " + std::to_string(layout.group) + (layout.hasZeros ? " with zeros" : "");
}

/// Codes, scales, sums and zero points of one row, without the padding between them.
void expectRow(const ActivationLayout &layout, const uint8_t *found, const uint8_t *expected) {
  ASSERT_EQ(0, std::memcmp(found, expected, layout.paddedK())) << "codes";
  ASSERT_EQ(0, std::memcmp(found + layout.scales(), expected + layout.scales(), layout.groups() * 4)) << "scales";
  ASSERT_EQ(0, std::memcmp(found + layout.sums(), expected + layout.sums(), layout.groups() * 4)) << "sums";
  if (layout.hasZeros)
    ASSERT_EQ(0, std::memcmp(found + layout.zeros(), expected + layout.zeros(), 4)) << "zeros";
}

TEST(QuantizeRows, EqualsTheCodec) {
  for (const TargetSpec &target : runnableTargets())
    for (const ActivationLayout &layout : kLayouts) {
      SCOPED_TRACE(target.name + " " + nameOf(layout));
      QuantizeRowsSpec spec = {5, layout};
      KernelJit jit(target,
                    [&](mlir::ModuleOp module, const IsaRow &isa) { getQuantizeRowsKernel(module, spec, isa); });
      std::vector<float> input = randomFloats(5 * layout.k, 1);
      // A row of zeros but for its last number, and one of numbers too small to divide by.
      std::fill(input.begin() + layout.k, input.begin() + 2 * layout.k - 1, 0.0f);
      for (int64_t i = 0; i < layout.k; ++i)
        input[2 * layout.k + i] *= 0x1p-130f;
      // One of numbers of one sign, whose range still includes 0.
      for (int64_t i = 0; i < layout.k; ++i)
        input[3 * layout.k + i] = -1 - std::fabs(input[3 * layout.k + i]);
      std::vector<uint8_t> output(5 * layout.rowBytes(), 77), expected(layout.rowBytes());
      void *buffers[] = {input.data(), output.data()};
      jit.task(spec.name())(buffers, 0, 4, 0, 5);
      for (int64_t row = 0; row < 4; ++row) {
        quantizeActivations(layout, input.data() + row * layout.k, expected.data());
        ASSERT_NO_FATAL_FAILURE(expectRow(layout, output.data() + row * layout.rowBytes(), expected.data())) << row;
      }
      ASSERT_EQ(output[4 * layout.rowBytes()], 77);
    }
}

TEST(QuantizeRows, FusesWithNorms) {
  for (const TargetSpec &target : runnableTargets())
    for (const ActivationLayout &layout : kLayouts)
      for (NormKind kind : {NormKind::Rms, NormKind::Layer}) {
        SCOPED_TRACE(target.name + " " + nameOf(layout));
        NormSpec plain;
        plain.kind = kind;
        plain.rows = 2;
        plain.columns = layout.k;
        plain.epsilon = 1e-5;
        plain.bias = kind == NormKind::Layer;
        plain.constantWeight = kind == NormKind::Layer ? std::optional<double>(0.5) : std::nullopt;
        NormSpec fused = plain;
        fused.quantized = layout;
        KernelJit jit(target, [&](mlir::ModuleOp module, const IsaRow &isa) {
          getNormKernel(module, plain, isa);
          getNormKernel(module, fused, isa);
        });
        std::vector<float> input = randomFloats(2 * layout.k, 1), parameter = randomFloats(layout.k, 2),
                           floats(2 * layout.k);
        std::vector<uint8_t> output(2 * layout.rowBytes()), expected(layout.rowBytes());
        void *buffers[] = {input.data(), parameter.data(), floats.data()};
        jit.task(plain.name())(buffers, 0, 2, 0, 2);
        buffers[2] = output.data();
        jit.task(fused.name())(buffers, 0, 2, 0, 2);
        for (int64_t row = 0; row < 2; ++row) {
          quantizeActivations(layout, floats.data() + row * layout.k, expected.data());
          ASSERT_NO_FATAL_FAILURE(expectRow(layout, output.data() + row * layout.rowBytes(), expected.data())) << row;
        }
      }
}

TEST(QuantizeRows, EmbedsFromEveryFormat) {
  for (const TargetSpec &target : runnableTargets())
    for (const FormatRow &format : formatTable()) {
      if (format.isFloat())
        continue;
      SCOPED_TRACE(target.name + " " + std::string(format.name));
      int64_t panel = findIsa(target.isa)->panel;
      EmbedSpec spec = {4, 139, 70, panel, {}, {}, &format};
      std::string name;
      KernelJit jit(target, [&](mlir::ModuleOp module, const IsaRow &isa) {
        spec.tokenType = mlir::IntegerType::get(module.getContext(), 32);
        name = getEmbedKernel(module, spec, isa).getName().str();
      });
      PackedMatrix table(spec.layout(*findIsa(target.isa)), 1);
      std::vector<float> output(4 * spec.columns, 77.0f);
      int32_t tokens[] = {69, 3, 33, 1};
      void *buffers[] = {tokens, table.bytes.data(), output.data()};
      jit.task(name)(buffers, 0, 3, 0, 4);
      for (int64_t row = 0; row < 3; ++row)
        for (int64_t column = 0; column < spec.columns; ++column)
          ASSERT_EQ(output[row * spec.columns + column],
                    float(table.value(tokens[row], column)) * table.scale(tokens[row], column))
              << row << ' ' << column;
      ASSERT_EQ(output[3 * spec.columns], 77.0f);
    }
}

} // namespace
