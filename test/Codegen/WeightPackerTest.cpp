// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Packs small matrices and compares every byte with the layout's definition.
#include "Codegen/WeightPacker.h"
#include "Codegen/CompileError.h"
#include "Dialect/MappedFile.h"
#include "Dialect/RoundRows.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"
#include <bit>
#include <cmath>
#include <cstring>
#include <gtest/gtest.h>

using namespace edgelm;

namespace {

/// A folder with one file of weights, and the text that refers to it.
class WeightPacker : public testing::Test {
protected:
  void SetUp() override {
    ASSERT_FALSE(llvm::sys::fs::createUniqueDirectory("edgelm-packer", folder));
    context.loadDialect<EdgeLMDialect, mlir::func::FuncDialect>();
  }
  void TearDown() override { llvm::sys::fs::remove_directories(folder); }

  /// Appends bytes to the file; returns the attribute that names them.
  std::string add(llvm::StringRef bytes) {
    std::string attribute = "#edgelm.weight<\"w.bin\", " + std::to_string(file.size()) + ", " +
                            std::to_string(bytes.size()) + ", \"" + sha256({bytes.bytes_begin(), bytes.bytes_end()}) +
                            "\">";
    file += bytes;
    return attribute;
  }

  template <typename T> std::string addValues(std::vector<T> values) {
    return add(llvm::StringRef(reinterpret_cast<const char *>(values.data()), values.size() * sizeof(T)));
  }

  llvm::Error pack(const std::string &operations, int64_t totalBytes) {
    std::error_code reason;
    llvm::raw_fd_ostream(folder.str().str() + "/w.bin", reason) << file;
    module = mlir::parseSourceString<mlir::ModuleOp>("func.func @f() {\n" + operations + "\nreturn }", &context);
    EXPECT_TRUE(bool(module));
    llvm::raw_string_ostream os(packed);
    places = collectWeights(*module);
    return writeWeights(places, folder, totalBytes, os);
  }

  float floatAt(size_t offset) const {
    float value;
    std::memcpy(&value, packed.data() + offset, sizeof value);
    return value;
  }

  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  llvm::SmallString<128> folder;
  std::vector<WeightPlace> places;
  std::string file, packed;
};

std::string messageOf(llvm::Error error, ExitStatus &status) {
  std::string message;
  status = explain(std::move(error), message);
  return message;
}

} // namespace

TEST_F(WeightPacker, panels_cross_from_one_source_into_the_next) {
  // [3, 2] row-major and [2, 3] transposed: together [6, 2], W[n, k] = 10 n + k.
  std::string first = addValues<float>({0, 1, 10, 11, 20, 21});
  std::string second = addValues<float>({30, 40, 50, 31, 41, 51});
  ASSERT_FALSE(bool(pack("%0 = edgelm.packed_weight [" + first + ", " + second +
                             "] panel 4 at 64 {transposed = array<i1: false, true>} : tensor<6x2xf32>",
                         192)));
  ASSERT_EQ(packed.size(), 192u);
  for (int panel = 0; panel < 2; ++panel)
    for (int k = 0; k < 2; ++k)
      for (int p = 0; p < 4; ++p) {
        int n = panel * 4 + p;
        EXPECT_EQ(floatAt(64 + ((panel * 2 + k) * 4 + p) * 4), n < 6 ? 10 * n + k : 0) << n << " " << k;
      }
  EXPECT_EQ(floatAt(0), 0) << "bytes in front of the first place are zero";
}

TEST_F(WeightPacker, f16_and_bf16_become_the_same_numbers_in_f32) {
  std::string half = addValues<uint16_t>({0x3c00, 0xc000, 0x0001}); // 1, -2, smallest subnormal
  std::string brain = addValues<uint16_t>({0x3f80, 0x4049});        // 1, 3.140625
  ASSERT_FALSE(
      bool(pack("%0 = edgelm.packed_weight [" + half + ", " + brain +
                    "] stored_as [f16, bf16] panel 0 at 0 {transposed = array<i1: false, false>} : tensor<5xf32>",
                64)));
  float expected[] = {1.0f, -2.0f, 0x1p-24f, 1.0f, 3.140625f};
  for (int i = 0; i < 5; ++i)
    EXPECT_EQ(floatAt(4 * i), expected[i]);
}

