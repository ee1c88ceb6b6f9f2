// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// From floats to codes and scales, from these to the bytes of a product, and back.
#pragma once

#include "Dialect/Formats.h"
#include "Dialect/PackedLayout.h"

#include <optional>
#include <vector>

namespace edgelm {

/// Rows of a quantized matrix, a byte for each code. Of the scales only those that the format has are there.
struct QuantizedRows {
  const FormatRow *format = nullptr;
  int64_t rows = 0, k = 0;
  std::vector<uint8_t> codes;       // [rows][k]
  std::vector<uint16_t> halfScales; // [rows][groups], bits of f16; Scale::F16
  std::vector<uint8_t> multipliers; // [rows][groups]; Scale::Integer, Scale::Double
  std::vector<float> floatScales;   // [rows][groups]; Scale::F32. [rows]; Scale::Integer. [rows][supers]; Scale::Double
  std::vector<uint8_t> zeroPoints;  // [rows][groups]

  void resize(const FormatRow &row, int64_t newRows, int64_t columns);
  /// Adds the rows of another matrix of the same format and K.
  void append(const QuantizedRows &other);
  /// Rows [first, first + count).
  QuantizedRows slice(int64_t first, int64_t count) const;
  int64_t groups() const { return format->groups(k); }
  int64_t supers() const { return (groups() + kGroupsOfDouble - 1) / kGroupsOfDouble; }
  /// Scales of a row that are stored as f32.
  int64_t floatsPerRow() const;
  /// The integer that the code at [row][column] stands for, times the group's multiplier with Scale::Integer.
  int integer(int64_t row, int64_t column) const;
  /// What these integers of a group are multiplied by.
  float scale(int64_t row, int64_t group) const;
};

/// Quantizes `rows` rows of `k` floats that lie `stride` floats apart, with the scales of least squared error. Returns
/// row * k + column of the first value that is NaN or infinite, and then `out` is undefined.
std::optional<int64_t> quantizeRows(const FormatRow &format, const float *w, int64_t rows, int64_t k, int64_t stride,
                                    QuantizedRows &out);

/// The weights that a product computes with, [rows][k].
void dequantizeRows(const QuantizedRows &rows, float *out);

/// Writes the panel of at most layout.panel rows, layout.panelBytes() bytes.
void packPanel(const PackedLayout &layout, const QuantizedRows &rows, uint8_t *out);

/// Reads the first `rows` rows of a panel.
QuantizedRows unpackPanel(const PackedLayout &layout, const uint8_t *panel, int64_t rows);

/// Writes a row of k activations, layout.rowBytes() bytes.
void quantizeActivations(const ActivationLayout &layout, const float *x, uint8_t *out);

/// The codes of such a row, one for each column.
void activationCodes(const ActivationLayout &layout, const uint8_t *row, int8_t *out);

} // namespace edgelm
