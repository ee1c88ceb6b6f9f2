// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Quantized linear kernels against the sums that docs/quantization.md demands, bit by bit.
#include "Codegen/HostTarget.h"
#include "Codegen/Kernels/Linear.h"
#include "KernelJit.h"
#include "PackedMatrix.h"

#include "gtest/gtest.h"

#include <cstring>

using namespace edgelm;

namespace {

/// One shape.
struct Shape {
  int64_t rows, k, n;
  bool glu, residual;
};

/// Odd sizes, tails of K within a unit and a group, and blocks of rows. Compiling takes long, so that each shape is for
/// one purpose.
const Shape kOdd = {7, 330, 70, false, true};
const Shape kBlocks = {128, 96, 33, true, false};
const Shape kTiny = {2, 20, 3, false, false};
const Shape kGroups = {3, 150, 20, false, false};
/// All but one row are valid: 32, 16 and 6 rows; 16, 6 and 2.
const Shape kTiles = {55, 330, 70, false, true};
const Shape kGatedTiles = {25, 20, 33, true, false};

std::vector<const FormatRow *> integerFormats() {
  std::vector<const FormatRow *> formats;
  for (const FormatRow &format : formatTable())
    if (!format.isFloat())
      formats.push_back(&format);
  return formats;
}

class QuantizedLinear : public testing::TestWithParam<const FormatRow *> {
protected:
  void check(const Shape &shape, bool int8Input, const TargetSpec &target, const IsaRow &isa);
  void checkTiles(const Shape &shape, const IsaRow &isa);
  float expected(const Shape &shape, int64_t row, int64_t column, bool hasFma) const;

