// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The rules of the format table, for every row of it.
#include "Dialect/Codec.h"
#include "Dialect/SmallFloat.h"
#include <algorithm>
#include <cmath>
#include <cstring>
#include <gtest/gtest.h>
#include <limits>
#include <numeric>
#include <random>

using namespace edgelm;

namespace {

class EveryFormat : public testing::TestWithParam<const FormatRow *> {
protected:
  const FormatRow &format = *GetParam();

  /// Quantizes and widens again.
  std::vector<float> roundTrip(const std::vector<float> &w, int64_t rows) {
    EXPECT_FALSE(quantizeRows(format, w.data(), rows, w.size() / rows, w.size() / rows, quantized));
    std::vector<float> result(w.size());
    dequantizeRows(quantized, result.data());
    return result;
  }

  QuantizedRows quantized;
};

} // namespace

static std::vector<const FormatRow *> quantizedFormats() {
  std::vector<const FormatRow *> rows;
  for (const FormatRow &row : formatTable())
    if (!row.isFloat())
      rows.push_back(&row);
  return rows;
}

INSTANTIATE_TEST_SUITE_P(Formats, EveryFormat, testing::ValuesIn(quantizedFormats()),
                         [](const auto &row) { return std::string(row.param->name); });

static std::vector<float> gaussian(size_t count, unsigned seed) {
  std::mt19937 generator(seed);
  std::normal_distribution<float> normal(0, 0.02f);
  std::vector<float> values(count);
  std::generate(values.begin(), values.end(), [&] { return normal(generator); });
  return values;
}

static double norm(const std::vector<float> &x) {
  std::vector<double> wide(x.begin(), x.end());
  return std::sqrt(std::inner_product(wide.begin(), wide.end(), wide.begin(), 0.0));
}

static double distance(std::vector<float> x, const std::vector<float> &y) {
  std::transform(x.begin(), x.end(), y.begin(), x.begin(), std::minus<>());
  return norm(x);
}

/// The error that a uniform quantizer makes whose steps divide the range of the largest weight of each group.
static double plainError(const FormatRow &format, const std::vector<float> &w, int64_t rows) {
  std::vector<float> plain(w.size());
  int64_t k = w.size() / rows, width = format.groupOf(k), steps = (1 << (format.bits() - 1)) - 1;
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t begin = 0; begin < k; begin += width) {
      int64_t from = row * k + begin, to = row * k + std::min(begin + width, k);
      float largest = 0;
      for (int64_t i = from; i < to; ++i)
        largest = std::max(largest, std::fabs(w[i]));
      for (int64_t i = from; i < to; ++i)
        plain[i] = std::nearbyint(w[i] / (largest / steps)) * (largest / steps);
    }
  return distance(plain, w);
}

TEST_P(EveryFormat, errs_less_than_scaling_by_the_largest_weight) {
  std::vector<float> w = gaussian(16 * 1024, 1);
  EXPECT_LT(distance(roundTrip(w, 16), w), plainError(format, w, 16));
}

TEST_P(EveryFormat, stays_within_one_step_of_every_weight_in_range) {
  // A step is at most half of the range of the largest weight for 2 bits, and halves with every further bit.
  std::vector<float> w = gaussian(4 * 256, 2), result = roundTrip(w, 4);
  float largest =
      std::fabs(*std::max_element(w.begin(), w.end(), [](float a, float b) { return std::fabs(a) < std::fabs(b); }));
  float step = 2 * largest / (1 << (format.bits() - 1));
  for (size_t i = 0; i < w.size(); ++i)
    ASSERT_NEAR(result[i], w[i], step) << i;
}

TEST_P(EveryFormat, keeps_values_that_are_quantized_already) {
  std::vector<float> w = gaussian(16 * 1024, 3), once = roundTrip(w, 16), twice = roundTrip(once, 16);
  EXPECT_LT(distance(once, twice), 0.01 * distance(w, once));
}

