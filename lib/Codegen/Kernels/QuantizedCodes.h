// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reads packed weights of any format: codes as bytes four to a lane, scales and zero points, a vector of output rows.
#pragma once

#include "Codegen/Kernels/KernelBuilder.h"
#include "Dialect/PackedLayout.h"

namespace edgelm {

/// Columns of K that a unit covers, as slices of four columns in each lane.
inline constexpr int64_t kQuadsOfUnit = kColumnUnit / 4;

/// One vector of output rows of one panel of one matrix.
struct PanelVector {
  /// The matrix, i8 [layout.bytes()].
  mlir::Value bytes;
  /// Where the panel starts, index.
  Val base;
  /// The first of the panel's rows in the vector, index.
  Val first;
};

/// Whether the codes of a format lie in memory as the bytes that an instruction multiplies; `unsignedBits` as below.
bool bytesArePlain(const FormatRow &format, int unsignedBits);

/// How the codes of one format come out as bytes: in slices of four columns beside each other in every lane or, where the
/// layout has columns apart, of one column. A byte u stands for the integer u - offset (minus the zero point where
/// the format has them), u read as signed or unsigned; with Scale::Integer that is the code times its group's integer.
class QuantizedCodes {
public:
  /// `unsignedBits`: integers of more bits come as signed ones; `lanes` of a vector of output rows.
  QuantizedCodes(KernelBuilder &k, const PackedLayout &layout, int unsignedBits, int64_t lanes);

  /// Unpacks unit `unit` (index) of `unitColumns` columns of a vector, slice after slice; `multipliers` as
  /// `multipliers()` gives.
  class Unit {
  public:
    Unit(QuantizedCodes &codes, const PanelVector &vector, Val unit, Val multipliers, int64_t unitColumns = kColumnUnit)
        : codes(codes), vector(vector), unit(unit), multipliers(multipliers), unitColumns(unitColumns) {}
    /// The bytes of one slice.
    Val slice(int64_t slice);
    /// The bytes of one column as i32.
    Val column(int64_t column);

  private:
    Val stepBytes(int plane, int64_t step, int64_t within);
    Val planeBits(int plane, int64_t slice, int position);
    Val bytesOf(Val multipliers);
    Val wholeBytes(Val code, int64_t slice);
    QuantizedCodes &codes;
    PanelVector vector;
    Val unit, multipliers;
    int64_t unitColumns;
    /// Of each plane, the vectors of the step that was read last.
    Val loaded[2][4];
    int64_t loadedStep[2] = {-1, -1};
  };

  /// The least columns that are whole steps of every plane and a multiple of `columns`, which divides a unit.
  int64_t wholeSteps(int64_t columns) const;

  /// Columns of a slice, its bytes, slices of a unit.
  int64_t sliceColumns() const { return layout.columnsApart ? 1 : 4; }
  int64_t sliceBytes() const { return sliceColumns() * lanes; }
  int64_t slicesOfUnit() const { return kColumnUnit / sliceColumns(); }

  /// Group `group` (index) of a vector. The scale of a weight: f32.
  Val scales(const PanelVector &vector, Val group);
  /// i32; only with zero points.
  Val zeroPoints(const PanelVector &vector, Val group);
  /// The sums of the integers of each row, i32; only where the format has them.
  Val rowSums(const PanelVector &vector);
  /// Scale::Integer: i32 m for `Unit`; else null.
  Val multipliers(const PanelVector &vector, Val group);

  KernelBuilder &k;
  const PackedLayout layout;
  const FormatRow &format;
  const int64_t lanes;
  bool isSigned = false;
  /// Whether what lies in memory are the bytes already.
  bool isPlain = false;
  int offset = 0;

private:
  Val load(const PanelVector &vector, int64_t part, Val row, mlir::Type element);
  Val loadBytes(const PanelVector &vector, int64_t part, Val group);
};

} // namespace edgelm
