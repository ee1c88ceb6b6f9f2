// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The kernel that multiplies activations by packed weights, with its epilogue.
#pragma once

#include "Codegen/Kernels/KernelBuilder.h"
#include "Dialect/PackedLayout.h"

#include <optional>
#include <string>

namespace edgelm {

/// Says everything that distinguishes one linear kernel from another.
///
/// Memrefs: input [rows, K] f32 or, with `int8Input`, rows of `ActivationLayout` (i8); weights
/// [ceil(N / P)][K][P] or, with a `format`, panels of `PackedLayout` (i8), with `glu` gate and then up; bias [N] f32 when
/// `bias` (gate's and up's one after the other when `glu`: [2 N]); residual [rows, N] f32 when `residual`; output
/// [rows, N] f32. Work items are panels, or blocks of rows of a panel. The first `n` rows are computed. The order of sums
/// is that of docs/quantization.md, so that one row and many give the same bits, whatever the schedule.
struct LinearSpec {
  int64_t rows = 1;
  int64_t k = 0;
  /// Columns of the output.
  int64_t n = 0;
  /// f32, f16 or bf16; null with a `format`.
  mlir::Type weightType;
  /// Format of quantized weights, or null.
  const FormatRow *format = nullptr;
  /// Activations are quantized, in groups as the format's sums need them.
  bool int8Input = false;
  bool bias = false;
  /// A bias of one value instead of its memref.
  std::optional<double> constantBias;
  bool residual = false;
  bool glu = false;
  /// A row of the scalar function table, or empty.
  std::string activation;

  /// The symbol of the kernel; equal specs have equal names.
  std::string name() const;
  /// Panels of each packed matrix.
  int64_t panels(const IsaRow &isa) const;
  /// Blocks that the rows of a panel are divided into.
  int64_t rowBlocks(const IsaRow &isa) const;
  /// Work items of one call.
  int64_t workItems(const IsaRow &isa) const { return panels(isa) * rowBlocks(isa); }
  /// The loop nest of this kind of weights.
  const LinearSchedule &schedule(const IsaRow &isa) const;
  /// Whether a matrix unit multiplies the blocks of rows that fill its tiles.
  bool usesTiles(const IsaRow &isa) const;
  /// Rows of the matmul's blocks, falling: a matrix unit's, then those of the register tiles.
  llvm::SmallVector<int64_t> rowTiles(const IsaRow &isa) const;
  /// Of the vectors of sums.
  int64_t lanes(const IsaRow &isa) const;
  /// Bytes that a panel of every matrix takes once its codes are unpacked; 0 where they lie in memory as bytes.
  int64_t unpackedBytes(const IsaRow &isa) const;
  /// Where the bytes of quantized weights and activations lie.
  PackedLayout weightLayout(const IsaRow &isa) const;
  ActivationLayout inputLayout(const IsaRow &isa) const;
  /// The memrefs of the input and of each matrix.
  mlir::MemRefType inputMemref(mlir::MLIRContext *context, const IsaRow &isa) const;
  mlir::MemRefType weightMemref(mlir::MLIRContext *context, const IsaRow &isa) const;
};

/// The kernel of that spec in `module`, made on first use.
mlir::func::FuncOp getLinearKernel(mlir::ModuleOp module, const LinearSpec &spec, const IsaRow &isa);

} // namespace edgelm