  std::vector<PackedMatrix> matrices;
  std::vector<PackedRows> rows; // or floats
  std::vector<float> floats, residual;
  bool emulatesTiles = false;
};

float QuantizedLinear::expected(const Shape &shape, int64_t row, int64_t column, bool hasFma) const {
  float values[2];
  for (size_t i = 0; i < matrices.size(); ++i)
    values[i] = rows.empty() ? expectedSum(matrices[i], floats, row, column, hasFma)
                             : expectedSum(matrices[i], rows[0], row, column);
  volatile float value = shape.glu ? values[0] * values[1] : values[0];
  return shape.residual ? value + residual[row * shape.n + column] : value;
}

void QuantizedLinear::check(const Shape &shape, bool int8Input, const TargetSpec &target, const IsaRow &isa) {
  LinearSpec many, one;
  many.rows = shape.rows;
  many.k = shape.k;
  many.n = shape.n;
  many.format = GetParam();
  many.int8Input = int8Input;
  many.glu = shape.glu;
  many.residual = shape.residual;
  one = many;
  one.rows = 1;
  KernelJit jit(
      target,
      [&](mlir::ModuleOp module, const IsaRow &row) {
        getLinearKernel(module, many, row);
        getLinearKernel(module, one, row);
      },
      &isa);
  emulatesTiles = jit.emulatesTiles;

  matrices.clear();
  rows.clear();
  for (uint32_t i = 0; i < (shape.glu ? 2 : 1); ++i)
    matrices.emplace_back(*GetParam(), shape.n, shape.k, isa.panel, i);
  if (int8Input)
    rows.emplace_back(many.inputLayout(), shape.rows, 5);
  floats = randomFloats(shape.rows * shape.k, 6);
  residual = randomFloats(shape.rows * shape.n, 7);
  uint8_t *input = int8Input ? rows[0].bytes.data() : reinterpret_cast<uint8_t *>(floats.data());
  int64_t inputStride = int8Input ? rows[0].layout.rowBytes() : shape.k * 4;

  // A guard row shows stores beyond the valid rows and columns.
  std::vector<float> output((shape.rows + 1) * shape.n, 77.0f), single(shape.n + 1, 77.0f);
  std::vector<void *> buffers = {input};
  for (PackedMatrix &matrix : matrices)
    buffers.push_back(matrix.bytes.data());
  if (shape.residual)
    buffers.push_back(residual.data());
  buffers.push_back(output.data());
  int32_t valid = int32_t(shape.rows - 1), items = int32_t(many.workItems(isa)), panels = int32_t(many.panels(isa));
  // In two parts, as two threads would.
  jit.task(many.name())(buffers.data(), 0, valid, 0, items / 2);
  jit.task(many.name())(buffers.data(), 0, valid, items / 2, items);
  for (int64_t row = 0; row < valid; ++row) {
    for (int64_t column = 0; column < shape.n; ++column)
      ASSERT_EQ(output[row * shape.n + column], expected(shape, row, column, isa.hasFma)) << row << ' ' << column;
    buffers[0] = input + row * inputStride;
    if (shape.residual)
      buffers[buffers.size() - 2] = residual.data() + row * shape.n;
    buffers.back() = single.data();
    jit.task(one.name())(buffers.data(), 0, 1, 0, panels);
    ASSERT_EQ(0, std::memcmp(single.data(), output.data() + row * shape.n, shape.n * sizeof(float))) << "row " << row;
  }
  for (size_t i = valid * shape.n; i < output.size(); ++i)
    ASSERT_EQ(output[i], 77.0f) << i;
}

TEST_P(QuantizedLinear, EqualsTheStatedSums) {
  for (const TargetSpec &target : runnableTargets()) {
    SCOPED_TRACE(target.name);
    ASSERT_NO_FATAL_FAILURE(check(kOdd, /*int8Input=*/true, target, *findIsa(target.isa)));
    SCOPED_TRACE("tiny");
    ASSERT_NO_FATAL_FAILURE(check(kTiny, /*int8Input=*/true, target, *findIsa(target.isa)));
  }
}

TEST_P(QuantizedLinear, WidensWeightsForFloats) {
  for (const TargetSpec &target : runnableTargets()) {
    SCOPED_TRACE(target.name);
    ASSERT_NO_FATAL_FAILURE(check(kTiny, /*int8Input=*/false, target, *findIsa(target.isa)));
  }
  TargetSpec last = runnableTargets().back();
  ASSERT_NO_FATAL_FAILURE(check(kGroups, /*int8Input=*/false, last, *findIsa(last.isa)));
}

TEST_P(QuantizedLinear, DividesRowsIntoBlocksAndGates) {
  TargetSpec last = runnableTargets().back();
  ASSERT_NO_FATAL_FAILURE(check(kBlocks, /*int8Input=*/true, last, *findIsa(last.isa)));
}

TEST_P(QuantizedLinear, GivesTheSameBitsInAnyLoopNest) {
  TargetSpec last = runnableTargets().back();
  IsaRow isa = *findIsa(last.isa);
  isa.schedules.quantized = {.tileRows = {5, 1},
                             .tileVectors = 1,
                             .minItems = 1,
                             .unrollK = 2,
                             .decodePanels = 2,
                             .decodeUnrollK = 2,
                             .decodePrefetchBytes = 0,
                             .prefetchNextPanel = false,
                             .scratchBytes = 0};
  ASSERT_NO_FATAL_FAILURE(check(kOdd, /*int8Input=*/true, last, isa));
}

/// Kernels for AMX on a machine with the rest of what they need; with AMX, EqualsTheStatedSums runs them as they are.
void QuantizedLinear::checkTiles(const Shape &shape, const IsaRow &isa) {
  TargetSpec target = TargetSpec::of(*findTarget("x86-64-v4-vnni"));
  if (!runsHere(target))
    GTEST_SKIP() << "kernels for AMX need a processor with AVX-512 and VNNI beside the emulated tiles";
  ASSERT_NO_FATAL_FAILURE(check(shape, /*int8Input=*/true, target, isa));
  EXPECT_TRUE(emulatesTiles) << "no tile was used";
}

TEST_P(QuantizedLinear, EqualsTheStatedSumsOnTiles) {
  checkTiles(kTiles, kX86Amx);
}

TEST_P(QuantizedLinear, GatesOnOtherTiles) {
  IsaRow isa = kX86Amx;
  isa.schedules.quantized.tileVectors = 4;
  isa.schedules.quantized.matrixTiles = 1;
  isa.schedules.quantized.matrixDepthBytes = 20;
  // Signed codes.
  isa.dot = kX86Avx512.dot;
  checkTiles(kGatedTiles, isa);
}

INSTANTIATE_TEST_SUITE_P(Formats, QuantizedLinear, testing::ValuesIn(integerFormats()),
                         [](const auto &info) { return std::string(info.param->name); });

/// Which instructions the inner loop of a format must consist of.
struct Instructions {
  const char *target, *format;
  std::vector<const char *> found, absent;
};

TEST(QuantizedLinearCode, UsesTheDotProductsOfTheIsa) {
  const Instructions all[] = {
      {"x86-64-v2", "int4_g32", {"pmaddubsw", "pmaddwd"}, {"vpmaddubsw", "callq"}},
      {"x86-64-v2", "nf4_g64", {"pshufb", "pmaddubsw"}, {"callq"}},
      {"x86-64-v3", "int4_g32", {"vpmaddubsw", "vpmaddwd", "%ymm"}, {"%zmm", "vpdpbusd"}},
      {"x86-64-v3", "int8", {"vpsignb", "vpmaddubsw"}, {"vpdpbusd"}},
      {"x86-64-v3-vnni", "int4_g32", {"vpdpbusd", "%ymm"}, {"%zmm", "vpmaddubsw"}},
      {"n100", "nf4_g64", {"vpdpbusd", "vpshufb"}, {"%zmm", "vpmaddubsw"}},
      {"x86-64-v4", "int8_g32", {"vpmaddubsw", "vpmaddwd", "%zmm"}, {"vpdpbusd"}},
      {"x86-64-v4-vnni", "int4_g32", {"vpdpbusd", "%zmm"}, {"vpmaddubsw", "callq"}},
      {"x86-64-v4-vnni", "int4p_g64", {"vpmullw", "vpdpbusd"}, {"vpmaddubsw"}},
  };
  for (const Instructions &row : all) {
    SCOPED_TRACE(std::string(row.target) + " " + row.format);
    std::string text =
        kernelAssembly(TargetSpec::of(*findTarget(row.target)), [&](mlir::ModuleOp module, const IsaRow &isa) {
          LinearSpec spec;
          spec.k = 256;
          spec.n = 64;
          spec.format = findFormat(row.format);
          spec.int8Input = true;
          getLinearKernel(module, spec, isa);
        });
    for (const char *name : row.found)
      EXPECT_NE(text.find(name), std::string::npos) << name;
    for (const char *name : row.absent)
      EXPECT_EQ(text.find(name), std::string::npos) << name;
  }
}

/// What the matmul and the matvec of a format become where there are tiles.
TEST(QuantizedLinearCode, MultipliesManyRowsOnTiles) {
  for (const char *format : {"int8", "int4_g32", "int4_g128", "int4p_g64"})
    for (int64_t rows : {1, 128}) {
      SCOPED_TRACE(format + std::to_string(rows));
      std::string text =
          kernelAssembly(TargetSpec::of(*findTarget("sapphirerapids")), [&](mlir::ModuleOp module, const IsaRow &isa) {
            LinearSpec spec;
            spec.rows = rows;
            spec.k = 256;
            spec.n = 64;
            spec.format = findFormat(format);
            spec.int8Input = true;
            getLinearKernel(module, spec, isa);
          });
      EXPECT_NE(text.find("vpdpbusd"), std::string::npos);
      for (const char *name : {"ldtilecfg", "tileloadd", "tdpbsud", "tilestored"})
        EXPECT_EQ(text.find(name) != std::string::npos, rows > 1) << name;
      EXPECT_EQ(text.find("(%rsp), %tmm"), std::string::npos) << "a tile is kept in memory";
    }
}

} // namespace
