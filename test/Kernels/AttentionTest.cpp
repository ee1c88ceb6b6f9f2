// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Attention against a plain softmax, and a row alone against the same row in a chunk, bit by bit.
#include "Codegen/Kernels/Attention.h"
#include "Dialect/Codec.h"
#include "KernelJit.h"

#include "gtest/gtest.h"

#include <cmath>
#include <cstring>
#include <limits>

using namespace edgelm;

namespace {

/// One shape; `valid` rows at `pos`.
struct Case {
  int64_t rows, heads, groups, keys, headDim, valueDim;
  bool cached, causal;
  int64_t window;
  bool alibi, keyMask;
  int64_t pos, valid;
  int bits = 32; // of keys and values
  int64_t span = 0;
  double softcap = 0;
};

const Case kCases[] = {
    {1, 4, 2, 64, 48, 48, true, true, 0, false, false, 0, 1},
    {1, 4, 4, 100, 64, 64, true, true, 0, false, false, 99, 1},
    {20, 6, 2, 90, 20, 20, true, true, 0, false, false, 37, 19},
    {37, 2, 1, 64, 33, 17, true, true, 0, true, false, 5, 37},
    {40, 2, 2, 80, 16, 16, true, true, 11, false, false, 30, 40},
    {19, 3, 3, 200, 32, 32, true, true, 64, true, false, 170, 18},
    {1, 2, 1, 200, 64, 64, true, true, 50, false, false, 150, 1},
    {23, 2, 2, 23, 64, 64, false, false, 0, false, false, 0, 23},
    {23, 3, 1, 23, 24, 24, false, false, 0, false, true, 0, 23},
    {18, 2, 2, 18, 8, 8, false, true, 0, false, false, 0, 18},
    {1, 4, 2, 64, 48, 48, true, true, 0, false, false, 40, 1, 16},
    {20, 6, 2, 90, 20, 20, true, true, 0, true, false, 37, 19, 16},
    {1, 4, 2, 64, 48, 48, true, true, 0, false, false, 40, 1, 8},
    {20, 6, 2, 90, 20, 33, true, true, 0, true, false, 37, 19, 8},
    {20, 3, 1, 200, 24, 20, true, true, 0, true, false, 100, 19, 32, 32},
    {19, 3, 3, 200, 32, 32, true, true, 64, false, false, 170, 18, 16, 32},
    {1, 5, 5, 300, 16, 16, true, true, 0, false, false, 255, 1, 8, 256},
    {3, 5, 5, 300, 16, 16, true, true, 0, false, false, 254, 3, 32, 256},
    {20, 6, 2, 90, 20, 20, true, true, 11, true, false, 37, 19, 16, 0, 1.5},
};

/// The bits of `values` as f16; `values` become what these stand for.
std::vector<uint16_t> roundToHalf(std::vector<float> &values) {
  std::vector<uint16_t> bits;
  for (float &value : values) {
    bits.push_back(toF16(value));
    value = fromF16(bits.back());
  }
  return bits;
}

/// The bytes of rows of `columns` values as a cache in int8; `values` become what these stand for.
std::vector<uint8_t> roundToInt8(std::vector<float> &values, int64_t columns) {
  ActivationLayout layout = ActivationLayout::compact(columns);
  int64_t rows = int64_t(values.size()) / columns;
  std::vector<uint8_t> bytes(rows * layout.rowBytes());
  for (int64_t row = 0; row < rows; ++row) {
    uint8_t *to = &bytes[row * layout.rowBytes()];
    quantizeActivations(layout, &values[row * columns], to);
    float scale;
    std::memcpy(&scale, to + layout.scales(), sizeof scale);
    for (int64_t i = 0; i < columns; ++i)
      values[row * columns + i] = scale * int8_t(to[i]);
  }
  return bytes;
}

class Attention : public testing::TestWithParam<Case> {
protected:
  void check(const TargetSpec &target, const IsaRow &isa);
};

AttentionSpec specOf(const Case &c, mlir::MLIRContext *context, int64_t rows, const IsaRow &isa) {
  AttentionSpec spec;
  spec.rows = rows;
  spec.heads = c.heads;
  spec.groups = c.groups;
  spec.keys = c.keys;
  spec.headDim = c.headDim;
  spec.valueDim = c.valueDim;
  if (c.bits == 8)
    spec.keyType = mlir::IntegerType::get(context, 8);
  else
    spec.keyType = c.bits == 16 ? mlir::Type(mlir::Float16Type::get(context)) : mlir::Float32Type::get(context);
  spec.cached = c.cached;
  spec.causal = c.causal;
  spec.span = isa.isSmall ? 0 : c.span;
  spec.window = c.window;
  spec.scale = 1.0 / std::sqrt(double(c.headDim));
  spec.softcap = c.softcap;
  if (c.alibi)
    for (int64_t head = 0; head < c.heads; ++head)
      spec.slopes.push_back(std::exp2(-float(head + 1)));
  if (c.keyMask)
    spec.keyMaskType = mlir::IntegerType::get(context, 64);
  return spec;
}

void Attention::check(const TargetSpec &target, const IsaRow &row) {
  const Case &c = GetParam();
  std::string many, one, parts, merge;
  int64_t items = 0, shares = 0;
  std::vector<float> records;
  AttentionSpec spec;
  KernelJit jit(
      target,
      [&](mlir::ModuleOp module, const IsaRow &isa) {
        spec = specOf(c, module.getContext(), c.rows, isa);
        items = spec.workItems(isa);
        many = getAttentionKernel(module, spec, isa).getName().str();
        AttentionSpec single = specOf(c, module.getContext(), 1, isa);
        one = getAttentionKernel(module, single, isa).getName().str();
        if (!single.span)
          return;
        single.parts = true;
        shares = single.workItems(isa);
        records.assign(single.heads * single.spans() * SpanRecord::floats(single.valueDim), 77.0f);
        parts = getAttentionKernel(module, single, isa).getName().str();
        merge = getMergeKernel(module, single, isa).getName().str();
      },
      &row);
  std::vector<float> query = randomFloats(c.rows * c.heads * c.headDim, 1),
                     key = randomFloats(c.groups * c.keys * c.headDim, 2),
                     value = randomFloats(c.groups * c.keys * c.valueDim, 3),
                     output(c.rows * c.heads * c.valueDim, 77.0f), single(c.heads * c.valueDim);
  for (float &element : query)
    element *= 4;
  std::vector<int64_t> keyMask(c.keys, 1);
  for (int64_t i = c.keys / 2; i < c.keys; i += 3)
    keyMask[i] = 0;
  // What no row has written yet may be anything.
  if (c.cached && c.bits != 8)
    for (int64_t g = 0; g < c.groups; ++g)
      for (int64_t j = c.pos + c.valid; j < c.keys; ++j) {
        std::fill_n(&key[(g * c.keys + j) * c.headDim], c.headDim, std::numeric_limits<float>::quiet_NaN());
        std::fill_n(&value[(g * c.keys + j) * c.valueDim], c.valueDim, std::numeric_limits<float>::infinity());
      }
  std::vector<void *> buffers = {query.data(), key.data(), value.data()};
  std::vector<uint16_t> halfKey, halfValue;
  std::vector<uint8_t> byteKey, byteValue;
  if (c.bits == 8) {
    byteKey = roundToInt8(key, c.headDim), byteValue = roundToInt8(value, c.valueDim);
    buffers = {query.data(), byteKey.data(), byteValue.data()};
  }
  if (c.bits == 16) {
    halfKey = roundToHalf(key), halfValue = roundToHalf(value);
    buffers = {query.data(), halfKey.data(), halfValue.data()};
  }
  if (c.keyMask)
    buffers.push_back(keyMask.data());
  buffers.push_back(output.data());
  jit.task(many)(buffers.data(), int32_t(c.pos), int32_t(c.valid), 0, int32_t(items / 2));
  jit.task(many)(buffers.data(), int32_t(c.pos), int32_t(c.valid), int32_t(items / 2), int32_t(items));
  for (int64_t row = 0; row < c.valid; ++row) {
    for (int64_t head = 0; head < c.heads; ++head) {
      int64_t group = head / (c.heads / c.groups), position = c.cached ? c.pos + row : row;
      auto offset = [&](int64_t j) { return c.cached ? group * c.keys + j : j * c.groups + group; };
      std::vector<double> weights(c.keys);
      double total = 0;
      for (int64_t j = 0; j < c.keys; ++j) {
        bool visible =
            (!c.causal || j <= position) && (!c.window || j > position - c.window) && (!c.keyMask || keyMask[j]);
        if (!visible)
          continue;
        double score = 0;
        for (int64_t i = 0; i < c.headDim; ++i)
          score += double(query[(row * c.heads + head) * c.headDim + i]) * key[offset(j) * c.headDim + i];
        score *= spec.scale;
        if (c.softcap != 0)
          score = c.softcap * std::tanh(score / c.softcap);
        if (c.alibi)
          score += spec.slopes[head] * double(j - position);
        total += weights[j] = std::exp(score);
      }
      for (int64_t i = 0; i < c.valueDim; ++i) {
        double expected = 0;
        for (int64_t j = 0; j < c.keys; ++j)
          if (weights[j] > 0)
            expected += weights[j] / total * value[offset(j) * c.valueDim + i];
        // Scores below 16 in size carry an error of some 2^-24 * 16, which the exponential makes relative.
        ASSERT_NEAR(output[(row * c.heads + head) * c.valueDim + i], expected, 5e-6) << row << ' ' << head << ' ' << i;
      }
    }
    // A bidirectional row depends on how many rows there are.
    if (!c.cached)
      continue;
    buffers[0] = &query[row * c.heads * c.headDim];
    buffers.back() = single.data();
    jit.task(one)(buffers.data(), int32_t(c.pos + row), 1, 0, int32_t(c.heads));
    ASSERT_EQ(0, std::memcmp(single.data(), &output[row * c.heads * c.valueDim], single.size() * 4)) << "row " << row;
    if (parts.empty())
      continue;
    // The same from spans that three threads share.
    std::fill(single.begin(), single.end(), 77.0f);
    buffers.back() = records.data();
    for (int64_t thread = 0; thread < 3; ++thread)
      jit.task(parts)(buffers.data(), int32_t(c.pos + row), 1, int32_t(shares * thread / 3),
                      int32_t(shares * (thread + 1) / 3));
    void *merged[] = {records.data(), single.data()};
    jit.task(merge)(merged, int32_t(c.pos + row), 1, 0, int32_t(c.heads));
    ASSERT_EQ(0, std::memcmp(single.data(), &output[row * c.heads * c.valueDim], single.size() * 4)) << "row " << row;
  }
  for (size_t i = c.valid * c.heads * c.valueDim; i < output.size(); ++i)
    ASSERT_EQ(output[i], 77.0f);
}

TEST_P(Attention, EqualsPlainSoftmaxAndItsOwnRows) {
  for (const TargetSpec &target : runnableTargets()) {
    SCOPED_TRACE(target.name);
    ASSERT_NO_FATAL_FAILURE(check(target, *findIsa(target.isa)));
  }
  SCOPED_TRACE("small code");
  ASSERT_NO_FATAL_FAILURE(check(runnableTargets().back(), kSmall));
}

INSTANTIATE_TEST_SUITE_P(Shapes, Attention, testing::ValuesIn(kCases));

} // namespace