TEST_P(EveryFormat, keeps_zeros) {
  int64_t k = 3 * std::max(format.group, 8);
  std::vector<float> w = gaussian(2 * k, 4);
  std::fill_n(w.begin() + k, k, 0.0f); // a row of zeros
  int64_t width = format.groupOf(k);
  std::fill_n(w.begin(), std::min(width, k - 8), 0.0f); // and a group
  std::vector<float> result = roundTrip(w, 2);
  for (size_t i = 0; i < w.size(); ++i)
    if (w[i] == 0) {
      ASSERT_EQ(result[i], 0) << i;
    }
  EXPECT_EQ(quantized.scale(1, 0), 0);
  if (format.scale == Scale::Integer) {
    EXPECT_EQ(quantized.multipliers[0], 1);
  }
  if (format.hasZeroPoints) {
    EXPECT_EQ(quantized.zeroPoints[0], 0);
  }
}

TEST_P(EveryFormat, takes_what_is_too_small_to_divide_by_for_zeros) {
  EXPECT_EQ(norm(roundTrip(std::vector<float>(64, 0x1p-101f), 1)), 0);
  EXPECT_EQ(norm(roundTrip(std::vector<float>(64, std::numeric_limits<float>::denorm_min()), 1)), 0);
}

TEST_P(EveryFormat, finds_the_first_value_that_is_not_finite) {
  for (float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
                    -std::numeric_limits<float>::infinity()}) {
    std::vector<float> w = gaussian(4 * 100, 5);
    w[2 * 100 + 37] = w[2 * 100 + 90] = w[3 * 100] = bad;
    EXPECT_EQ(quantizeRows(format, w.data(), 4, 100, 100, quantized), 237);
  }
}

TEST_P(EveryFormat, gives_the_last_group_its_own_scale) {
  int64_t width = format.group ? format.group : 64, k = width + 5;
  std::vector<float> w = gaussian(k, 6);
  for (int64_t i = width; i < k; ++i)
    w[i] = i % 2 ? 1.0f : -1.0f;
  std::vector<float> result = roundTrip(w, 1);
  EXPECT_EQ(quantized.groups(), format.group ? 2 : 1);
  for (int64_t i = width; i < k; ++i)
    EXPECT_NEAR(result[i], w[i], 0.51) << i; // 2 bits with a positive step reach -2 .. 1
  bool hasOwnScale = format.scale == Scale::F16;
  if (hasOwnScale) {
    EXPECT_LT(distance({result.begin(), result.begin() + width}, {w.begin(), w.begin() + width}),
              0.5 * norm({w.begin(), w.begin() + width}));
  }
}

TEST_P(EveryFormat, reads_rows_by_their_stride) {
  std::vector<float> w = gaussian(2 * 150, 7), dense(2 * 100);
  for (int64_t row = 0; row < 2; ++row)
    std::copy_n(w.begin() + row * 150, 100, dense.begin() + row * 100);
  roundTrip(dense, 2);
  QuantizedRows strided;
  EXPECT_FALSE(quantizeRows(format, w.data(), 2, 100, 150, strided));
  EXPECT_EQ(strided.codes, quantized.codes);
}

TEST_P(EveryFormat, saturates_scales_and_codes) {
  std::vector<float> w(64);
  for (size_t i = 0; i < w.size(); ++i)
    w[i] = (i % 2 ? 1 : -1) * 3.0e38f;
  for (float value : roundTrip(w, 1))
    ASSERT_TRUE(std::isfinite(value));
  if (format.scale == Scale::F16) {
    EXPECT_EQ(std::fabs(quantized.scale(0, 0)), 65504);
  } else {
    // f32 scales reach so far, but the range from the least to the greatest weight does not.
    EXPECT_LT(distance(roundTrip(w, 1), w) / norm(w), format.hasZeroPoints ? 0.4 : 0.1);
  }
}

/// Codes of each row are those that rounding the exact quotient gives.
TEST_P(EveryFormat, rounds_to_the_nearest_code_and_ties_to_even) {
  std::vector<float> w = gaussian(8 * 300, 8);
  roundTrip(w, 8);
  for (int64_t row = 0; row < 8; ++row)
    for (int64_t column = 0; column < 300; ++column) {
      int64_t group = column / format.groupOf(300);
      int factor = format.scale == Scale::Integer ? quantized.multipliers[row * quantized.groups() + group] : 1;
      float quotient = w[row * 300 + column] / (factor * quantized.scale(row, group));
      int low = format.lowest(), high = format.highest(), expected;
      if (format.hasZeroPoints) {
        low = -quantized.zeroPoints[row * quantized.groups() + group];
        high = low + 2 * format.offset() - 1;
      }
      expected = int(std::nearbyint(std::clamp(quotient, float(low), float(high))));
      if (!format.codebook.empty())
        expected = *std::min_element(format.codebook.begin(), format.codebook.end(),
                                     [&](int a, int b) { return std::fabs(quotient - a) < std::fabs(quotient - b); });
      ASSERT_EQ(quantized.integer(row, column), expected * factor) << row << " " << column;
    }
}

