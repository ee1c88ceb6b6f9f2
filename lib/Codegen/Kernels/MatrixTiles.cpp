// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "Codegen/Kernels/MatrixTiles.h"

#include <algorithm>

namespace edgelm {

/// The most columns of K that divide all of them: tiles of one shape need no others for a rest.
static int64_t depthOf(int64_t count, int64_t most) {
  int64_t depth = std::max<int64_t>(most / 4 * 4, 4);
  while (count % depth)
    depth -= 4;
  return depth;
}

void multiplyTiles(KernelBuilder &k, const TileBlock &block, Val first, int64_t count, mlir::Value sums) {
  const TileDot &tile = k.isa.tile;
  int64_t depth = depthOf(count, std::min(block.depth, tile.depth));
  Vals zeros;
  for (size_t i = 0; i < block.rows.size() * block.columns.size(); ++i)
    zeros.push_back(tile.zero(k));
  Vals total = k.loop(first, first + double(count), depth, zeros, [&](Val column, llvm::ArrayRef<Val> carried) {
    Vals next(carried), weights;
    for (const TileOperand &from : block.columns)
      weights.push_back(
          tile.load(k, from.memory, from.at + column / 4.0 * double(from.stride), from.stride, depth / 4, tile.depth));
    for (auto [r, from] : llvm::enumerate(block.rows)) {
      Val activations = tile.load(k, from.memory, from.at + column, from.stride, tile.rows, depth);
      for (auto [c, operand] : llvm::enumerate(weights)) {
        Val &sum = next[r * weights.size() + c];
        sum = tile.add(k, sum, activations, operand, block.isSigned);
      }
    }
    return next;
  });
  for (size_t r = 0; r < block.rows.size(); ++r)
    for (size_t c = 0; c < block.columns.size(); ++c)
      tile.store(k, total[r * block.columns.size() + c], sums, k.index(r * tile.rows), k.index(c * tile.columns));
}

} // namespace edgelm
