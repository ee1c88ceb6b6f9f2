// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Products of a block of activations and a block of weights on a matrix unit.
#pragma once

#include "Codegen/Kernels/KernelBuilder.h"

namespace edgelm {

/// Bytes [row][K] or [K / 4][column][4] in a memref of i8.
struct TileOperand {
  mlir::Value memory;
  /// Where the first row starts, index.
  Val at;
  /// Bytes from one row to the next.
  int64_t stride;
};

/// What a matrix unit multiplies: tiles of rows and tiles of columns, one below and beside the other.
struct TileBlock {
  llvm::SmallVector<TileOperand> rows, columns;
  /// Whether weights are signed.
  bool isSigned;
  /// Columns of K in a tile, at most.
  int64_t depth;
};

/// Writes the sums over `count` (a multiple of 4) columns of K from `first` (index) on to `sums`, i32 [row][column].
void multiplyTiles(KernelBuilder &k, const TileBlock &block, Val first, int64_t count, mlir::Value sums);

} // namespace edgelm
