// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The rows of the format table and how to find one.
#include "Dialect/Formats.h"

#include <algorithm>

namespace edgelm {

/// NormalFloat4 (Dettmers et al. 2023, appendix E) in units of 1/127, rounded half to even.
static constexpr int8_t kNormalFloat4[16] = {-127, -88, -67, -50, -36, -23, -12, 0, 10, 20, 31, 43, 56, 71, 92, 127};

static constexpr FormatRow kFormats[] = {
    {"f32", "float32,fp32", "IEEE single precision", {32, 0}, 0, Scale::None, false, {}},
    {"f16", "float16,fp16", "IEEE half precision", {16, 0}, 0, Scale::None, false, {}},
    {"bf16", "bfloat16", "upper half of single precision", {16, 0}, 0, Scale::None, false, {}},
    {"int8", "w8", "8 bits, one scale a row", {8, 0}, 0, Scale::F32, false, {}},
    {"int8_g32", "q8_0,w8g32", "8 bits in groups of 32", {8, 0}, 32, Scale::F16, false, {}},
    {"int6_g64", "int6,w6g64", "6 bits in groups of 64", {4, 2}, 64, Scale::F16, false, {}},
    {"int5_g64", "int5,w5g64", "5 bits in groups of 64", {4, 1}, 64, Scale::F16, false, {}},
    {"int8_g32_f32", "", "8 bits in groups of 32, scales in f32", {8, 0}, 32, Scale::F32, false, {}},
    {"int8_sums",
     "",
     "8 bits, one scale and sum a row, for activations with zero points",
     {8, 0},
     0,
     Scale::F32,
     false,
     {},
     true},
    {"int4_g32", "int4,q4_0,w4g32", "4 bits in groups of 32", {4, 0}, 32, Scale::F16, false, {}},
    {"int4_g64", "w4g64", "4 bits in groups of 64", {4, 0}, 64, Scale::F16, false, {}},
    {"int4_g128", "w4g128", "4 bits in groups of 128", {4, 0}, 128, Scale::F16, false, {}},
    {"int4a_g32", "q4_1", "4 bits with zero points in groups of 32", {4, 0}, 32, Scale::F16, true, {}},
    {"int4a_g64", "", "4 bits with zero points in groups of 64", {4, 0}, 64, Scale::F16, true, {}},
    {"int4a_g128", "", "4 bits with zero points in groups of 128", {4, 0}, 128, Scale::F16, true, {}},
    {"int4_g32_f32", "", "4 bits in groups of 32, scales in f32", {4, 0}, 32, Scale::F32, false, {}},
    {"int4_g128_f32", "", "4 bits in groups of 128, scales in f32", {4, 0}, 128, Scale::F32, false, {}},
    {"int4a_g32_f32", "", "4 bits with zero points in groups of 32, scales in f32", {4, 0}, 32, Scale::F32, true, {}},
    {"int4a_g128_f32",
     "",
     "4 bits with zero points in groups of 128, scales in f32",
     {4, 0},
     128,
     Scale::F32,
     true,
     {}},
    {"int3_g64", "int3,w3g64", "3 bits in groups of 64", {2, 1}, 64, Scale::F16, false, {}},
    {"int2_g64", "int2,w2g64", "2 bits in groups of 64", {2, 0}, 64, Scale::F16, false, {}},
    {"nf4_g64", "nf4", "NormalFloat of 4 bits in groups of 64", {4, 0}, 64, Scale::F16, false, kNormalFloat4},
    {"nf4_g64_dq", "", "NormalFloat with quantized scales", {4, 0}, 64, Scale::Double, false, kNormalFloat4},
    {"int4p_g64", "int4p", "4 bits times an integer of each group of 64", {4, 0}, 64, Scale::Integer, false, {}},
};

double FormatRow::bitsPerWeight(int64_t k) const {
  double perRow = double(bits()) * k;
  switch (scale) {
  case Scale::None:
    break;
  case Scale::F32:
    perRow += 32.0 * groups(k);
    break;
  case Scale::F16:
    perRow += 16.0 * groups(k);
    break;
  case Scale::Integer:
    perRow += 8.0 * groups(k) + 32;
    break;
  case Scale::Double:
    perRow += 8.0 * groups(k) + 32.0 * ((groups(k) + kGroupsOfDouble - 1) / kGroupsOfDouble);
    break;
  }
  if (hasZeroPoints)
    perRow += 8.0 * groups(k);
  if (hasRowSums)
    perRow += 32;
  return perRow / k;
}

std::span<const FormatRow> formatTable() {
  return kFormats;
}

/// Whether `name` is one of the words of a comma-separated list.
static bool contains(std::string_view list, std::string_view name) {
  while (!list.empty()) {
    size_t end = std::min(list.find(','), list.size());
    if (list.substr(0, end) == name)
      return true;
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return false;
}

const FormatRow *findFormat(std::string_view name) {
  for (const FormatRow &row : kFormats)
    if (row.name == name || contains(row.aliases, name))
      return &row;
  return nullptr;
}

std::string formatNames() {
  std::string names;
  for (const FormatRow &row : kFormats)
    names.append(names.empty() ? "" : ", ").append(row.name);
  return names;
}

} // namespace edgelm
