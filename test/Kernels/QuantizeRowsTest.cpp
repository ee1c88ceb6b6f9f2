// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Quantization of activations, alone and behind a norm, and rows of quantized tables, against the codec.
#include "Codegen/Kernels/QuantizeRows.h"
#include "Codegen/Kernels/Norm.h"
#include "Codegen/Kernels/Rows.h"
#include "Dialect/Codec.h"
#include "KernelJit.h"
#include "PackedMatrix.h"

#include "gtest/gtest.h"

#include <cstring>

using namespace edgelm;

namespace {

/// Columns and group.
const ActivationLayout kLayouts[] = {{5, 32}, {64, 32}, {330, 32}, {330, 128}, {331, 0}, {96, 0}, {520, 256}};

/// Codes, scales and sums of one row, without the padding between them.
void expectRow(const ActivationLayout &layout, const uint8_t *found, const uint8_t *expected) {
  ASSERT_EQ(0, std::memcmp(found, expected, layout.paddedK())) << "codes";
  ASSERT_EQ(0, std::memcmp(found + layout.scales(), expected + layout.scales(), layout.groups() * 4)) << "scales";
  ASSERT_EQ(0, std::memcmp(found + layout.sums(), expected + layout.sums(), layout.groups() * 4)) << "sums";
}

TEST(QuantizeRows, EqualsTheCodec) {
  for (const TargetSpec &target : runnableTargets())
    for (const ActivationLayout &layout : kLayouts) {
      SCOPED_TRACE(target.name + " " + std::to_string(layout.k) + " " + std::to_string(layout.group));
      QuantizeRowsSpec spec = {4, layout};
      KernelJit jit(target,
                    [&](mlir::ModuleOp module, const IsaRow &isa) { getQuantizeRowsKernel(module, spec, isa); });
      std::vector<float> input = randomFloats(4 * layout.k, 1);
      // A row of zeros but for its last number, and one of numbers too small to divide by.
      std::fill(input.begin() + layout.k, input.begin() + 2 * layout.k - 1, 0.0f);
      for (int64_t i = 0; i < layout.k; ++i)
        input[2 * layout.k + i] *= 0x1p-130f;
      std::vector<uint8_t> output(4 * layout.rowBytes(), 77), expected(layout.rowBytes());
      void *buffers[] = {input.data(), output.data()};
      jit.task(spec.name())(buffers, 0, 3, 0, 4);
      for (int64_t row = 0; row < 3; ++row) {
        quantizeActivations(layout, input.data() + row * layout.k, expected.data());
        ASSERT_NO_FATAL_FAILURE(expectRow(layout, output.data() + row * layout.rowBytes(), expected.data())) << row;
      }
      ASSERT_EQ(output[3 * layout.rowBytes()], 77);
    }
}

TEST(QuantizeRows, FusesWithNorms) {
  for (const TargetSpec &target : runnableTargets())
    for (const ActivationLayout &layout : kLayouts)
      for (NormKind kind : {NormKind::Rms, NormKind::Layer}) {
        SCOPED_TRACE(target.name + " " + std::to_string(layout.k) + " " + std::to_string(layout.group));
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
      PackedMatrix table(format, spec.vocabulary, spec.columns, panel, 1);
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
