// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Quantized rows as the bytes of a panel, and back.
#include "Dialect/Codec.h"

#include <cassert>
#include <cstring>

namespace edgelm {

/// Calls move(part of the panel, place among the rows' scales, bytes of one element) for all scales and zero points.
template <typename Rows, typename Move> static void moveScales(const PackedLayout &layout, Rows &rows, Move move) {
  auto part = [&](int64_t offset, auto &values, int64_t perRow) {
    constexpr int64_t width = sizeof(values[0]);
    for (int64_t row = 0; row < rows.rows; ++row)
      for (int64_t i = 0; i < perRow; ++i)
        move(offset + (i * layout.panel + row) * width, &values[row * perRow + i], width);
  };
  if (!rows.floatScales.empty())
    part(layout.floatScales(), rows.floatScales, rows.floatsPerRow());
  if (!rows.halfScales.empty())
    part(layout.groupScales(), rows.halfScales, rows.groups());
  if (!rows.multipliers.empty())
    part(layout.groupScales(), rows.multipliers, rows.groups());
  if (!rows.zeroPoints.empty())
    part(layout.zeroPoints(), rows.zeroPoints, rows.groups());
}

/// One plane of a format in a panel.
struct Plane {
  int64_t offset;  // bytes from the start of the panel
  int bits, shift; // of the code's bits
  int64_t steps;
  bool isPaired;

  int codesPerByte() const { return 8 / bits; }
  /// What makes a code of 8 bits the signed integer that it stands for, in each of four bytes, or in those of odd columns.
  uint32_t flip() const { return bits != 8 ? 0 : isPaired ? 0x80008000u : 0x80808080u; }
  /// The plane's bits in each of four bytes.
  uint32_t mask() const { return ((1u << bits) - 1) * 0x01010101u; }
};

/// Calls visit(plane) for each plane.
template <typename Visit> static void forEachPlane(const PackedLayout &layout, Visit visit) {
  int shift = 0;
  for (int index = 0; index < 2; ++index) {
    int bits = layout.format->planes[index];
    if (bits)
      visit(Plane{layout.plane(index), bits, shift, layout.paddedK() * bits / 32, layout.isPaired});
    shift += bits;
  }
}

/// The four bytes of a row in a step, first column lowest.
static uint32_t loadStep(const PackedLayout &layout, const uint8_t *step, int64_t row) {
  uint8_t bytes[4];
  for (int64_t i = 0; i < 4; ++i)
    bytes[i] = step[layout.byteOfStep(row, i)];
  uint32_t word;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

static void storeStep(const PackedLayout &layout, uint32_t word, uint8_t *step, int64_t row) {
  uint8_t bytes[4];
  std::memcpy(bytes, &word, sizeof word);
  for (int64_t i = 0; i < 4; ++i)
    step[layout.byteOfStep(row, i)] = bytes[i];
}

void packPanel(const PackedLayout &layout, const QuantizedRows &rows, uint8_t *out) {
  assert(rows.rows <= layout.panel && rows.k == layout.k && rows.format == layout.format && "not the layout's rows");
  std::memset(out, 0, layout.panelBytes());
  moveScales(layout, rows,
             [&](int64_t offset, const void *from, size_t width) { std::memcpy(out + offset, from, width); });
  std::vector<uint8_t> padded(layout.paddedK(), layout.format->bits() == 8 ? layout.format->offset() : 0);
  for (int64_t row = 0; row < rows.rows; ++row) {
    if (layout.format->hasRowSums) {
      int32_t sum = 0;
      for (int64_t column = 0; column < rows.k; ++column)
        sum += rows.integer(row, column);
      std::memcpy(out + layout.rowSums() + row * sizeof sum, &sum, sizeof sum);
    }
    std::memcpy(padded.data(), &rows.codes[row * rows.k], rows.k);
    forEachPlane(layout, [&](const Plane &plane) {
      const uint8_t *from = padded.data();
      for (int64_t step = 0; step < plane.steps; ++step) {
        uint32_t word = 0;
        for (int m = 0; m < plane.codesPerByte(); ++m, from += 4) {
          uint32_t codes;
          std::memcpy(&codes, from, 4);
          word |= (codes >> plane.shift & plane.mask()) << plane.bits * m;
        }
        word ^= plane.flip();
        storeStep(layout, word, out + plane.offset + step * layout.stepBytes(), row);
      }
    });
  }
}

QuantizedRows unpackPanel(const PackedLayout &layout, const uint8_t *panel, int64_t count) {
  QuantizedRows rows;
  rows.resize(*layout.format, count, layout.k);
  moveScales(layout, rows, [&](int64_t offset, void *to, size_t width) { std::memcpy(to, panel + offset, width); });
  std::vector<uint8_t> padded(layout.paddedK());
  for (int64_t row = 0; row < count; ++row) {
    std::fill(padded.begin(), padded.end(), 0);
    forEachPlane(layout, [&](const Plane &plane) {
      uint8_t *to = padded.data();
      for (int64_t step = 0; step < plane.steps; ++step) {
        uint32_t word = loadStep(layout, panel + plane.offset + step * layout.stepBytes(), row) ^ plane.flip();
        for (int m = 0; m < plane.codesPerByte(); ++m, to += 4) {
          uint32_t codes;
          std::memcpy(&codes, to, 4);
          codes |= (word >> plane.bits * m & plane.mask()) << plane.shift;
          std::memcpy(to, &codes, 4);
        }
      }
    });
    std::memcpy(&rows.codes[row * rows.k], padded.data(), rows.k);
  }
  return rows;
}

} // namespace edgelm
