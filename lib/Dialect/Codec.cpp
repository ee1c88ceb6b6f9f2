// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Quantizes weights row by row and activations, and widens weights again.
#include "Dialect/Codec.h"

#include "Dialect/ScaleSearch.h"
#include "Dialect/SmallFloat.h"
#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>
#include <cstring>

#pragma STDC FP_CONTRACT OFF

namespace edgelm {

int64_t QuantizedRows::floatsPerRow() const {
  switch (format->scale) {
  case Scale::F32:
    return groups();
  case Scale::Integer:
    return 1;
  case Scale::Double:
    return supers();
  default:
    return 0;
  }
}

void QuantizedRows::resize(const FormatRow &row, int64_t newRows, int64_t columns) {
  assert(!row.isFloat() && "floats have no codes");
  format = &row;
  rows = newRows;
  k = columns;
  codes.resize(rows * k);
  halfScales.resize(row.scale == Scale::F16 ? rows * groups() : 0);
  multipliers.resize(row.scale == Scale::Integer || row.scale == Scale::Double ? rows * groups() : 0);
  floatScales.resize(rows * floatsPerRow());
  zeroPoints.resize(row.hasZeroPoints ? rows * groups() : 0);
}

void QuantizedRows::append(const QuantizedRows &other) {
  assert(format == other.format && k == other.k && "not rows of one kind");
  rows += other.rows;
  codes.insert(codes.end(), other.codes.begin(), other.codes.end());
  halfScales.insert(halfScales.end(), other.halfScales.begin(), other.halfScales.end());
  multipliers.insert(multipliers.end(), other.multipliers.begin(), other.multipliers.end());
  floatScales.insert(floatScales.end(), other.floatScales.begin(), other.floatScales.end());
  zeroPoints.insert(zeroPoints.end(), other.zeroPoints.begin(), other.zeroPoints.end());
}

QuantizedRows QuantizedRows::slice(int64_t first, int64_t count) const {
  QuantizedRows part;
  part.resize(*format, count, k);
  auto copy = [&](const auto &from, auto &to, int64_t perRow) {
    std::copy_n(from.begin() + (from.empty() ? 0 : first * perRow), to.size(), to.begin());
  };
  copy(codes, part.codes, k);
  copy(halfScales, part.halfScales, groups());
  copy(multipliers, part.multipliers, groups());
  copy(floatScales, part.floatScales, floatsPerRow());
  copy(zeroPoints, part.zeroPoints, groups());
  return part;
}

int QuantizedRows::integer(int64_t row, int64_t column) const {
  int code = codes[row * k + column];
  int64_t group = row * groups() + column / format->groupOf(k);
  if (!format->codebook.empty())
    return format->codebook[code];
  if (format->hasZeroPoints)
    return code - zeroPoints[group];
  return (code - format->offset()) * (format->scale == Scale::Integer ? multipliers[group] : 1);
}

float QuantizedRows::scale(int64_t row, int64_t group) const {
  switch (format->scale) {
  case Scale::F16:
    return Half{halfScales[row * groups() + group]};
  case Scale::Double:
    return float(multipliers[row * groups() + group]) * floatScales[row * supers() + group / kGroupsOfDouble];
  case Scale::F32:
    return floatScales[row * groups() + group];
  default:
    return floatScales[row];
  }
}

namespace {

/// Quantizes the rows of one matrix.
class RowQuantizer {
public:
  explicit RowQuantizer(QuantizedRows &out) : out(out), search(*out.format), width(out.format->groupOf(out.k)) {}

  void quantize(const float *x, int64_t row) {
    switch (out.format->scale) {
    case Scale::Integer:
      return quantizeMultiples(x, row, 0, out.groups(), out.floatScales[row], 1, 16);
    case Scale::Double:
      for (int64_t super = 0; super < out.supers(); ++super)
        quantizeMultiples(x, row, super * kGroupsOfDouble, std::min((super + 1) * kGroupsOfDouble, out.groups()),
                          out.floatScales[row * out.supers() + super], 0, 255);
      return;
    default:
      return quantizeGroups(x, row);
    }
  }

private:
  int64_t columns(int64_t group) const { return std::min(width, out.k - group * width); }
  uint8_t *codes(int64_t row, int64_t group) { return out.codes.data() + row * out.k + group * width; }
  void quantizeGroups(const float *x, int64_t row);
  void quantizeMultiples(const float *x, int64_t row, int64_t begin, int64_t end, float &unit, int least, int most);
  void chooseMultiples(const float *x, int64_t row, int64_t begin, int64_t end, float unit, int least, int most);
  float leastSquares(const float *x, int64_t row, int64_t begin, int64_t end, float unit);

