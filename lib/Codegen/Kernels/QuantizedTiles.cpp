// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The blocks of a quantized matmul that a matrix unit multiplies. The sums are those of the vectors.
#include "Codegen/Kernels/QuantizedLinearBuilder.h"

namespace edgelm {

/// Calls `body` with each row of a block alone and its number in the block.
void QuantizedLinear::forRows(const RegisterTile &block,
                              llvm::function_ref<void(const RegisterTile &one, Val row)> body) {
  k.loop(k.index(0), k.index(block.rows), 1, [&](Val row) {
    RegisterTile one = block;
    one.row = block.row + row;
    one.rows = 1;
    body(one, row);
  });
}

Vals QuantizedLinear::loadSums(mlir::Value memory, const RegisterTile &one, Val row) {
  Vals sums;
  for (size_t i = 0; i < one.vectors.size(); ++i)
    sums.push_back(k.loadVector(memory, {row, k.index(i * lanes)}, lanes));
  return sums;
}

void QuantizedLinear::storeSums(mlir::Value memory, Val row, llvm::ArrayRef<Val> sums) {
  for (auto [i, sum] : llvm::enumerate(sums))
    k.storeVector(memory, {row, k.index(i * lanes)}, sum);
}

/// Where a matrix unit finds the operands of a block.
TileBlock QuantizedLinear::tilesOf(const RegisterTile &block) {
  TileBlock tiles = {{}, {}, codes.isSigned, schedule.matrixDepthBytes};
  for (int64_t row = 0; row < block.rows; row += k.isa.tile.rows)
    tiles.rows.push_back({input, (block.row + double(row)) * double(rowLayout.rowBytes()), rowLayout.rowBytes()});
  for (auto [i, vector] : llvm::enumerate(block.vectors))
    if (block.unpacked.empty())
      tiles.columns.push_back(
          {vector.bytes, vector.base + vector.first * 4.0 + double(layout.plane(0)), layout.stepBytes()});
    else
      tiles.columns.push_back({scratch, block.unpacked[i], 4 * lanes});
  return tiles;
}

/// Adds up a block group by group, in blockSums.
void QuantizedLinear::addGroups(const RegisterTile &block, const TileBlock &tiles) {
  // Where a group is shorter than a tile's four columns, it is the only one, and zeros follow it.
  int64_t columns = steps() == 1 ? layout.paddedK() : stepColumns;
  forRows(block, [&](const RegisterTile &one, Val row) {
    storeSums(blockSums, row, Vals(one.vectors.size(), k.like(k.f32Vector(lanes), 0.0)));
  });
  int64_t full = spec.k / stepColumns;
  k.loop(k.index(0), k.index(full), 1, [&](Val group) {
    multiplyTiles(k, tiles, group * double(columns), columns, blockProducts);
    forRows(block, [&](const RegisterTile &one, Val row) {
      Vals products = initialSums(one, group), sums = loadSums(blockSums, one, row);
      for (auto [product, tile] : llvm::zip_equal(products, loadSums(blockProducts, one, row)))
        product = product + tile;
      addScaled(one, group, products, sums);
      storeSums(blockSums, row, sums);
    });
  });
  if (full == steps())
    return;
  // The last group is short: tiles of another shape would take registers from the others.
  forRows(block, [&](const RegisterTile &one, Val row) {
    Vals sums = loadSums(blockSums, one, row);
    addStep(one, {k.index(full), spec.k - full * stepColumns}, sums);
    storeSums(blockSums, row, sums);
  });
}

/// All of a block on a matrix unit: the same sums as `accumulate` forms, through memory.
void QuantizedLinear::multiplyBlock(const RegisterTile &block, Val panel, llvm::ArrayRef<Column> columns) {
  TileBlock tiles = tilesOf(block);
  if (overRow)
    multiplyTiles(k, tiles, k.index(0), layout.paddedK(), blockProducts);
  else
    addGroups(block, tiles);
  forRows(block, [&](const RegisterTile &one, Val row) {
    Vals sums;
    if (overRow) {
      sums = initialSums(one, k.index(0));
      for (auto [sum, tile] : llvm::zip_equal(sums, loadSums(blockProducts, one, row)))
        sum = sum + tile;
      scaleRows(one, sums);
    } else {
      sums = loadSums(blockSums, one, row);
    }
    finish(panel, one.row, columns, sums);
  });
}

} // namespace edgelm