TEST_F(WeightPacker, constants_and_transposed_plain_matrices) {
  std::string matrix = addValues<float>({1, 2, 3, 4, 5, 6}); // [2, 3]
  ASSERT_FALSE(bool(pack("%0 = edgelm.packed_weight [" + matrix +
                             "] panel 0 at 0 {transposed = array<i1: true>} : tensor<3x2xf32>\n"
                             "%1 = edgelm.packed_weight [dense<2.5> : tensor<4xf32>] panel 0 at 64 {transposed = "
                             "array<i1: false>} : tensor<4xf32>\n"
                             "%2 = edgelm.packed_weight [dense<[true, false, true]> : tensor<3xi1>] panel 0 at 128 "
                             "{transposed = array<i1: false>} : tensor<3xi1>",
                         192)));
  float expected[] = {1, 4, 2, 5, 3, 6};
  for (int i = 0; i < 6; ++i)
    EXPECT_EQ(floatAt(4 * i), expected[i]);
  for (int i = 0; i < 4; ++i)
    EXPECT_EQ(floatAt(64 + 4 * i), 2.5f);
  EXPECT_EQ(packed.substr(128, 3), std::string("\1\0\1", 3));
}

TEST_F(WeightPacker, panels_of_a_format_are_those_of_its_codec) {
  // [3, 40] as bf16 and [40, 4] as f32, transposed: a panel of 4 rows crosses from one into the other, the last has 3.
  std::vector<float> matrix(7 * 40);
  std::vector<uint16_t> upper(3 * 40);
  std::vector<float> lower(40 * 4);
  for (int n = 0; n < 7; ++n)
    for (int k = 0; k < 40; ++k) {
      float value = static_cast<float>((n + 1) * ((k * 37 + n * 11) % 64 - 32)); // few bits: bf16 holds it
      matrix[n * 40 + k] = value;
      if (n < 3)
        upper[n * 40 + k] = std::bit_cast<uint32_t>(value) >> 16;
      else
        lower[k * 4 + n - 3] = value;
    }
  std::string first = addValues(upper), second = addValues(lower);
  double largest = 0; // error
  for (const FormatRow &format : formatTable()) {
    if (format.isFloat())
      continue;
    packed.clear();
    PackedLayout layout = {&format, 7, 40, 4};
    ASSERT_FALSE(bool(pack("%0 = edgelm.packed_weight [" + first + ", " + second +
                               "] stored_as [bf16, f32] panel 4 at 64 {transposed = array<i1: false, true>} : "
                               "tensor<7x40x!edgelm.q<\"" +
                               std::string(format.name) + "\">>",
                           64 + layout.bytes())));
    std::string expected(64 + layout.bytes(), '\0');
    RoundingError errors[2]; // of the sources
    for (int64_t row = 0; row < 7; row += 4) {
      QuantizedRows rows;
      ASSERT_FALSE(quantizeRows(format, matrix.data() + row * 40, std::min<int64_t>(4, 7 - row), 40, 40, rows));
      packPanel(layout, rows, reinterpret_cast<uint8_t *>(expected.data()) + 64 + row / 4 * layout.panelBytes());
      std::vector<float> rounded(rows.rows * 40);
      dequantizeRows(rows, rounded.data());
      for (size_t i = 0; i < rounded.size(); ++i) {
        double weight = matrix[row * 40 + i], difference = weight - rounded[i];
        errors[row + i / 40 >= 3].add({weight * weight, difference * difference});
      }
    }
    EXPECT_EQ(packed, expected) << format.name;
    ASSERT_EQ(places[0].relativeErrors.size(), 2u);
    for (int source = 0; source < 2; ++source)
      EXPECT_NEAR(places[0].relativeErrors[source], errors[source].relative(), 1e-12) << format.name;
    largest = std::max(largest, places[0].relativeErrors[0]);
  }
  EXPECT_GT(largest, 0.1) << "2 bits round";
}

TEST_F(WeightPacker, floats_are_rounded_to_narrower_formats) {
  std::string matrix = addValues<float>({1.0f, 1.0f + 0x1p-11f, 1.0f + 0x3p-11f, -3.0e-8f});
  ASSERT_FALSE(bool(pack("%0 = edgelm.packed_weight [" + matrix +
                             "] stored_as [f32] panel 0 at 0 {transposed = array<i1: false>} : tensor<4xf16>",
                         64)));
  uint16_t expected[] = {0x3c00, 0x3c00, 0x3c02, 0x8001}; // ties to even; the last is subnormal
  EXPECT_EQ(std::memcmp(packed.data(), expected, sizeof expected), 0);
}

