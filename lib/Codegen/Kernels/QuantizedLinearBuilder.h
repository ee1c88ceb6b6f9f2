// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What builds the body of a linear kernel over quantized weights: on vectors (QuantizedLinear.cpp) and on tiles
// (QuantizedTiles.cpp).
#pragma once

#include "Codegen/Kernels/LinearFrame.h"
#include "Codegen/Kernels/MatrixTiles.h"
#include "Codegen/Kernels/QuantizedCodes.h"
#include "Codegen/Kernels/QuantizedLinear.h"

namespace edgelm {

/// A step of the loop along K: one group, or one unit where a group is the whole row.
struct Step {
  /// Which step, index.
  Val number;
  /// Columns of K in it, the last step's may be fewer.
  int64_t columns;
};

/// The vectors and rows of one register tile.
struct RegisterTile {
  llvm::SmallVector<PanelVector> vectors;
  /// Where the unpacked bytes of each vector start, index; empty: they are unpacked as they come.
  Vals unpacked;
  Val row;
  int64_t rows = 1;
};

/// Builds the body of one linear kernel over quantized weights.
class QuantizedLinear : LinearFrame {
public:
  QuantizedLinear(KernelBuilder &k, const KernelArgs &args, const LinearSpec &spec)
      : LinearFrame(k, args, spec), layout(spec.weightLayout(k.isa)), format(*spec.format),
        codes(k, layout, spec.int8Input ? k.isa.dot.unsignedBits : 8, lanes),
        product(k.isa.dot.productOf(format.bits(), codes.isSigned, format.hasRowSums)),
        rowLayout(spec.inputLayout(k.isa)), overRow(spec.int8Input && sumsOverRow(format)),
        stepColumns(format.group ? format.groupOf(spec.k) : std::min(kColumnUnit, spec.k)) {}
  void build();

private:
  Vals accumulate(const RegisterTile &tile, int64_t unroll, llvm::function_ref<void(Val)> fetch);
  void addStep(const RegisterTile &tile, Step step, Vals &sums);
  void addScaled(const RegisterTile &tile, Val group, llvm::ArrayRef<Val> products, Vals &sums);
  void addGroups(const RegisterTile &block, const TileBlock &tiles);
  void multiplyBlock(const RegisterTile &block, Val panel, llvm::ArrayRef<Column> columns);
  TileBlock tilesOf(const RegisterTile &block);
  void forRows(const RegisterTile &block, llvm::function_ref<void(const RegisterTile &one, Val row)> body);
  Vals loadSums(mlir::Value memory, const RegisterTile &one, Val row);
  void storeSums(mlir::Value memory, Val row, llvm::ArrayRef<Val> sums);
  void forUnits(Step step, int64_t unitColumns, Vals &sums, llvm::function_ref<void(Val, int64_t, Vals &)> body);
  void addIntegers(const RegisterTile &tile, Step step, llvm::ArrayRef<Val> multipliers, Vals &sums);
  void addFloats(const RegisterTile &tile, Step step, Vals &sums);
  void scaleRows(const RegisterTile &tile, Vals &sums);
  Vals initialSums(const RegisterTile &tile, Val group);
  void finishIntegers(const RegisterTile &tile, Val group, Vals &sums);
  void exchangePairs(const RegisterTile &tile, Vals &sums);
  Val sliceOf(const RegisterTile &tile, llvm::MutableArrayRef<QuantizedCodes::Unit> units, size_t vector, Val first,
              int64_t slice);
  void unpackPanel(Val panel);
  void prefetch(const RegisterTile &tile, Val step);
  void prefetchNext(Val panel, Val row, Val step);
  PanelVector vectorOf(Val panel, Column column);
  Val correction(const RegisterTile &tile, int64_t row, Val group);
  Val rowPart(const RegisterTile &tile, int64_t row, int64_t part, Val group, mlir::Type element);
  int64_t steps() const { return llvm::divideCeil(spec.k, stepColumns); }
  /// Rows of a tile, from its first on, that are multiplied two at once.
  int64_t pairedRows(const RegisterTile &tile) const { return k.isa.dot.ofPairs.add ? tile.rows / 2 * 2 : 0; }
  mlir::Type integers() { return mlir::VectorType::get({lanes * product.partials}, k.b.getI32Type()); }

  const PackedLayout layout;
  const FormatRow &format;
  QuantizedCodes codes;
  const ByteProduct &product;
  const ActivationLayout rowLayout;
  bool overRow;
  int64_t stepColumns;
  mlir::Value scratch;
  /// Of a matrix unit's block: i32 and f32, [row][vector][lane].
  mlir::Value blockProducts, blockSums;
};

} // namespace edgelm
