// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Where each bit of a quantized matrix lies in a product, and each byte of quantized activations.
#pragma once

#include "Dialect/Formats.h"

#include <algorithm>

namespace edgelm {

/// K is padded to a multiple of this: the columns that a byte of a plane of one bit covers, times four.
inline constexpr int64_t kColumnUnit = 32;
/// Parts of a panel, and panels, start at multiples of this, or of a step's bytes where those are fewer.
inline constexpr int64_t kPartAlignment = 64; // bytes
/// Parts of a row of activations, and rows, start at multiples of this: a vector of bytes on most machines.
inline constexpr int64_t kRowAlignment = 16; // bytes
/// Products of int8 that a sum of 32 bits holds, were one factor -128: 128 * 127 * 131072 < 2^31.
inline constexpr int64_t kMaxSummedColumns = 131072;
/// The same where an activation is the difference of its code and a zero point: 128 * 255 * 65536 < 2^31.
inline constexpr int64_t kMaxColumnsWithZeros = 65536;

/// Panels of `panel` output rows of W[N, K], each one block of bytes:
///
///   row scales     f32 [panel]            Scale::Integer
///   group scales   f32 [groups][panel]    Scale::F32
///   super scales   f32 [supers][panel]    Scale::Double
///   group scales   f16 [groups][panel]    Scale::F16;  u8 [groups][panel]  Scale::Integer, Scale::Double
///   zero points    u8  [groups][panel]
///   row sums       i32 [panel]            of the integers that the codes stand for, where the format has them
///   planes         one after the other
///
/// every part padded with zeros to a multiple of partAlignment(). A plane of b bits covers 32 / b columns in a step:
///
///   byte [step][output row r][i], i < 4, bits b*m .. b*m + b - 1, m < 8 / b: the plane's bits of the code of W[r, 32/b
///   * step + 4*m + i]
///
/// so that a dot product of four bytes, the activations x[4j .. 4j+3] in every lane, adds up to a lane for each output
/// row, and shifting a vector by b bits gives the next four columns. With `columnsApart` the order within a step is byte
/// [i][r], for what multiplies a column at a time. A code of 8 bits lies as the signed integer that it
/// stands for, any other as it is. Padding, in K and in N, is zero, and so are the activations and the scales there.
///
/// In a paired matrix, of 8 bits, the bytes of even columns are unsigned, 128 more than the integers: a halfword is then
/// 256 * integer + byte, which multiplies as it is (`ActivationLayout::isPaired`). Padding stands for zeros there too.
struct PackedLayout {
  const FormatRow *format = nullptr;
  int64_t n = 0, k = 0;
  int64_t panel = 0;
  bool columnsApart = false;
  bool isPaired = false;

  int64_t panels() const { return (n + panel - 1) / panel; }
  int64_t paddedK() const { return (k + kColumnUnit - 1) / kColumnUnit * kColumnUnit; }
  int64_t groups() const { return format->groups(k); }
  int64_t supers() const { return (groups() + kGroupsOfDouble - 1) / kGroupsOfDouble; }

  // Bytes from the start of a panel.
  int64_t floatScales() const { return 0; }
  int64_t groupScales() const;
  int64_t zeroPoints() const;
  int64_t rowSums() const;
  int64_t plane(int index) const;
  /// Bytes of one panel.
  int64_t panelBytes() const;
  /// Bytes of one step of a plane.
  int64_t stepBytes() const { return panel * 4; }
  /// Where in a step the byte of row r and its column i lies.
  int64_t byteOfStep(int64_t row, int64_t i) const { return columnsApart ? i * panel + row : row * 4 + i; }
  int64_t partAlignment() const { return std::min(kPartAlignment, stepBytes()); }
  /// Bytes of the matrix.
  int64_t bytes() const { return panels() * panelBytes(); }
};

/// Whether weights of that format multiply paired activations where a machine has them, and are paired themselves: a
/// codebook is looked up byte by byte, and codes with a zero point may be -128, for which halfwords are too short.
inline bool takesPairedRows(const FormatRow &format) {
  return format.codebook.empty() && !format.hasRowSums;
}
inline bool hasPairedCodes(const FormatRow &format) {
  return format.bits() == 8 && takesPairedRows(format);
}

/// Columns of a compact row are padded to a multiple of this, the lanes of the widest vectors of f32.
inline constexpr int64_t kCompactUnit = 16;

/// Both quotients of a group whose largest magnitude reaches this are normal numbers.
inline constexpr float kSmallestActivation = 0x1p-119f;

/// Rows of activations in int8, quantized as they come, each one block of bytes:
///
///   codes    int8 [paddedK]
///   scales   f32 [groups]
///   sums     i32 [groups], of the group's codes
///   zeros    i32 [groups], with `hasZeros`: what is added to a code before it is multiplied
///
/// every part padded with zeros to a multiple of kRowAlignment. For each group of `group` columns (0: the whole row)
/// with the largest magnitude a: scale = a / 127, code = x * (127 / a) rounded half to even, both quotients rounded to
/// f32; where a is below kSmallestActivation, all are 0.
///
/// A paired row, for machines that multiply two halfwords at once, has in place of its codes
///
///   pairs    i16 [paddedK / 4][a0, a2, a1 - 256 * a0, a3 - 256 * a2]
///
/// of four codes a0 .. a3, and behind the sums
///
///   evens    i32 [groups], -128 times the sums of the codes of even columns
///
/// For two weights w0, w1 of one row beside each other, w0 unsigned, (256 * w1 + w0) * a0 + w1 * (a1 - 256 * a0) is w0 * a0
/// + w1 * a1: the weights multiply as the halfword that they lie as.
///
/// With `hasZeros` scale, zero point z and codes are those of ONNX DynamicQuantizeLinear: the range is that of the row
/// and 0, scale = range / 255 (1 where that is 0), z = -least / scale, code = x / scale + z in 0 .. 255, each rounded half
/// to even. A byte holds code - 128, and the row's part of `zeros` is 128 - z.
///
/// A compact row, of a key or value cache, has no sums, and only its codes are padded, to a multiple of kCompactUnit.
struct ActivationLayout {
  int64_t k = 0;
  int64_t group = 0;
  bool isCompact = false;
  bool hasZeros = false;
  bool isPaired = false;

  /// A compact row of k columns with one scale.
  static ActivationLayout compact(int64_t k) { return {k, /*group=*/0, /*isCompact=*/true}; }

  int64_t paddedK() const {
    int64_t unit = isCompact ? kCompactUnit : kColumnUnit;
    return (k + unit - 1) / unit * unit;
  }
  int64_t groupColumns() const { return group && group < k ? group : k; }
  int64_t groups() const { return (k + groupColumns() - 1) / groupColumns(); }
  /// Where the codes lie, each a byte; in a paired row only until they are paired, from the first on.
  int64_t codes() const { return isPaired ? paddedK() : 0; }
  /// Bytes of codes or pairs.
  int64_t codeBytes() const { return isPaired ? 2 * paddedK() : paddedK(); }
  int64_t scales() const;
  int64_t sums() const;
  int64_t evens() const;
  int64_t zeros() const;
  int64_t rowBytes() const;
};

} // namespace edgelm
