// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The body of an attention kernel while it is built: work items in Attention.cpp, blocks in AttentionBlocks.cpp.
#pragma once

#include "Codegen/Kernels/Attention.h"
#include "Codegen/Kernels/SpanMerge.h"
#include "Dialect/PackedLayout.h"

#include "llvm/Support/MathExtras.h"

#include <optional>

namespace edgelm {

/// The keys that a block of rows sees: [from, end), of which every row sees [interiorFrom, interiorEnd).
struct KeyRange {
  Val from, interiorFrom, interiorEnd, end;
};

/// Builds the body of one attention kernel.
class AttentionBuilder {
public:
  AttentionBuilder(KernelBuilder &k, const KernelArgs &args, const AttentionSpec &spec)
      : k(k), args(args), spec(spec), lanes(k.isa.lanes) {
    query = args.memrefs[0];
    key = args.memrefs[1];
    value = args.memrefs[2];
    if (spec.keyMaskType)
      keyMask = args.memrefs[3];
    output = args.memrefs.back();
  }
  void build();

private:
  void buildItem(Val item);
  void buildPart(Val part);
  void setHead(Val head);
  KeyRange keysOf(Val firstRow, Val endRow);
  KeyRange within(const KeyRange &keys, Val first);
  void clear();
  void visitRange(Val head, Val group, Val firstRow, Val endRow, const KeyRange &keys);
  void visitKeys(Val head, Val group, Val firstRow, Val endRow, Val block, bool interior);
  void visitRows(Val head, Val group, Val firstRow, llvm::ArrayRef<Val> rows, Val block, bool interior);
  Vals scoresOf(Val head, Val group, llvm::ArrayRef<Val> rows, Val block, bool interior);
  Vals dotProducts(llvm::ArrayRef<Vals> queries, Val group, Val block, int64_t first, int64_t count, bool interior);
  void maskScores(Val row, Val block, Val &scores, Val &present);
  Val totalOf(Val slot) { return k.horizontalSum(k.loadVector(total, {slot, k.index(0)}, lanes)); }
  Val maximumOf(Val slot) { return k.load(maximum, {slot, k.index(0)}); }
  Val weightedOf(Val slot, int64_t vector) { return k.loadVector(weighted, {slot, k.index(vector * lanes)}, lanes); }
  /// Key t of the block; at the edge of what there is, the last key stands in for those behind it.
  Val keyAt(Val block, int64_t t, bool interior) {
    Val at = block + double(t);
    return interior ? at : k.min(at, keyCount - 1.0);
  }
  /// Vector of elements from `column` on, of `columns` in a row, without the row's scale.
  Val elements(mlir::Value cache, Val group, Val key, int64_t column, int64_t columns);
  /// What the elements of a row are to be multiplied by.
  Val scaleOf(mlir::Value cache, Val group, Val key, int64_t columns);
  bool isQuantized() const { return spec.keyType.isInteger(8); }
  Val firstByte(Val group, Val key, int64_t columns) {
    return (group * double(spec.keys) + key) * double(ActivationLayout::compact(columns).rowBytes());
  }
  llvm::SmallVector<mlir::Value> at(Val group, Val key, int64_t column) {
    if (spec.cached)
      return {group, key, k.index(column)};
    return {key, group, k.index(column)};
  }
  Val position(Val row) { return spec.cached ? args.pos + row : row; }
  int64_t vectors(int64_t columns) const { return llvm::divideCeil(columns, lanes); }

  KernelBuilder &k;
  const KernelArgs &args;
  const AttentionSpec &spec;
  int64_t lanes;
  mlir::Value query, key, value, keyMask, output;
  // One line for each row of the block: running maximum and sums of all lanes, and the weighted sum of values.
  mlir::Value maximum, total, weighted;
  /// With spans: what those before the present one gave.
  std::optional<SpanMerge> merge;
  Val slope;
  Val keyCount;
};

} // namespace edgelm
