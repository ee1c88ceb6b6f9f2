// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Golden bytes of every format, and panels of every shape there and back.
#include "Dialect/Codec.h"
#include <cstring>
#include <gtest/gtest.h>
#include <random>

using namespace edgelm;

namespace {

/// What the bytes of one row of 32 columns are.
struct Golden {
  std::string_view format;
  std::string_view scales; ///< everything before the planes that is not padding
  std::string_view planes;
};

} // namespace

/// v = 0.5 * (the integers from the lowest to the highest, and again), whose scale is 0.5; for 8 bits every eighth.
static std::vector<float> goldenRow(const FormatRow &format) {
  std::vector<float> w;
  for (int i = 0; i < 32; ++i) {
    int low = format.hasZeroPoints ? -5 : format.lowest(), high = format.hasZeroPoints ? 10 : format.highest();
    int v = format.bits() == 8 ? low + i * 254 / 31 : low + i % (high - low + 1);
    w.push_back(0.5f * (format.codebook.empty() ? v : format.codebook[i % 16]));
  }
  return w;
}

static std::string hex(const std::vector<uint8_t> &bytes, int64_t begin, int64_t end) {
  std::string text;
  for (int64_t i = begin; i < end; ++i) {
    char digits[3];
    std::snprintf(digits, sizeof digits, "%02x", bytes[i]);
    text += digits;
  }
  return text;
}

static std::vector<uint8_t> packRow(const FormatRow &format, PackedLayout &layout) {
  std::vector<float> w = goldenRow(format);
  QuantizedRows rows;
  EXPECT_FALSE(quantizeRows(format, w.data(), 1, 32, 32, rows));
  layout = {&format, 1, 32, 1};
  std::vector<uint8_t> panel(layout.panelBytes());
  packPanel(layout, rows, panel.data());
  return panel;
}

// Codes of a 4-bit row count from 0 to 15 twice: the byte i of a step holds columns i and 4 + i. 0x3800 is 0.5 in f16.
static constexpr Golden kGolden[] = {
    {"int8", "0000003f", "81899199a1a9b2bac2cad2dbe3ebf3fb040c141c242d353d454d565e666e767f"},
    {"int8_g32", "00380000", "81899199a1a9b2bac2cad2dbe3ebf3fb040c141c242d353d454d565e666e767f"},
    {"int8_g32_f32", "0000003f", "81899199a1a9b2bac2cad2dbe3ebf3fb040c141c242d353d454d565e666e767f"},
    {"int8_sums", "0000003f f1ffffff", "81899199a1a9b2bac2cad2dbe3ebf3fb040c141c242d353d454d565e666e767f"},
    {"int6_g64", "00380000", "40516273c8d9eafb40516273c8d9eafb 0000000055555555"},
    {"int5_g64", "00380000", "40516273c8d9eafb40516273c8d9eafb f0f0f0f0"},
    {"int4_g32", "00380000", "40516273c8d9eafb40516273c8d9eafb"},
    {"int4_g64", "00380000", "40516273c8d9eafb40516273c8d9eafb"},
    {"int4_g128", "00380000", "40516273c8d9eafb40516273c8d9eafb"},
    {"int4a_g32", "00380000 05000000", "40516273c8d9eafb40516273c8d9eafb"},
    {"int4a_g64", "00380000 05000000", "40516273c8d9eafb40516273c8d9eafb"},
    {"int4a_g128", "00380000 05000000", "40516273c8d9eafb40516273c8d9eafb"},
    {"int4_g32_f32", "0000003f", "40516273c8d9eafb40516273c8d9eafb"},
    {"int4_g128_f32", "0000003f", "40516273c8d9eafb40516273c8d9eafb"},
    {"int4a_g32_f32", "0000003f 05000000", "40516273c8d9eafb40516273c8d9eafb"},
    {"int4a_g128_f32", "0000003f 05000000", "40516273c8d9eafb40516273c8d9eafb"},
    {"int3_g64", "00380000", "0055aaff0055aaff aaaaaaaa"},
    {"int2_g64", "00380000", "0055aaff0055aaff"},
    {"nf4_g64", "00380000", "40516273c8d9eafb40516273c8d9eafb"},
    {"nf4_g64_dq", "8180003b ff000000", "40516273c8d9eafb40516273c8d9eafb"},
    {"int4p_g64", "0000003d 10000000", "51627384d9eafb1c62738495eafb1c2d"},
};