TEST(SmallFloat, HalvesSurviveARoundTripAndTiesGoToEven) {
  for (uint32_t bits = 0; bits < 0x10000; ++bits)
    if (float value = Half{uint16_t(bits)}; value == value) {
      ASSERT_EQ(Half::nearest(value).bits, bits);
    }
  EXPECT_EQ(Half::nearest(1 + 0x1p-11).bits, 0x3c00);
  EXPECT_EQ(Half::nearest(1 + 3 * 0x1p-11).bits, 0x3c02);
  EXPECT_EQ(BFloat::nearest(1 + 0x1p-8).bits, 0x3f80);
  EXPECT_EQ(BFloat::nearest(1 + 3 * 0x1p-8).bits, 0x3f82);
}

TEST(Activations, AreRoundedToEvenAndSummed) {
  ActivationLayout layout = {40, 32};
  std::vector<float> x(40);
  for (int i = 0; i < 32; ++i)
    x[i] = float(i) - 16.5f;
  x[0] = -127; // scale 1
  std::vector<uint8_t> row(layout.rowBytes(), 0xff);
  quantizeActivations(layout, x.data(), row.data());
  EXPECT_EQ(layout.rowBytes(), 64 + 16 + 16);
  int32_t sums[2], sum = 0;
  float scales[2];
  std::memcpy(sums, &row[layout.sums()], 8);
  std::memcpy(scales, &row[layout.scales()], 8);
  for (int i = 0; i < 40; ++i) {
    ASSERT_EQ(int8_t(row[i]), std::nearbyint(x[i])) << i;
    sum += int8_t(row[i]);
  }
  EXPECT_EQ(int8_t(row[16]), 0); // of -0.5
  EXPECT_EQ(int8_t(row[18]), 2); // of 1.5
  EXPECT_EQ(sums[0], sum);
  EXPECT_EQ(scales[0], 1);
  EXPECT_EQ(sums[1], 0);
  EXPECT_EQ(scales[1], 0); // columns 32 .. 39 are zeros
}

TEST(Activations, ArePaired) {
  ActivationLayout layout = {40, 32, /*isCompact=*/false, /*hasZeros=*/false, /*isPaired=*/true};
  std::vector<float> x(40, -3.0f);
  float first[] = {-127, 127, 5, -6, 7};
  std::copy(std::begin(first), std::end(first), x.begin()); // scale 1
  std::vector<uint8_t> row(layout.rowBytes(), 0xff);
  quantizeActivations(layout, x.data(), row.data());
  EXPECT_EQ(layout.rowBytes(), 2 * 64 + 16 + 16 + 16);
  int16_t pairs[8];
  int32_t evens[2];
  std::memcpy(pairs, row.data(), sizeof pairs);
  std::memcpy(evens, &row[layout.evens()], sizeof evens);
  const int16_t expected[] = {-127, 5, 127 + 256 * 127, -6 - 256 * 5, 7, -3, -3 - 256 * 7, -3 + 256 * 3};
  EXPECT_TRUE(std::equal(pairs, pairs + 8, expected));
  EXPECT_EQ(evens[0], -128 * (-127 + 5 + 7 - 13 * 3));
  EXPECT_EQ(evens[1], -128 * 4 * -127); // of -127 each
  std::vector<int8_t> codes(40), bytes(40);
  activationCodes(layout, row.data(), codes.data());
  ActivationLayout plain = {40, 32};
  std::vector<uint8_t> plainRow(plain.rowBytes());
  quantizeActivations(plain, x.data(), plainRow.data());
  activationCodes(plain, plainRow.data(), bytes.data());
  EXPECT_EQ(codes, bytes);
}
