// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// NEON with dot products and matrix products of signed bytes: smmla multiplies two rows of eight columns of activations
// by two rows of weights, twice the work of sdot. A panel has four columns of four output rows in a register, so two
// registers zip into rows 0 and 1 and rows 2 and 3 of eight columns; every pair of rows of a tile shares them.
#include "Codegen/Isa/ArmDot.h"
#include "Codegen/Isa/ArmSchedules.h"

namespace edgelm {

static constexpr int64_t kBytes = 16, kHalf = kBytes / 2, kQuad = 4;

/// The lower or the upper halves of two registers, beside each other.
static Val halvesOf(KernelBuilder &k, Val x, Val y, int64_t count, bool isUpper) {
  llvm::SmallVector<int64_t> places;
  for (int64_t from : {int64_t(0), count})
    for (int64_t i = 0; i < count / 2; ++i)
      places.push_back(from + (isUpper ? count / 2 : 0) + i);
  return k.shuffle(x, y, places);
}

/// [x0 x1 x2 x3], [y0 y1 y2 y3] to [x0 x1 y0 y1], [x2 x3 y2 y3], and back.
static void exchange(KernelBuilder &k, Val &x, Val &y) {
  Val lower = halvesOf(k, x, y, 4, false);
  y = halvesOf(k, x, y, 4, true);
  x = lower;
}

/// Eight columns of output rows 0 and 1, or 2 and 3, from two slices.
static Val rowsOf(KernelBuilder &k, Val first, Val second, bool isUpper) {
  llvm::SmallVector<int64_t> places;
  for (int64_t row = isUpper ? 2 : 0, i = 0; i < kBytes; ++i)
    places.push_back((row + i / kHalf) * kQuad + i % kQuad + (i / kQuad % 2 ? kBytes : 0));
  return k.shuffle(first, second, places);
}

static void multiply(KernelBuilder &k, Val &sumX, Val &sumY, Slices weights, Activations &x, Activations &y,
                     int64_t first) {
  int64_t column = kQuad * first, aligned = column / kBytes * kBytes;
  Val rows = halvesOf(k, x.bytes(aligned, kBytes), y.bytes(aligned, kBytes), kBytes, column != aligned);
  Val one = weights(first), other = weights(first + 1);
  auto add = [&](Val &sum, bool isUpper) {
    sum = k.intrinsic("llvm.aarch64.neon.smmla", sum.type(), {sum, rows, rowsOf(k, one, other, isUpper)});
  };
  add(sumX, false);
  add(sumY, true);
}

static constexpr ByteDot products() {
  ByteDot result = kArmDotProducts;
  result.ofPairs = {.exchange = exchange, .add = multiply, .slices = 2};
  return result;
}

/// A tile over rows with one scale has no sums of f32, so that eight rows have registers.
static constexpr Schedules schedules() {
  Schedules result = kArmSchedules;
  result.quantized.rowScaleTileRows = 8;
  return result;
}

const IsaRow kArmI8mm = {
    .name = "arm-i8mm",
    .lanes = 4,
    .panel = 16,
    .hasFma = true,
    .hasF16Convert = true,
    .hasMaskedMemory = false,
    .dot = products(),
    .schedules = schedules(),
};

} // namespace edgelm
