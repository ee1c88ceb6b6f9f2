// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What all linear kernels share: their memrefs, the order of panels and row tiles, and the epilogue.
#pragma once

#include "Codegen/Kernels/Linear.h"

namespace edgelm {

inline constexpr int64_t kLineBytes = 64;

/// One vector of columns within a panel: of which matrix, and which vector of the panel.
struct Column {
  size_t matrix;
  int64_t vector;
};

/// The frame of one linear kernel.
class LinearFrame {
public:
  LinearFrame(KernelBuilder &k, const KernelArgs &args, const LinearSpec &spec);

  /// Matvec: calls `body` with `schedule.decodePanels` panels at a time, then with single ones.
  void forPanels(llvm::function_ref<void(llvm::ArrayRef<Val> panels, llvm::ArrayRef<Column> columns)> body);

  /// Matmul: for every work item calls `prepare` with its panel, then `tile` for the register tiles that cover its rows
  /// and columns.
  using Tile = llvm::function_ref<void(Val panel, Val row, int64_t tileRows, llvm::ArrayRef<Column> columns)>;
  void forTiles(llvm::function_ref<void(Val panel)> prepare, Tile tile);

  /// Whether a tile of `forTiles` fetches the panel behind its own.
  bool fetchesNextPanel(int64_t tileRows, llvm::ArrayRef<Column> columns) const;

  /// Spreads the lines of the next panel over the iterations of this one's tiles, so that it is in the second-level cache
  /// in time: calls `fetch` for those of iteration `iteration` of `iterations` in the tile at `row`.
  void forNextPanel(Val row, Val iteration, int64_t iterations, int64_t panelBytes,
                    llvm::function_ref<void(Val line)> fetch);

  /// Fetches the lines that a tile will write, where the result is larger than the caches: a store to memory that no cache
  /// holds waits for the line to be read.
  void fetchOutput(Val panel, Val row, int64_t tileRows, llvm::ArrayRef<Column> columns);

  /// Bias, activation, gate, residual and store of one row; `sums` are ordered as `columns`.
  void finish(Val panel, Val row, llvm::ArrayRef<Column> columns, llvm::ArrayRef<Val> sums);

  KernelBuilder &k;
  const KernelArgs &args;
  const LinearSpec &spec;
  const LinearSchedule &schedule;
  int64_t lanes, panelColumns;
  mlir::Value input, bias, residual, output;
  llvm::SmallVector<mlir::Value> weights;

private:
  llvm::SmallVector<Column> columnsOf(int64_t firstVector, int64_t vectors) const;
  void finishLanes(Val panel, Val row, llvm::ArrayRef<Column> columns, llvm::ArrayRef<Val> sums, bool isLast);
};

} // namespace edgelm
