// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What kernels have to know about an instruction set: one row each, asked by property.
#pragma once

#include "Codegen/Schedule.h"
#include "Dialect/Formats.h"

#include "mlir/IR/Value.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLFunctionalExtras.h"

#include <array>
#include <span>
#include <string_view>

namespace edgelm {

class Activations;
class KernelBuilder;
class Val;

/// Gives a slice of a unit of weights; what asks for one only when it multiplies keeps few registers busy.
using Slices = llvm::function_ref<Val(int64_t slice)>;

/// One way to multiply bytes and to add the products up.
struct ByteProduct {
  /// sum + the products of `slices` vectors of weights, slice `first` of the unit and those behind it, with the
  /// activations of their columns; exact.
  Val (*add)(KernelBuilder &k, Val sum, Slices weights, Activations &x, int64_t first) = nullptr;
  /// Vectors of weights that one call takes; divides those of 16 columns.
  int64_t slices = 1;
  /// The sum of an output row is spread over so many i32 beside each other, which `collapse` adds.
  int64_t partials = 1;
  Val (*collapse)(KernelBuilder &k, Val sum) = nullptr;
};

/// Multiplies the bytes of two rows of activations at once. Between calls their sums lie as `exchange` leaves them, which
/// is its own inverse.
struct PairProduct {
  void (*exchange)(KernelBuilder &k, Val &sumX, Val &sumY) = nullptr;
  /// Adds the products of `slices` vectors of weights, as ByteProduct::add does; exact.
  void (*add)(KernelBuilder &k, Val &sumX, Val &sumY, Slices weights, Activations &x, Activations &y,
              int64_t first) = nullptr;
  int64_t slices = 1;
};

/// How an instruction set multiplies bytes. Sums are vectors of `IsaRow::lanes` i32, each times `partials`; activations
/// lie within -127 .. 127 but in `ofAnySigned`. A vector of weights is a slice: four columns of each lane's output row
/// beside each other, or with `columnsApart` one column.
struct ByteDot {
  /// For unsigned weights of up to `unsignedBits` bits.
  ByteProduct ofUnsigned;
  int unsignedBits;
  /// For signed weights; absent where `ofUnsigned` takes all 8 bits.
  ByteProduct ofSigned;
  /// table[code] of every byte, for codes 0 .. 15.
  Val (*lookup)(KernelBuilder &k, Val codes, llvm::ArrayRef<int8_t> table);
  /// Vectors of bytes shift in one instruction; otherwise words shift and what crosses into a neighbour is masked away.
  bool shiftsBytes = false;
  /// A lane of a register of activations is an operand as good as a vector that repeats it.
  bool takesLanes = false;
  bool columnsApart = false;
  /// Lanes of the vectors of a linear over weights with one scale a row, which needs no sums in f32 beside those of i32:
  /// more than `IsaRow::lanes` where that is not 0. Divides the panel; gate and up share them.
  int64_t rowScaleLanes = 0;
  /// Products loop over as few columns as a call takes: LLVM would load all weights of straight-line code before the
  /// first product, more than there are registers.
  bool loopsOverCalls = false;
  /// For unsigned weights of up to `fewBits` bits, where the row has something cheaper for them.
  ByteProduct ofFew = {};
  int fewBits = 0;
  /// For two rows of a matmul; absent, or where no product has partials.
  PairProduct ofPairs = {};
  /// As `ofSigned`, for activations that may be -128; absent where that takes them.
  ByteProduct ofAnySigned = {};

