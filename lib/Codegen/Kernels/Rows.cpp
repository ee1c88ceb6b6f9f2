// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Embedding, row copies and cache append.
#include "Codegen/Kernels/Rows.h"
#include "Codegen/Kernels/QuantizeRows.h"
#include "Codegen/Kernels/QuantizedCodes.h"
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
  os << "kernel_embed_" << rows << 'x' << columns << '_' << vocabulary << '_' << tokenType << '_';
  if (format)
    os << format->name;
  else
    os << tableType;
  if (panel)
    os << "_panel" << panel;
  return text;
}

static mlir::Type tableMemref(mlir::ModuleOp module, const EmbedSpec &spec, const IsaRow &isa) {
  if (spec.format)
    return mlir::MemRefType::get({spec.layout(isa).bytes()}, mlir::IntegerType::get(module.getContext(), 8));
  if (spec.panel)
    return mlir::MemRefType::get({int64_t(llvm::divideCeil(spec.vocabulary, spec.panel)), spec.columns, spec.panel},
                                 spec.tableType);
  return mlir::MemRefType::get({spec.vocabulary, spec.columns}, spec.tableType);
}

/// The row of a quantized table that is lane `lane` of the panel at byte `base`: a slice at a time.
static void embedQuantized(KernelBuilder &k, const EmbedSpec &spec, mlir::Value table, Val base, Val lane,
                           llvm::function_ref<void(Val column, Val values, int64_t count)> store) {
  QuantizedCodes codes(k, spec.layout(k.isa), /*unsignedBits=*/8, k.isa.lanes);
  PanelVector vector = {table, base, k.index(0)};
  vector.first = lane / double(k.isa.lanes) * double(k.isa.lanes);
  Val within = lane - vector.first;
  int64_t groupColumns = spec.format->groupOf(spec.columns);
  auto unit = [&](Val number, int64_t columns) {
    Val group = number * double(kColumnUnit) / double(groupColumns);
    int64_t width = codes.sliceColumns();
    Val scale = k.splat(k.extractAt(codes.scales(vector, group), within), width);
    Val zero = k.i32(codes.offset);
    if (spec.format->hasZeroPoints)
      zero = k.extractAt(codes.zeroPoints(vector, group), within);
    QuantizedCodes::Unit bytes(codes, vector, number, codes.multipliers(vector, group));
    for (int64_t column = 0; column < columns; column += width) {
      Val word = k.extractAt(k.regroup(bytes.slice(column / width), 8 * width), within);
      Val integers = k.toWidth(k.regroup(k.splat(word, 1), 8), 32) - k.splat(zero, width);
      store(number * double(kColumnUnit) + double(column), k.toFloat(integers) * scale,
            std::min(width, columns - column));
    }
  };
  int64_t whole = spec.columns / kColumnUnit;
  k.loop(k.index(0), k.index(whole), 1, [&](Val number) { unit(number, kColumnUnit); });
  if (spec.columns % kColumnUnit)
    unit(k.index(whole), spec.columns % kColumnUnit);
}

mlir::func::FuncOp getEmbedKernel(mlir::ModuleOp module, const EmbedSpec &spec, const IsaRow &isa) {
  llvm::SmallVector<mlir::Type> types = {mlir::MemRefType::get({spec.rows}, spec.tokenType),
                                         tableMemref(module, spec, isa), f32Memref(module, {spec.rows, spec.columns})};
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
      if (spec.format) {
        int64_t panelBytes = spec.layout(k.isa).panelBytes();
        return embedQuantized(
            k, spec, table, panel * double(panelBytes), lane,
            [&](Val column, Val values, int64_t count) { k.storeFirst(output, {row, column}, values, count); });
      }
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
  ActivationLayout layout = ActivationLayout::compact(spec.columns);
  bool isQuantized = spec.cacheType.isInteger(8);
  llvm::SmallVector<int64_t> shape = {spec.groups, spec.context, spec.columns};
  if (isQuantized)
    shape = {spec.groups * spec.context * layout.rowBytes()};
  llvm::SmallVector<mlir::Type> types = {f32Memref(module, {spec.rows, spec.groups, spec.columns}),
                                         mlir::MemRefType::get(shape, spec.cacheType)};
  return getOrCreateKernel(module, spec.name(), types, isa, [&](KernelBuilder &k, const KernelArgs &args) {
    k.loop(args.begin, k.min(args.end, args.n * double(spec.groups)), 1, [&](Val item) {
      Val row = item / double(spec.groups);
      Val group = item - row * double(spec.groups);
      auto load = [&](Val column, int64_t count) {
        return k.loadFirst(args.memrefs[0], {row, group, column}, k.isa.lanes, count);
      };
      if (isQuantized)
        return quantizeRow(k, layout, args.memrefs[1], group * double(spec.context) + args.pos + row, load);
      forRow(k, spec.columns, [&](Val column, int64_t count) {
        k.storeFirst(args.memrefs[1], {group, args.pos + row, column}, load(column, count), count);
      });
    });
  });
}

} // namespace edgelm
