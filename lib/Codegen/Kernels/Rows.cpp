// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Embedding, row copies and cache append.
#include "Codegen/Kernels/Rows.h"
#include "Codegen/Kernels/RowLoop.h"

#include "llvm/Support/MathExtras.h"
#include "llvm/Support/raw_ostream.h"

namespace edgelm {

static mlir::Type f32Memref(mlir::ModuleOp module, llvm::ArrayRef<int64_t> shape) {
  return mlir::MemRefType::get(shape, mlir::Float32Type::get(module.getContext()));
}

std::string EmbedSpec::name() const {
  std::string text;
  llvm::raw_string_ostream os(text);
  os << "kernel_embed_" << rows << 'x' << columns << '_' << vocabulary << '_' << tokenType << '_' << tableType;
  if (panel)
    os << "_panel" << panel;
  return text;
}

mlir::func::FuncOp getEmbedKernel(mlir::ModuleOp module, const EmbedSpec &spec, const IsaRow &isa) {
  mlir::Type table =
      spec.panel
          ? mlir::MemRefType::get({int64_t(llvm::divideCeil(spec.vocabulary, spec.panel)), spec.columns, spec.panel},
                                  spec.tableType)
          : mlir::MemRefType::get({spec.vocabulary, spec.columns}, spec.tableType);
  llvm::SmallVector<mlir::Type> types = {mlir::MemRefType::get({spec.rows}, spec.tokenType), table,
                                         f32Memref(module, {spec.rows, spec.columns})};
  return getOrCreateKernel(module, spec.name(), types, isa, [&](KernelBuilder &k, const KernelArgs &args) {
    mlir::Value table = args.memrefs[1], output = args.memrefs[2];
    k.loop(args.begin, k.min(args.end, args.n), 1, [&](Val row) {
      Val token = k.toIndex(k.load(args.memrefs[0], {row}));
      token = k.select(token < k.index(0), k.index(0), token);
      token = k.select(k.index(spec.vocabulary) <= token, k.index(0), token);
      if (!spec.panel)
        return forRow(k, spec.columns, [&](Val column, int64_t count) {
          k.storeFirst(output, {row, column}, k.loadFirst(table, {token, column}, k.isa.lanes, count), count);
        });
      // A panel holds the table transposed: one element a line.
      Val panel = token / double(spec.panel);
      Val lane = token - panel * double(spec.panel);
      k.loop(k.index(0), k.index(spec.columns), 1,
             [&](Val column) { k.store(output, {row, column}, k.load(table, {panel, column, lane})); });
    });
  });
}

std::string CopyRowsSpec::name() const {
  std::string text;
  llvm::raw_string_ostream os(text);
  os << "kernel_" << (kind == LastRow ? "last_row" : "position_rows") << '_' << inputRows << '_' << rows << 'x'
     << columns;
  return text;
}

mlir::func::FuncOp getCopyRowsKernel(mlir::ModuleOp module, const CopyRowsSpec &spec, const IsaRow &isa) {
  llvm::SmallVector<mlir::Type> types = {f32Memref(module, {spec.inputRows, spec.columns}),
                                         f32Memref(module, {spec.rows, spec.columns})};
  return getOrCreateKernel(module, spec.name(), types, isa, [&](KernelBuilder &k, const KernelArgs &args) {
    mlir::Value input = args.memrefs[0], output = args.memrefs[1];
    bool isLast = spec.kind == CopyRowsSpec::LastRow;
    k.loop(args.begin, isLast ? args.end : k.min(args.end, args.n), 1, [&](Val row) {
      Val from = isLast ? args.n - 1.0 : k.min(args.pos + row, k.index(spec.inputRows - 1));
      forRow(k, spec.columns, [&](Val column, int64_t count) {
        k.storeFirst(output, {row, column}, k.loadFirst(input, {from, column}, k.isa.lanes, count), count);
      });
    });
  });
}

std::string CacheAppendSpec::name() const {
  std::string text;
  llvm::raw_string_ostream os(text);
  os << "kernel_cache_append_" << rows << 'x' << groups << 'x' << columns << '_' << context << '_' << cacheType;
  return text;
}

mlir::func::FuncOp getCacheAppendKernel(mlir::ModuleOp module, const CacheAppendSpec &spec, const IsaRow &isa) {
  llvm::SmallVector<mlir::Type> types = {
      f32Memref(module, {spec.rows, spec.groups, spec.columns}),
      mlir::MemRefType::get({spec.groups, spec.context, spec.columns}, spec.cacheType)};
  return getOrCreateKernel(module, spec.name(), types, isa, [&](KernelBuilder &k, const KernelArgs &args) {
    k.loop(args.begin, k.min(args.end, args.n * double(spec.groups)), 1, [&](Val item) {
      Val row = item / double(spec.groups);
      Val group = item - row * double(spec.groups);
      forRow(k, spec.columns, [&](Val column, int64_t count) {
        Val values = k.loadFirst(args.memrefs[0], {row, group, column}, k.isa.lanes, count);
        k.storeFirst(args.memrefs[1], {group, args.pos + row, column}, values, count);
      });
    });
  });
}

} // namespace edgelm