  const ByteProduct &productOf(int bits, bool isSigned, bool anyActivation) const {
    if (isSigned && anyActivation && ofAnySigned.add)
      return ofAnySigned;
    return isSigned || bits > unsignedBits ? ofSigned : bits <= fewBits ? ofFew : ofUnsigned;
  }
};

/// A matrix unit whose registers are tiles: [row][column] sums of i32 grow by the products of signed activations,
/// [row][K], and weights, [K / 4][column][4], as panels have them. A tile is a value of a type of its own.
struct TileDot {
  /// Rows, columns (those of a vector) and bytes along K of a full tile; no rows: there is no such unit.
  int64_t rows = 0, columns = 0, depth = 0;
  /// Sums of zero.
  Val (*zero)(KernelBuilder &k) = nullptr;
  /// `count` rows of `bytes` bytes each, from byte `at` of a memref of i8 on, `stride` bytes from one to the next.
  Val (*load)(KernelBuilder &k, mlir::Value memory, Val at, int64_t stride, int64_t count, int64_t bytes) = nullptr;
  /// sums + activations * weights.
  Val (*add)(KernelBuilder &k, Val sums, Val activations, Val weights, bool isSigned) = nullptr;
  /// Writes sums to a memref of i32, [row][column], from there on.
  void (*store)(KernelBuilder &k, Val sums, mlir::Value memory, Val row, Val column) = nullptr;
};

/// Where one unit of columns of a panel of quantized weights lies, and its activations.
struct PanelUnit {
  const FormatRow &format;
  /// The panel, i8, and where the unit starts in each plane, index.
  mlir::Value panel;
  mlir::Value planes[2];
  /// The activations' codes, i8, and the first byte of the unit's, index.
  mlir::Value row, column;
  /// They are paired, and so are the unit's codes of 8 bits.
  bool isPaired = false;
};

/// The inner loop of small kernels: adds the products of a unit to `sums`, an i32 for each row of the panel, and the
/// activations themselves to the last of them where there is one more. Codes of 8 bits and of a codebook count as signed
/// integers, others as they are.
using AddPanelUnit = void (*)(KernelBuilder &k, const PanelUnit &unit, llvm::MutableArrayRef<Val> sums);

/// The same for units that follow each other, where something is better than a loop over single ones.
struct PanelSweep {
  /// Whether there is something for units like that.
  bool (*takes)(const PanelUnit &unit) = nullptr;
  /// Appends where `add` starts: values of its own, which it moves on.
  void (*begin)(KernelBuilder &k, const PanelUnit &first, llvm::SmallVectorImpl<Val> &place) = nullptr;
  /// Adds `count` (index) units, one at least, or without `count` one, to sums that are all equal before.
  void (*add)(KernelBuilder &k, const PanelUnit &like, llvm::MutableArrayRef<Val> place, Val count,
              llvm::MutableArrayRef<Val> sums) = nullptr;
};

/// The two words of pairs (`ActivationLayout::isPaired`) that four codes of activations in a word become; adds -128 times
/// those of even columns to `evens`, an i32.
using PairActivations = std::array<Val, 2> (*)(KernelBuilder &k, Val codes, Val &evens);

/// An instruction set as the kernels see it.
struct IsaRow {
  /// The name that a target's row refers to.
  std::string_view name;
  /// f32 lanes of one vector register.
  int64_t lanes;
  /// Output columns in a panel of packed weights; a multiple of 2 * lanes, so that gate and up share a panel.
  int64_t panel;
  /// Fused multiply-add in one instruction; without it a product is rounded before it is added.
  bool hasFma;
  /// Vectors of f16 convert to f32 by an instruction; otherwise integer operations do it.
  bool hasF16Convert;
  /// Loads and stores take a lane mask; otherwise the last lanes are moved one by one.
  bool hasMaskedMemory;
  /// Memory for code is scarce: kernels loop rather than unroll, and share the loops over weights.
  bool isSmall = false;
  /// The square root is an instruction; otherwise integer operations find it.
  bool hasSqrt = true;
  /// Where kernels loop over panels and keep no tile of rows.
  AddPanelUnit addPanelUnit = nullptr;
  PanelSweep panelSweep = {};
  /// Where activations, and codes of 8 bits, lie in pairs because halfwords multiply.
  PairActivations pairActivations = nullptr;
  /// Products of bytes.
  ByteDot dot;
  /// The same for many rows at once.
  TileDot tile = {};
  /// The loop nests to use when nobody has measured better ones.
  Schedules schedules;
};

/// All rows.
std::span<const IsaRow *const> isaTable();

/// The row of that name, or null.
const IsaRow *findIsa(std::string_view name);

extern const IsaRow kScalar;
extern const IsaRow kScalarFma;
extern const IsaRow kSmall;
extern const IsaRow kCortexMDsp;
extern const IsaRow kHelium;
extern const IsaRow kX86Sse42;
extern const IsaRow kX86Avx2;
extern const IsaRow kX86AvxVnni;
extern const IsaRow kX86Avx512;
extern const IsaRow kX86Avx512Vnni;
extern const IsaRow kX86Amx;
extern const IsaRow kArmNeon;
extern const IsaRow kArmDot;
extern const IsaRow kArmI8mm;
extern const IsaRow kArmv7Neon;
extern const IsaRow kRiscvV;

} // namespace edgelm
