// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Norms, softmax, rotary embedding, embedding and cache append against plain loops.
#include "Codegen/Kernels/Rows.h"
#include "Codegen/Kernels/Norm.h"
#include "Dialect/Codec.h"
#include "KernelJit.h"

#include "gtest/gtest.h"

#include <bit>
#include <cmath>
#include <cstring>

using namespace edgelm;

namespace {

TEST(Rows, NormalisesRows) {
  for (const TargetSpec &target : runnableTargets())
    for (int64_t columns : {5, 64, 288, 331})
      for (NormKind kind : {NormKind::Rms, NormKind::Layer, NormKind::Softmax, NormKind::LogSoftmax}) {
        SCOPED_TRACE(target.name + " " + std::to_string(columns) + " " + std::to_string(int(kind)));
        constexpr int64_t rows = 3;
        bool scaled = kind == NormKind::Rms || kind == NormKind::Layer;
        NormSpec spec;
        spec.kind = kind;
        spec.rows = rows;
        spec.columns = columns;
        spec.epsilon = scaled ? 1e-5 : 0;
        spec.bias = kind == NormKind::Layer;
        KernelJit jit(target, [&](mlir::ModuleOp module, const IsaRow &isa) { getNormKernel(module, spec, isa); });
        std::vector<float> input = randomFloats(rows * columns, 1), weight = randomFloats(columns, 2),
                           bias = randomFloats(columns, 3), output(rows * columns, 77.0f);
        std::vector<void *> buffers = {input.data()};
        if (scaled)
          buffers.push_back(weight.data());
        if (spec.bias)
          buffers.push_back(bias.data());
        buffers.push_back(output.data());
        jit.task(spec.name())(buffers.data(), 0, 2, 0, 3);
        for (int64_t row = 0; row < 2; ++row) {
          const float *x = &input[row * columns];
          double mean = 0, square = 0, exponentials = 0;
          for (int64_t i = 0; i < columns; ++i) {
            mean += double(x[i]) / columns;
            square += double(x[i]) * x[i] / columns;
            exponentials += std::exp(double(x[i]));
          }
          for (int64_t i = 0; i < columns; ++i) {
            double expected = kind == NormKind::Rms ? x[i] / std::sqrt(square + 1e-5) * weight[i]
                              : kind == NormKind::Layer
                                  ? (x[i] - mean) / std::sqrt(square - mean * mean + 1e-5) * weight[i] + bias[i]
                              : kind == NormKind::Softmax ? std::exp(x[i]) / exponentials
                                                          : x[i] - std::log(exponentials);
            ASSERT_NEAR(output[row * columns + i], expected, 2e-6) << row << ' ' << i;
          }
        }
        ASSERT_EQ(output[2 * columns], 77.0f);
      }
}

TEST(Rows, RotatesPairs) {
  for (const TargetSpec &target : runnableTargets())
    for (bool interleaved : {false, true})
      for (int64_t pairs : {24, 7}) {
        RopeSpec spec = {3, 2, 50, 12, pairs, interleaved, true};
        KernelJit jit(target, [&](mlir::ModuleOp module, const IsaRow &isa) { getRopeKernel(module, spec, isa); });
        std::vector<float> input = randomFloats(3 * 2 * 50, 1), cos = randomFloats(12 * pairs, 2),
                           sin = randomFloats(12 * pairs, 3), output(input);
        // In place.
        void *buffers[] = {output.data(), cos.data(), sin.data(), output.data()};
        jit.task(spec.name())(buffers, 5, 2, 0, 6);
        for (int64_t row = 0; row < 3; ++row)
          for (int64_t head = 0; head < 2; ++head) {
            const float *x = &input[(row * 2 + head) * 50], *y = &output[(row * 2 + head) * 50];
            std::vector<double> expected(x, x + 50);
            for (int64_t i = 0; row < 2 && i < pairs; ++i) {
              int64_t a = interleaved ? 2 * i : i, b = interleaved ? 2 * i + 1 : i + pairs;
              double c = cos[(5 + row) * pairs + i], s = sin[(5 + row) * pairs + i];
              expected[a] = x[a] * c - x[b] * s;
              expected[b] = x[b] * c + x[a] * s;
            }
            for (int64_t i = 0; i < 50; ++i)
              ASSERT_NEAR(y[i], expected[i], 3e-7) << target.name << ' ' << interleaved << ' ' << row << ' ' << i;
          }
      }
}

TEST(Rows, EmbedsFromRowsAndFromPanels) {
  for (const TargetSpec &target : runnableTargets())
    for (bool panels : {false, true}) {
      EmbedSpec spec = {4, 37, 41, 0, {}, {}};
      std::string name;
      int64_t panel = findIsa(target.isa)->panel;
      KernelJit jit(target, [&](mlir::ModuleOp module, const IsaRow &isa) {
        spec.panel = panels ? panel : 0;
        spec.tokenType = mlir::IntegerType::get(module.getContext(), 32);
        spec.tableType = mlir::Float32Type::get(module.getContext());
        name = getEmbedKernel(module, spec, isa).getName().str();
      });
      std::vector<float> table = randomFloats(41 * 37, 1), output(4 * 37, 77.0f);
      std::vector<float> packed = panels ? packPanels(table, 41, 37, panel) : table;
      int32_t tokens[] = {40, 3, -5, 1};
      void *buffers[] = {tokens, packed.data(), output.data()};
      jit.task(name)(buffers, 0, 3, 0, 4);
      for (int64_t row = 0; row < 3; ++row)
        ASSERT_EQ(0, std::memcmp(&output[row * 37], &table[std::max(0, tokens[row]) * 37], 37 * 4)) << row;
      ASSERT_EQ(output[3 * 37], 77.0f);
    }
}

TEST(Rows, AppendsAndCopiesRows) {
  for (const TargetSpec &target : runnableTargets()) {
    CacheAppendSpec append = {5, 2, 16, 19, {}};
    std::string name;
    CopyRowsSpec last = {CopyRowsSpec::LastRow, 5, 1, 38}, position = {CopyRowsSpec::AtPosition, 16, 5, 38};
    KernelJit jit(target, [&](mlir::ModuleOp module, const IsaRow &isa) {
      append.cacheType = mlir::Float32Type::get(module.getContext());
      name = getCacheAppendKernel(module, append, isa).getName().str();
      getCopyRowsKernel(module, last, isa);
      getCopyRowsKernel(module, position, isa);
    });
    std::vector<float> rows = randomFloats(5 * 38, 1), cache(2 * 16 * 19, 77.0f), one(38),
                       table = randomFloats(16 * 38, 2), out(5 * 38, 77.0f);
    void *appended[] = {rows.data(), cache.data()};
    jit.task(name)(appended, 11, 4, 0, 10);
    for (int64_t group = 0; group < 2; ++group)
      for (int64_t row = 0; row < 16; ++row)
        for (int64_t i = 0; i < 19; ++i)
          ASSERT_EQ(cache[(group * 16 + row) * 19 + i],
                    row >= 11 && row < 15 ? rows[((row - 11) * 2 + group) * 19 + i] : 77.0f);
    void *copied[] = {rows.data(), one.data()};
    jit.task(last.name())(copied, 3, 4, 0, 1);
    ASSERT_EQ(0, std::memcmp(one.data(), &rows[3 * 38], 38 * 4));
    void *positioned[] = {table.data(), out.data()};
    jit.task(position.name())(positioned, 11, 4, 0, 5);
    ASSERT_EQ(0, std::memcmp(out.data(), &table[11 * 38], 4 * 38 * 4));
    ASSERT_EQ(out[4 * 38], 77.0f);
  }
}

TEST(Rows, RoundsToHalfOnTheWayToTheCache) {
  // Ties, both ends of normal and subnormal numbers, overflow, infinity and NaN; then everything of all sizes.
  std::vector<float> rows = {0.0f,          -0.0f,         1.0f,         1.00048828125f, 1.00146484375f, 65504.0f,
                             65519.996f,    65520.0f,      -1e9f,        6.1035156e-5f,  6.0975552e-5f,  5.9604645e-8f,
                             2.9802322e-8f, 2.9802326e-8f, 8.940697e-8f, 1e-20f,         INFINITY,       -INFINITY};
  for (uint32_t bits = 0x12345; bits < 0xff000000u; bits += 0x10fedcb)
    rows.push_back(std::bit_cast<float>(bits));
  for (const TargetSpec &target : runnableTargets()) {
    SCOPED_TRACE(target.name);
    CacheAppendSpec append = {1, 1, 2, int64_t(rows.size()), {}};
    std::string name;
    KernelJit jit(target, [&](mlir::ModuleOp module, const IsaRow &isa) {
      append.cacheType = mlir::Float16Type::get(module.getContext());
      name = getCacheAppendKernel(module, append, isa).getName().str();
    });
    std::vector<uint16_t> cache(2 * rows.size(), 0x4d4d);
    void *buffers[] = {rows.data(), cache.data()};
    jit.task(name)(buffers, 1, 1, 0, 1);
    for (size_t i = 0; i < rows.size(); ++i) {
      ASSERT_EQ(cache[i], 0x4d4d);
      uint16_t stored = cache[rows.size() + i];
      if (std::isnan(rows[i]))
        ASSERT_TRUE(std::isnan(fromF16(stored))) << i;
      else
        ASSERT_EQ(stored, toF16(rows[i])) << rows[i];
    }
  }
}

TEST(Rows, QuantizesOnTheWayToTheCache) {
  for (const TargetSpec &target : runnableTargets())
    for (int64_t columns : {20, 64, 160}) {
      SCOPED_TRACE(target.name + " " + std::to_string(columns));
      ActivationLayout layout = ActivationLayout::compact(columns);
      CacheAppendSpec append = {3, 2, 8, columns, {}};
      std::string name;
      KernelJit jit(target, [&](mlir::ModuleOp module, const IsaRow &isa) {
        append.cacheType = mlir::IntegerType::get(module.getContext(), 8);
        name = getCacheAppendKernel(module, append, isa).getName().str();
      });
      std::vector<float> rows = randomFloats(3 * 2 * columns, 1);
      std::fill_n(&rows[columns], columns, 0.0f);
      std::vector<uint8_t> cache(2 * 8 * layout.rowBytes(), 0x4d), expected = cache;
      for (int64_t row = 0; row < 2; ++row)
        for (int64_t group = 0; group < 2; ++group)
          quantizeActivations(layout, &rows[(row * 2 + group) * columns],
                              &expected[(group * 8 + 5 + row) * layout.rowBytes()]);
      void *buffers[] = {rows.data(), cache.data()};
      jit.task(name)(buffers, 5, 2, 0, 6);
      ASSERT_EQ(cache, expected);
    }
}

} // namespace