TEST_F(WeightPacker, matrices_in_panels_are_rounded_to_narrower_floats) {
  // [3, 2] in panels of 2; bf16 drops the last bits of 1 + 2^-10.
  std::string matrix = addValues<float>({1, 1 + 0x1p-10f, 2, 3, 4, 5});
  ASSERT_FALSE(bool(pack("%0 = edgelm.packed_weight [" + matrix +
                             "] stored_as [f32] panel 2 at 0 {transposed = array<i1: false>} : tensor<3x2xbf16>",
                         16)));
  uint16_t expected[] = {0x3f80, 0x4000, 0x3f80, 0x4040, 0x4080, 0, 0x40a0, 0};
  EXPECT_EQ(std::memcmp(packed.data(), expected, sizeof expected), 0);
  ASSERT_EQ(places[0].relativeErrors.size(), 1u);
  EXPECT_NEAR(places[0].relativeErrors[0], 0x1p-10 / std::sqrt(56.0), 1e-6);
}

TEST_F(WeightPacker, a_weight_that_f16_cannot_hold_is_named) {
  std::string first = addValues<float>({1, 2}), second = addValues<float>({3, 4, 5, 70000});
  ExitStatus status;
  std::string message =
      messageOf(pack("%0 = edgelm.packed_weight [" + first + ", " + second +
                         "] stored_as [f32, f32] panel 2 at 0 {transposed = array<i1: false, false>} : tensor<3x2xf16> "
                         "loc(fused[\"q\", \"k\"])",
                     16),
                status);
  EXPECT_EQ(status, ExitStatus::BadInput);
  EXPECT_EQ(message, "weight 'k' has the value 7.000000e+04 in row 1, column 1, which 'f16' cannot hold; formats need "
                     "finite weights");
}

TEST_F(WeightPacker, a_nan_in_a_format_is_an_error) {
  std::string matrix = addValues<float>({1, std::nanf("")});
  ExitStatus status;
  std::string message = messageOf(pack("%0 = edgelm.packed_weight [" + matrix +
                                           "] stored_as [f32] panel 4 at 0 {transposed = array<i1: false>} : "
                                           "tensor<1x2x!edgelm.q<\"int8\">> loc(\"w\")",
                                       PackedLayout{findFormat("int8"), 1, 2, 4}.bytes()),
                                  status);
  EXPECT_EQ(status, ExitStatus::BadInput);
  EXPECT_EQ(message,
            "weight 'w' has the value nan in row 0, column 1, which '!edgelm.q<\"int8\">' cannot hold; formats need "
            "finite weights");
}

TEST_F(WeightPacker, a_changed_file_is_an_integrity_error) {
  std::string matrix = addValues<float>({1, 2});
  file[0] ^= 1;
  ExitStatus status;
  std::string message =
      messageOf(pack("%0 = edgelm.packed_weight [" + matrix + "] panel 0 at 0 {transposed = array<i1: false>}" +
                         " : tensor<2xf32> loc(\"lm_head\")",
                     64),
                status);
  EXPECT_EQ(message.find("weight 'lm_head': weight file " + folder.str().str() + "/w.bin has changed"), 0u) << message;
  EXPECT_EQ(status, ExitStatus::Integrity);
}

TEST_F(WeightPacker, a_truncated_file_is_bad_input) {
  std::string matrix = addValues<float>({1, 2});
  file.pop_back();
  ExitStatus status;
  std::string message =
      messageOf(pack("%0 = edgelm.packed_weight [" + matrix + "] panel 0 at 0 {transposed = array<i1: false>}" +
                         " : tensor<2xf32> loc(\"lm_head\")",
                     64),
                status);
  EXPECT_EQ(message, "weight 'lm_head': weight file " + folder.str().str() +
                         "/w.bin is too short: found 7 bytes, expected 8 at offset 0");
  EXPECT_EQ(status, ExitStatus::BadInput);
}