  QuantizedRows &out;
  ScaleSearch search;
  int64_t width;
  std::vector<float> scales; // of the groups that share a unit
};

} // namespace

/// A scale for each group, stored as such.
void RowQuantizer::quantizeGroups(const float *x, int64_t row) {
  for (int64_t group = 0; group < out.groups(); ++group) {
    GroupScale scale = search.best(x + group * width, columns(group));
    search.encode(x + group * width, columns(group), scale, codes(row, group));
    int64_t place = row * out.groups() + group;
    if (out.format->scale == Scale::F16)
      out.halfScales[place] = Half::nearest(scale.scale).bits;
    else
      out.floatScales[place] = scale.scale;
    if (out.format->hasZeroPoints)
      out.zeroPoints[place] = uint8_t(scale.zeroPoint);
  }
}

/// Groups begin .. end share a float, `unit`, and have a multiple of it each. The largest scale is given the largest
/// multiple, then all together the best unit for their integers, and each again the best multiple of that.
void RowQuantizer::quantizeMultiples(const float *x, int64_t row, int64_t begin, int64_t end, float &unit, int least,
                                     int most) {
  float largest = 0;
  scales.resize(end - begin);
  for (int64_t group = begin; group < end; ++group) {
    scales[group - begin] = search.best(x + group * width, columns(group)).scale;
    largest = std::max(largest, scales[group - begin]);
  }
  unit = largest / most;
  chooseMultiples(x, row, begin, end, unit, least, most);
  unit = leastSquares(x, row, begin, end, unit);
  chooseMultiples(x, row, begin, end, unit, least, most);
}

void RowQuantizer::chooseMultiples(const float *x, int64_t row, int64_t begin, int64_t end, float unit, int least,
                                   int most) {
  for (int64_t group = begin; group < end; ++group) {
    const float *values = x + group * width;
    float scale = scales[group - begin];
    int multiple = least;
    if (scale != 0) {
      int first = std::clamp(int(std::nearbyint(std::min(scale / unit, float(most)))) - 8, least, most - 15);
      multiple = search.bestMultiple(values, columns(group), unit, first);
    }
    out.multipliers[row * out.groups() + group] = uint8_t(multiple);
    search.encode(values, columns(group), {scale == 0 ? 0 : float(multiple) * unit, 0}, codes(row, group));
  }
}

/// The unit with which the codes and multiples of groups begin .. end come nearest to x.
float RowQuantizer::leastSquares(const float *x, int64_t row, int64_t begin, int64_t end, float unit) {
  double products = 0, squares = 0;
  bool isDouble = out.format->scale == Scale::Double;
  for (int64_t group = begin; group < end; ++group) {
    double factor = isDouble ? out.multipliers[row * out.groups() + group] : 1; // elsewhere part of the integer
    for (int64_t column = group * width; column < group * width + columns(group); ++column) {
      double integer = factor * out.integer(row, column);
      products += integer * x[column];
      squares += integer * integer;
    }
  }
  return squares == 0 ? unit : float(products / squares);
}

static bool isFinite(float x) {
  return (std::bit_cast<uint32_t>(x) & 0x7f800000) != 0x7f800000;
}

std::optional<int64_t> quantizeRows(const FormatRow &format, const float *w, int64_t rows, int64_t k, int64_t stride,
                                    QuantizedRows &out) {
  out.resize(format, rows, k);
  RowQuantizer quantizer(out);
  for (int64_t row = 0; row < rows; ++row) {
    const float *x = w + row * stride;
    bool allFinite = true;
    for (int64_t i = 0; i < k; ++i)
      allFinite &= isFinite(x[i]);
    if (!allFinite)
      return row * k + (std::find_if_not(x, x + k, isFinite) - x);
    quantizer.quantize(x, row);
  }
  return std::nullopt;
}

void dequantizeRows(const QuantizedRows &rows, float *out) {
  int64_t width = rows.format->groupOf(rows.k);
  for (int64_t row = 0; row < rows.rows; ++row)
    for (int64_t group = 0; group < rows.groups(); ++group) {
      float scale = rows.scale(row, group);
      for (int64_t column = group * width; column < std::min((group + 1) * width, rows.k); ++column)
        *out++ = float(rows.integer(row, column)) * scale;
    }
}

/// A row with the scale and zero point of ONNX DynamicQuantizeLinear.
static void quantizeWithZero(const ActivationLayout &layout, const float *x, uint8_t *out) {
  float least = 0, greatest = 0;
  for (int64_t i = 0; i < layout.k; ++i) {
    least = std::fmin(least, x[i]);
    greatest = std::fmax(greatest, x[i]);
  }
  float scale = (greatest - least) / 255;
  if (scale == 0)
    scale = 1;
  int32_t zero = int32_t(std::nearbyint(std::fmin(255.0f, std::fmax(0.0f, 0.0f - least / scale)))), sum = 0;
  for (int64_t i = 0; i < layout.k; ++i) {
    int32_t code = std::clamp(int32_t(std::nearbyint(x[i] / scale)) + zero, 0, 255) - 128;
    out[i] = uint8_t(int8_t(code));
    sum += code;
  }
  int32_t added = 128 - zero;
  std::memcpy(out + layout.scales(), &scale, sizeof scale);
  std::memcpy(out + layout.sums(), &sum, sizeof sum);
  std::memcpy(out + layout.zeros(), &added, sizeof added);
}

/// Makes pairs of the codes of a row.
static void pairCodes(const ActivationLayout &layout, uint8_t *row) {
  int64_t group = layout.groups() == 1 ? layout.paddedK() : layout.groupColumns();
  std::vector<int32_t> evens(layout.groups());
  for (int64_t column = 0; column < layout.paddedK(); column += 4) {
    int8_t a[4];
    std::memcpy(a, row + layout.codes() + column, 4);
    int16_t pairs[4] = {a[0], a[2], int16_t(a[1] - 256 * a[0]), int16_t(a[3] - 256 * a[2])};
    std::memcpy(row + 2 * column, pairs, sizeof pairs);
    evens[column / group] -= 128 * (a[0] + a[2]);
  }
  std::memcpy(row + layout.evens(), evens.data(), evens.size() * sizeof(int32_t));
}

void activationCodes(const ActivationLayout &layout, const uint8_t *row, int8_t *out) {
  if (!layout.isPaired) {
    std::memcpy(out, row, layout.k);
    return;
  }
  for (int64_t column = 0; column < layout.k; ++column) {
    int16_t pairs[4];
    std::memcpy(pairs, row + column / 4 * sizeof pairs, sizeof pairs);
    int even = pairs[column % 4 / 2], odd = pairs[2 + column % 4 / 2] + 256 * even;
    out[column] = int8_t(column % 2 ? odd : even);
  }
}

void quantizeActivations(const ActivationLayout &layout, const float *x, uint8_t *out) {
  std::memset(out, 0, layout.rowBytes());
  if (layout.hasZeros)
    return quantizeWithZero(layout, x, out);
  for (int64_t group = 0; group < layout.groups(); ++group) {
    int64_t begin = group * layout.groupColumns(), end = std::min(begin + layout.groupColumns(), layout.k);
    float largest = 0;
    for (int64_t i = begin; i < end; ++i)
      largest = std::max(largest, std::fabs(x[i]));
    if (largest < kSmallestActivation)
      continue;
    float scale = largest / 127, inverse = 127 / largest;
    int32_t sum = 0;
    for (int64_t i = begin; i < end; ++i) {
      int code = int(std::nearbyint(x[i] * inverse));
      out[layout.codes() + i] = uint8_t(int8_t(code));
      sum += code;
    }
    std::memcpy(out + layout.scales() + group * 4, &scale, 4);
    if (!layout.isCompact)
      std::memcpy(out + layout.sums() + group * 4, &sum, 4);
  }
  if (layout.isPaired)
    pairCodes(layout, out);
}

} // namespace edgelm