TEST(Panels, have_golden_bytes) {
  size_t quantized = 0;
  for (const FormatRow &format : formatTable())
    quantized += !format.isFloat();
  EXPECT_EQ(std::size(kGolden), quantized) << "a format without golden bytes";
  for (const Golden &golden : kGolden) {
    const FormatRow *format = findFormat(golden.format);
    ASSERT_TRUE(format) << golden.format;
    PackedLayout layout;
    std::vector<uint8_t> panel = packRow(*format, layout);
    std::string scales, planes;
    int64_t parts[] = {0, layout.groupScales(), layout.zeroPoints(), layout.rowSums(), layout.plane(0)};
    for (int part = 0; part < 4; ++part)
      if (parts[part] != parts[part + 1])
        scales += (scales.empty() ? "" : " ") + hex(panel, parts[part], parts[part] + 4);
    for (int index = 0; index < 2 && format->planes[index]; ++index)
      planes += (index ? " " : "") + hex(panel, layout.plane(index), layout.plane(index) + 4 * format->planes[index]);
    EXPECT_EQ(scales, golden.scales) << golden.format;
    EXPECT_EQ(planes, golden.planes) << golden.format;
  }
}

TEST(Panels, come_back_for_every_format_and_odd_shapes) {
  for (const FormatRow &format : formatTable()) {
    if (format.isFloat())
      continue;
    for (int64_t k : {1, 31, 100, 257, 16500})
      for (int64_t panel : {1, 8, 16}) {
        int64_t n = panel == 1 ? 1 : panel - 3;
        std::vector<float> w(n * k);
        std::mt19937 generator(k);
        for (float &value : w)
          value = std::uniform_real_distribution<float>(-1, 1)(generator);
        QuantizedRows rows;
        ASSERT_FALSE(quantizeRows(format, w.data(), n, k, k, rows));
        PackedLayout layout = {&format, n, k, panel};
        std::vector<uint8_t> bytes(layout.panelBytes(), 0xff);
        packPanel(layout, rows, bytes.data());
        QuantizedRows back = unpackPanel(layout, bytes.data(), n);
        ASSERT_EQ(back.codes, rows.codes) << format.name << " " << k;
        PackedLayout apart = {&format, n, k, panel, /*columnsApart=*/true};
        std::vector<uint8_t> bytesApart(layout.panelBytes(), 0xff);
        packPanel(apart, rows, bytesApart.data());
        ASSERT_EQ(unpackPanel(apart, bytesApart.data(), n).codes, rows.codes) << format.name << " " << k;
        for (int64_t row = 0; row < panel; ++row)
          for (int64_t i = 0; i < 4; ++i)
            ASSERT_EQ(bytesApart[layout.plane(0) + i * panel + row], bytes[layout.plane(0) + row * 4 + i]);
        ASSERT_EQ(back.halfScales, rows.halfScales) << format.name << " " << k;
        ASSERT_EQ(back.floatScales, rows.floatScales) << format.name << " " << k;
        ASSERT_EQ(back.multipliers, rows.multipliers) << format.name << " " << k;
        ASSERT_EQ(back.zeroPoints, rows.zeroPoints) << format.name << " " << k;
      }
  }
}

// Bytes of even columns are unsigned; what a code is does not change, nor what padding stands for.
TEST(Panels, pair_codes_of_8_bits) {
  const FormatRow &format = *findFormat("int8");
  std::vector<float> w = {-127, -1, 0, 1, 127, 2, 3, 4, 5};
  QuantizedRows rows;
  ASSERT_FALSE(quantizeRows(format, w.data(), 1, 9, 9, rows));
  PackedLayout layout = {&format, 1, 9, 1, /*columnsApart=*/false, /*isPaired=*/true};
  std::vector<uint8_t> bytes(layout.panelBytes(), 0xff);
  packPanel(layout, rows, bytes.data());
  EXPECT_EQ(hex(bytes, layout.plane(0), layout.plane(0) + 12), "01ff8001ff02830485008000");
  EXPECT_EQ(unpackPanel(layout, bytes.data(), 1).codes, rows.codes);
}

TEST(Panels, pad_with_zeros) {
  const FormatRow &format = *findFormat("int5_g64");
  std::vector<float> w(3 * 70, 1.0f);
  QuantizedRows rows;
  ASSERT_FALSE(quantizeRows(format, w.data(), 3, 70, 70, rows));
  PackedLayout layout = {&format, 3, 70, 4};
  std::vector<uint8_t> bytes(layout.panelBytes(), 0xff);
  packPanel(layout, rows, bytes.data());
  layout.n = 4;
  QuantizedRows back = unpackPanel(layout, bytes.data(), 4);
  for (int64_t column = 0; column < 70; ++column)
    ASSERT_EQ(back.codes[3 * 70 + column], 0);
  EXPECT_EQ(back.halfScales[3 * 2], 0);
  // Columns 72 .. 95 of every row.
  for (int64_t i = 72 / 8 * layout.stepBytes(); i < 96 / 8 * layout.stepBytes(); ++i)
    ASSERT_EQ(bytes[layout.plane(0) + i], 0) << i;
}