TEST_F(WeightPacker, codes_of_the_model_are_not_rounded) {
  // [2, 64] in blocks of 32, 4 bits packed with zero points, and [64, 3] of int8 with a scale for each column: the same
  // codes in a format that holds them, and the same products in f32.
  std::vector<uint8_t> nibbles(2 * 2 * 16);
  for (size_t i = 0; i < nibbles.size(); ++i)
    nibbles[i] = static_cast<uint8_t>(37 * i + 11);
  std::vector<float> scales = {0.1f, -0.3f, 3.0e-9f, 700.0f};
  std::vector<uint8_t> zeros = {0x71, 0xf0};
  std::string blocks = "#edgelm.codes<[" + addValues(nibbles) + ", " + addValues(scales) + ", " + addValues(zeros) +
                       "], [tensor<2x2x16xui8>, tensor<2x2xf32>, tensor<2x1xui8>] packed 4 axis 1 block 32>";
  ASSERT_FALSE(bool(pack("%0 = edgelm.packed_weight [" + blocks +
                             "] stored_as [!edgelm.q<\"int4a_g32_f32\">] panel 4 "
                             "at 0 {transposed = array<i1: false>} : tensor<2x64x!edgelm.q<\"int4a_g32_f32\">>\n"
                             "%1 = edgelm.packed_weight [" +
                             blocks + "] panel 0 at 512 {transposed = array<i1: false>} : tensor<2x64xf32>",
                         1024)));
  PackedLayout layout = {findFormat("int4a_g32_f32"), 2, 64, 4};
  ASSERT_EQ(layout.bytes(), 32 + 16 + 128);
  QuantizedRows rows = unpackPanel(layout, reinterpret_cast<const uint8_t *>(packed.data()), 2);
  EXPECT_EQ(rows.floatScales, scales);
  EXPECT_EQ(rows.zeroPoints, (std::vector<uint8_t>{1, 7, 0, 15}));
  for (int i = 0; i < 128; ++i) {
    int code = nibbles[i / 2] >> (i % 2 * 4) & 15;
    EXPECT_EQ(rows.codes[i], code) << i;
    EXPECT_EQ(floatAt(512 + 4 * i), float(code - rows.zeroPoints[i / 32]) * scales[i / 32]) << i;
  }
  EXPECT_EQ(places[0].relativeErrors, std::vector<double>{0.0});
}

TEST_F(WeightPacker, transposed_codes_and_floats_share_panels) {
  std::vector<int8_t> codes(64 * 3);
  for (size_t i = 0; i < codes.size(); ++i)
    codes[i] = static_cast<int8_t>(i == 5 ? -128 : 3 * i);
  std::vector<float> scales = {0.1f, 0.2f, 0.3f}, matrix(64);
  for (size_t i = 0; i < matrix.size(); ++i)
    matrix[i] = static_cast<float>(i) - 127;
  std::string coded = "#edgelm.codes<[" + addValues(codes) + ", " + addValues(scales) +
                      "], [tensor<64x3xi8>, tensor<3xf32>] axis 1 block 0 transposed = true>";
  ASSERT_FALSE(bool(pack("%0 = edgelm.packed_weight [" + coded + ", " + addValues(matrix) +
                             "] stored_as [!edgelm.q<\"int8\">, f32] panel 4 at 0 {transposed = array<i1: false, "
                             "false>} : tensor<4x64x!edgelm.q<\"int8\">>",
                         320)));
  PackedLayout layout = {findFormat("int8"), 4, 64, 4};
  QuantizedRows rows = unpackPanel(layout, reinterpret_cast<const uint8_t *>(packed.data()), 4);
  for (int row = 0; row < 3; ++row) {
    EXPECT_EQ(rows.scale(row, 0), scales[row]);
    for (int k = 0; k < 64; ++k)
      EXPECT_EQ(rows.integer(row, k), codes[k * 3 + row]) << row << " " << k;
  }
  EXPECT_EQ(float(rows.integer(3, 7)) * rows.scale(3, 0), matrix[7]);
  ASSERT_EQ(places[0].relativeErrors.size(), 2u);
  EXPECT_EQ(places[0].relativeErrors[0], 0.0);
}

TEST_F(WeightPacker, codes_that_do_not_fit_their_scales_are_refused) {
  std::string coded = "#edgelm.codes<[" + addValues(std::vector<int8_t>(128)) + ", " +
                      addValues(std::vector<float>(3)) + "], [tensor<2x64xi8>, tensor<3xf32>] axis 0 block 0>";
  ExitStatus status;
  std::string message =
      messageOf(pack("%0 = edgelm.packed_weight [" + coded +
                         "] panel 0 at 0 {transposed = array<i1: false>} : tensor<2x64xf32> loc(\"q_proj\")",
                     512),
                status);
  EXPECT_EQ(status, ExitStatus::BadInput);
  EXPECT_EQ(message, "weight 'q_proj': expected 2 scales, found 'tensor<3xf32>'");
}
