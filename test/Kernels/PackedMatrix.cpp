// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "PackedMatrix.h"
#include "KernelJit.h"

#include <cmath>
#include <cstring>
#include <random>

namespace edgelm {

PackedMatrix::PackedMatrix(const PackedLayout &layout, uint32_t seed) : layout(layout) {
  std::minstd_rand random(seed + 1);
  const FormatRow &format = *layout.format;
  int64_t n = layout.n, k = layout.k, groups = layout.groups();
  for (int64_t i = 0; i < n * k; ++i) {
    // An imported matrix may have -128.
    uint32_t code = uint32_t(random()) % (1u << format.bits());
    codes.push_back(uint8_t(format.scale == Scale::Integer && code == 0 ? 1 : code));
  }
  auto randomScale = [&] { return fromF16(toF16(float(int64_t(random() % 2001) - 1000) * 1e-5f)); };
  for (int64_t i = 0; i < n * groups; ++i) {
    zeroPoints.push_back(uint8_t(random() % (1u << format.bits())));
    integers.push_back(uint8_t(format.scale == Scale::Integer ? 1 + random() % 16 : random() % 256));
    scales.push_back(randomScale());
  }
  for (int64_t i = 0; i < n * layout.supers(); ++i)
    supers.push_back(randomScale());
  pack();
}

int PackedMatrix::value(int64_t row, int64_t column) const {
  const FormatRow &format = *layout.format;
  int code = codes[row * layout.k + column];
  int64_t group = row * layout.groups() + column / format.groupOf(layout.k);
  if (!format.codebook.empty())
    return format.codebook[code];
  if (format.hasZeroPoints)
    return code - zeroPoints[group];
  return (code - format.offset()) * (format.scale == Scale::Integer ? integers[group] : 1);
}

float PackedMatrix::scale(int64_t row, int64_t column) const {
  const FormatRow &format = *layout.format;
  int64_t group = column / format.groupOf(layout.k);
  if (format.scale == Scale::Double)
    return float(integers[row * layout.groups() + group]) * supers[row * layout.supers() + group / kGroupsOfDouble];
  return scales[row * layout.groups() + (format.scale == Scale::Integer ? 0 : group)];
}

/// A code of 8 bits as it lies: signed, or in even columns of a paired matrix not.
uint8_t PackedMatrix::byteOf(int code, int64_t column) const {
  return uint8_t(layout.isPaired && column % 2 == 0 ? code : code ^ 0x80);
}

void PackedMatrix::pack() {
  const FormatRow &format = *layout.format;
  bytes.assign(layout.bytes(), 0);
  for (int64_t row = 0; row < layout.n; ++row) {
    uint8_t *panel = bytes.data() + row / layout.panel * layout.panelBytes();
    int64_t lane = row % layout.panel;
    auto put = [&](int64_t part, int64_t index, const auto &value) {
      std::memcpy(panel + part + (index * layout.panel + lane) * int64_t(sizeof value), &value, sizeof value);
    };
    if (format.scale == Scale::Integer)
      put(layout.floatScales(), 0, scales[row * layout.groups()]);
    for (int64_t super = 0; format.scale == Scale::Double && super < layout.supers(); ++super)
      put(layout.floatScales(), super, supers[row * layout.supers() + super]);
    for (int64_t group = 0; group < layout.groups(); ++group) {
      int64_t at = row * layout.groups() + group;
      if (format.scale == Scale::F16)
        put(layout.groupScales(), group, toF16(scales[at]));
      else if (format.scale == Scale::F32)
        put(layout.floatScales(), group, scales[at]);
      else
        put(layout.groupScales(), group, integers[at]);
      if (format.hasZeroPoints)
        put(layout.zeroPoints(), group, zeroPoints[at]);
    }
    if (format.hasRowSums) {
      int32_t sum = 0;
      for (int64_t column = 0; column < layout.k; ++column)
        sum += value(row, column);
      put(layout.rowSums(), 0, sum);
    }
    for (int64_t column = 0; column < layout.k; ++column) {
      int code = codes[row * layout.k + column];
      if (format.bits() == 8)
        code = byteOf(code, column);
      for (int plane = 0; plane < 2 && format.planes[plane]; ++plane) {
        int bits = format.planes[plane], columnsOfStep = 32 / bits;
        int64_t step = column / columnsOfStep, within = column % columnsOfStep;
        int64_t byte = layout.columnsApart ? within % 4 * layout.panel + lane : lane * 4 + within % 4;
        panel[layout.plane(plane) + step * layout.panel * 4 + byte] |=
            uint8_t((code & ((1 << bits) - 1)) << (bits * (within / 4)));
        code >>= bits;
      }
    }
    // Padding behind the last column stands for zeros.
    for (int64_t column = layout.k; layout.isPaired && column < layout.paddedK(); ++column)
      panel[layout.plane(0) + (column / 4 * layout.panel + lane) * 4 + column % 4] = byteOf(0x80, column);
  }
}

/// Codes as a paired row has them; returns -128 times the sums of even columns.
static std::vector<int32_t> pairedCodes(const ActivationLayout &layout, const int8_t *codes, uint8_t *to) {
  std::vector<int32_t> evens(layout.groups());
  for (int64_t column = 0; column < layout.k; column += 2) {
    int even = codes[column], odd = column + 1 < layout.k ? codes[column + 1] : 0;
    int16_t pair[] = {int16_t(even), int16_t(odd - 256 * even)};
    std::memcpy(to + column / 4 * 8 + column % 4, &pair[0], 2);
    std::memcpy(to + column / 4 * 8 + 4 + column % 4, &pair[1], 2);
    evens[column / layout.groupColumns()] -= 128 * even;
  }
  return evens;
}

PackedRows::PackedRows(const ActivationLayout &layout, int64_t rows, uint32_t seed) : layout(layout) {
  std::minstd_rand random(seed + 1);
  bytes.assign(rows * layout.rowBytes(), 0);
  for (int64_t row = 0; row < rows; ++row) {
    std::vector<int32_t> sums(layout.groups());
    for (int64_t column = 0; column < layout.k; ++column) {
      codes.push_back(layout.hasZeros ? int8_t(random() % 256) : int8_t(int64_t(random() % 255) - 127));
      sums[column / layout.groupColumns()] += codes.back();
    }
    for (int64_t group = 0; group < layout.groups(); ++group)
      scales.push_back(float(random() % 1000) * 1e-4f);
    uint8_t *to = bytes.data() + row * layout.rowBytes();
    if (layout.isPaired) {
      std::vector<int32_t> evens = pairedCodes(layout, codes.data() + row * layout.k, to);
      std::memcpy(to + layout.evens(), evens.data(), evens.size() * sizeof(int32_t));
    } else {
      std::memcpy(to, codes.data() + row * layout.k, layout.k);
    }
    std::memcpy(to + layout.scales(), scales.data() + row * layout.groups(), layout.groups() * 4);
    std::memcpy(to + layout.sums(), sums.data(), layout.groups() * 4);
    zeros.push_back(layout.hasZeros ? int32_t(random() % 256) - 127 : 0);
    if (layout.hasZeros)
      std::memcpy(to + layout.zeros(), &zeros.back(), sizeof zeros.back());
  }
}

float expectedSum(const PackedMatrix &weights, const PackedRows &input, int64_t row, int64_t n) {
  int64_t k = weights.layout.k, columns = input.layout.groupColumns(), groups = input.layout.groups();
  float sum = 0;
  for (int64_t group = 0; group < groups; ++group) {
    int32_t integer = 0;
    for (int64_t column = group * columns; column < std::min(k, (group + 1) * columns); ++column)
      integer += weights.value(n, column) * (input.codes[row * k + column] + input.zeros[row]);
    volatile float scale = input.scales[row * groups + group] * weights.scale(n, group * columns);
    volatile float product = float(integer) * scale;
    sum = groups == 1 ? product + 0 : sum + product;
  }
  return sum;
}

float expectedSum(const PackedMatrix &weights, const std::vector<float> &input, int64_t row, int64_t n, bool hasFma) {
  float sum = 0;
  for (int64_t column = 0; column < weights.layout.k; ++column) {
    float x = input[row * weights.layout.k + column];
    volatile float weight = float(weights.value(n, column)) * weights.scale(n, column);
    volatile float product = x * weight;
    sum = hasFma ? std::fma(x, weight, sum) : sum + product;
  }
  return sum;
}

} // namespace edgelm
