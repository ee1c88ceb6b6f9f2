// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Kernels that move rows: embedding, one row by index, rows by position, cache append, rotary embedding.
#pragma once

#include "Codegen/Kernels/KernelBuilder.h"

#include "Dialect/PackedLayout.h"

#include <string>

namespace edgelm {

/// Embedding. Memrefs: tokens [rows] i32 or i64; table [vocabulary, columns] or, with a `panel`, [ceil(vocabulary /
/// panel)] [columns][panel], f32, f16 or bf16, or with a `format` i8 panels of `PackedLayout`; output [rows, columns] f32. Work items are rows; those below `n` are
/// computed. A token outside the table reads row 0.
struct EmbedSpec {
  int64_t rows = 1, columns = 1, vocabulary = 1, panel = 0;
  mlir::Type tokenType, tableType;
  /// Format of a quantized table, which has a `panel` and no `tableType`; or null.
  const FormatRow *format = nullptr;

  std::string name() const;
  /// Where the bytes of a quantized table lie.
  PackedLayout layout(const IsaRow &isa) const {
    return {format, vocabulary, columns, panel, isa.dot.columnsApart, isa.pairActivations && hasPairedCodes(*format)};
  }
};
mlir::func::FuncOp getEmbedKernel(mlir::ModuleOp module, const EmbedSpec &spec, const IsaRow &isa);

/// Copies rows of f32. Memrefs: input [inputRows, columns]; output [rows, columns]. Work items are output rows; those
/// below `n` are written, but for `LastRow`, which has one.
struct CopyRowsSpec {
  enum Kind {
    /// Output row 0 is input row n - 1.
    LastRow,
    /// Output row r is input row pos + r (kept within the input).
    AtPosition,
  };
  Kind kind = LastRow;
  int64_t inputRows = 1, rows = 1, columns = 1;

  std::string name() const;
};
mlir::func::FuncOp getCopyRowsKernel(mlir::ModuleOp module, const CopyRowsSpec &spec, const IsaRow &isa);

/// Appends to a cache. Memrefs: rows [rows, groups, columns] f32; cache [groups, context, columns], f32 or f16, or i8: [groups *
/// context * bytes of a compact row]. Work items are (row, group); row r < n goes to cache row pos + r.
struct CacheAppendSpec {
  int64_t rows = 1, groups = 1, context = 1, columns = 1;
  mlir::Type cacheType;

  std::string name() const;
};
mlir::func::FuncOp getCacheAppendKernel(mlir::ModuleOp module, const CacheAppendSpec &spec, const IsaRow &isa);

/// Rotary embedding. Memrefs: input [rows, heads, headDim]; cos and sin [context, pairs]; output as the input, which
/// may be the same buffer; f32. Work items are (row, head); rows below `n` are computed, row r at position pos + r when
/// `cached`, else r.
struct RopeSpec {
  int64_t rows = 1, heads = 1, headDim = 1, context = 1, pairs = 1;
  bool interleaved = false, cached = false;

  std::string name() const;
};
mlir::func::FuncOp getRopeKernel(mlir::ModuleOp module, const RopeSpec &spec, const IsaRow &isa);

} // namespace edgelm
