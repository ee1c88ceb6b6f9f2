// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Quantized linear kernels against the sums that docs/quantization.md demands, bit by bit.
#include "Codegen/HostTarget.h"
#include "KernelJit.h"
#include "LinearCase.h"

#include "gtest/gtest.h"

#include <cstring>

using namespace edgelm;

namespace {

/// All but one row are valid: 32, 16 and 6 rows; 16, 6 and 2.
constexpr LinearShape kTilesShape = {55, 330, 70, false, true};
constexpr LinearShape kGatedTilesShape = {25, 20, 33, true, false};

class QuantizedLinear : public testing::TestWithParam<const FormatRow *> {
protected:
  void check(const LinearShape &shape, bool int8Input, const TargetSpec &target, const IsaRow &isa);
  void checkTiles(const LinearShape &shape, const IsaRow &isa);

  bool emulatesTiles = false;
};

void QuantizedLinear::check(const LinearShape &shape, bool int8Input, const TargetSpec &target, const IsaRow &isa) {
  LinearCase data(*GetParam(), shape, int8Input, isa);
  KernelJit jit(
      target,
      [&](mlir::ModuleOp module, const IsaRow &row) {
        getLinearKernel(module, data.many, row);
        getLinearKernel(module, data.one, row);
      },
      &isa);
  emulatesTiles = jit.emulatesTiles;

  // A guard row shows stores beyond the valid rows and columns.
  std::vector<float> output((shape.rows + 1) * shape.n, 77.0f), single(shape.n + 1, 77.0f);
  uint8_t *input = const_cast<uint8_t *>(data.input());
  std::vector<void *> buffers = {input};
  for (PackedMatrix &matrix : data.matrices)
    buffers.push_back(matrix.bytes.data());
  if (shape.residual)
    buffers.push_back(data.residual.data());
  buffers.push_back(output.data());
  int32_t valid = int32_t(shape.rows - 1), items = int32_t(data.many.workItems(isa));
  int32_t panels = int32_t(data.many.panels(isa));
  // In two parts, as two threads would.
  jit.task(data.many.name())(buffers.data(), 0, valid, 0, items / 2);
  jit.task(data.many.name())(buffers.data(), 0, valid, items / 2, items);
  for (int64_t row = 0; row < valid; ++row) {
    for (int64_t column = 0; column < shape.n; ++column)
      ASSERT_EQ(output[row * shape.n + column], data.expected(row, column, isa.hasFma)) << row << ' ' << column;
    buffers[0] = input + row * data.inputStride();
    if (shape.residual)
      buffers[buffers.size() - 2] = data.residual.data() + row * shape.n;
    buffers.back() = single.data();
    jit.task(data.one.name())(buffers.data(), 0, 1, 0, panels);
    ASSERT_EQ(0, std::memcmp(single.data(), output.data() + row * shape.n, shape.n * sizeof(float))) << "row " << row;
  }
  for (size_t i = valid * shape.n; i < output.size(); ++i)
    ASSERT_EQ(output[i], 77.0f) << i;
}

TEST_P(QuantizedLinear, EqualsTheStatedSums) {
  for (const TargetSpec &target : runnableTargets()) {
    SCOPED_TRACE(target.name);
    ASSERT_NO_FATAL_FAILURE(check(kOddShape, /*int8Input=*/true, target, *findIsa(target.isa)));
    SCOPED_TRACE("tiny");
    ASSERT_NO_FATAL_FAILURE(check(kTinyShape, /*int8Input=*/true, target, *findIsa(target.isa)));
  }
}

TEST_P(QuantizedLinear, EqualsTheStatedSumsInSmallCode) {
  TargetSpec last = runnableTargets().back();
  for (const LinearShape &shape : {kOddShape, kTinyShape, kGatedShape})
    ASSERT_NO_FATAL_FAILURE(check(shape, /*int8Input=*/true, last, kSmall)) << shape.k;
  ASSERT_NO_FATAL_FAILURE(check(kTinyShape, /*int8Input=*/false, last, kSmall));
}

TEST_P(QuantizedLinear, WidensWeightsForFloats) {
  for (const TargetSpec &target : runnableTargets()) {
    SCOPED_TRACE(target.name);
    ASSERT_NO_FATAL_FAILURE(check(kTinyShape, /*int8Input=*/false, target, *findIsa(target.isa)));
  }
  TargetSpec last = runnableTargets().back();
  ASSERT_NO_FATAL_FAILURE(check(kGroupsShape, /*int8Input=*/false, last, *findIsa(last.isa)));
}

TEST_P(QuantizedLinear, DividesRowsIntoBlocksAndGates) {
  TargetSpec last = runnableTargets().back();
  ASSERT_NO_FATAL_FAILURE(check(kBlocksShape, /*int8Input=*/true, last, *findIsa(last.isa)));
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
  ASSERT_NO_FATAL_FAILURE(check(kOddShape, /*int8Input=*/true, last, isa));
}

/// Kernels for AMX on a machine with the rest of what they need; with AMX, EqualsTheStatedSums runs them as they are.
void QuantizedLinear::checkTiles(const LinearShape &shape, const IsaRow &isa) {
  TargetSpec target = TargetSpec::of(*findTarget("x86-64-v4-vnni"));
  if (!runsHere(target))
    GTEST_SKIP() << "kernels for AMX need a processor with AVX-512 and VNNI beside the emulated tiles";
  ASSERT_NO_FATAL_FAILURE(check(shape, /*int8Input=*/true, target, isa));
  EXPECT_TRUE(emulatesTiles) << "no tile was used";
}

TEST_P(QuantizedLinear, EqualsTheStatedSumsOnTiles) {
  checkTiles(kTilesShape, kX86Amx);
}

TEST_P(QuantizedLinear, GatesOnOtherTiles) {
  IsaRow isa = kX86Amx;
  isa.schedules.quantized.tileVectors = 4;
  isa.schedules.quantized.matrixTiles = 1;
  isa.schedules.quantized.matrixDepthBytes = 20;
  // Signed codes.
  isa.dot = kX86Avx512.dot;
  checkTiles(kGatedTilesShape, isa);
}

INSTANTIATE_TEST_SUITE_P(Formats, QuantizedLinear, testing::ValuesIn(integerFormats()),
                         [](const auto &info) { return std::string(info.param->name); });

} // namespace
