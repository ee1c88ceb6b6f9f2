// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RMS norm, layer norm and softmax of a row, with sums in a fixed order.
#include "Codegen/Kernels/Norm.h"
#include "Codegen/Kernels/Math.h"
#include "Codegen/Kernels/RowLoop.h"

#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

#include <bit>
#include <limits>

namespace edgelm {

static constexpr llvm::StringLiteral kKindNames[] = {"rms_norm", "layer_norm", "softmax", "log_softmax"};

std::string NormSpec::name() const {
  std::string text;
  llvm::raw_string_ostream os(text);
  os << "kernel_" << kKindNames[int(kind)] << '_' << rows << 'x' << columns;
  if (kind == NormKind::Rms || kind == NormKind::Layer)
    os << llvm::format("_%016llx", (unsigned long long)std::bit_cast<uint64_t>(epsilon));
  if (bias)
    os << "_bias";
  for (std::optional<double> constant : {constantWeight, constantBias})
    if (constant)
      os << llvm::format("_c%016llx", (unsigned long long)std::bit_cast<uint64_t>(*constant));
    else
      os << "_m";
  if (quantized)
    os << "_g" << quantized->group << (quantized->hasZeros ? "_zeros" : "") << (quantized->isPaired ? "_paired" : "");
  return text;
}

static Val add(Val x, Val y) {
  return x + y;
}

/// The weight, and then the bias, of a row's vector: from memory or one constant.
static Val loadWeight(KernelBuilder &k, const KernelArgs &args, const NormSpec &spec, Val column, int64_t count) {
  if (spec.constantWeight)
    return k.like(k.f32Vector(k.isa.lanes), *spec.constantWeight);
  return k.loadFirst(args.memrefs[1], {column}, k.isa.lanes, count);
}

static Val loadBias(KernelBuilder &k, const KernelArgs &args, const NormSpec &spec, Val column, int64_t count) {
  if (spec.constantBias)
    return k.like(k.f32Vector(k.isa.lanes), *spec.constantBias);
  return k.loadFirst(args.memrefs[spec.constantWeight ? 1 : 2], {column}, k.isa.lanes, count);
}

/// Stores a row whose values `value` computes.
static void storeRow(KernelBuilder &k, const KernelArgs &args, const NormSpec &spec, Val row,
                     llvm::function_ref<Val(Val, int64_t)> value) {
  mlir::Value output = args.memrefs.back();
  if (spec.quantized)
    return quantizeRow(k, *spec.quantized, output, row, value);
  forRow(k, spec.columns,
         [&](Val column, int64_t count) { k.storeFirst(output, {row, column}, value(column, count), count); });
}

static void buildRms(KernelBuilder &k, const KernelArgs &args, const NormSpec &spec, Val row) {
  mlir::Value input = args.memrefs[0];
  int64_t lanes = k.isa.lanes;
  Val squares = reduceRow(
      k, spec.columns, k.like(k.f32Vector(lanes), 0.0),
      [&](Val column, int64_t count, Val sum) {
        Val x = k.loadFirst(input, {row, column}, lanes, count);
        return k.fma(x, x, sum);
      },
      add);
  Val scale = k.splat(k.f32(1.0) / k.sqrt(squares / double(spec.columns) + spec.epsilon), lanes);
  storeRow(k, args, spec, row, [&](Val column, int64_t count) {
    Val x = k.loadFirst(input, {row, column}, lanes, count) * scale;
    return x * loadWeight(k, args, spec, column, count);
  });
}

static void buildLayer(KernelBuilder &k, const KernelArgs &args, const NormSpec &spec, Val row) {
  mlir::Value input = args.memrefs[0];
  int64_t lanes = k.isa.lanes;
  Val zero = k.like(k.f32Vector(lanes), 0.0);
  Val sum = reduceRow(
      k, spec.columns, zero,
      [&](Val column, int64_t count, Val sum) { return sum + k.loadFirst(input, {row, column}, lanes, count); }, add);
  Val mean = k.splat(sum / double(spec.columns), lanes);
  // Two passes: the difference of squares of a one-pass variance cancels.
  auto centred = [&](Val column, int64_t count) { return k.loadFirst(input, {row, column}, lanes, count) - mean; };
  Val squares = reduceRow(
      k, spec.columns, zero,
      [&](Val column, int64_t count, Val sum) {
        Val x = centred(column, count);
        Val next = k.fma(x, x, sum);
        if (count == lanes)
          return next;
        Val used = k.iota(k.i32(0), lanes) < k.splat(k.i32(count), lanes);
        return k.select(used, next, sum);
      },
      add);
  Val scale = k.splat(k.f32(1.0) / k.sqrt(squares / double(spec.columns) + spec.epsilon), lanes);
  storeRow(k, args, spec, row, [&](Val column, int64_t count) {
    Val y = centred(column, count) * scale * loadWeight(k, args, spec, column, count);
    return spec.bias ? y + loadBias(k, args, spec, column, count) : y;
  });
}

static void buildSoftmax(KernelBuilder &k, const KernelArgs &args, const NormSpec &spec, Val row) {
  mlir::Value input = args.memrefs[0], output = args.memrefs[1];
  int64_t lanes = k.isa.lanes;
  mlir::Type vector = k.f32Vector(lanes);
  auto load = [&](Val column, int64_t count) {
    Val x = k.loadFirst(input, {row, column}, lanes, count);
    if (count == lanes)
      return x;
    Val used = k.iota(k.i32(0), lanes) < k.splat(k.i32(count), lanes);
    return k.select(used, x, k.like(vector, -std::numeric_limits<double>::infinity()));
  };
  Val largest = reduceRow(
      k, spec.columns, k.like(vector, -std::numeric_limits<double>::infinity()),
      [&](Val column, int64_t count, Val sum) { return k.max(sum, load(column, count)); },
      [&](Val x, Val y) { return k.max(x, y); });
  Val shift = k.splat(largest, lanes);
  Val sum = reduceRow(
      k, spec.columns, k.like(vector, 0.0),
      [&](Val column, int64_t count, Val sum) { return sum + expF32(k, load(column, count) - shift); }, add);
  bool isLog = spec.kind == NormKind::LogSoftmax;
  Val scale = k.splat(isLog ? logF32(k, sum) : k.f32(1.0) / sum, lanes);
  forRow(k, spec.columns, [&](Val column, int64_t count) {
    Val x = load(column, count) - shift;
    k.storeFirst(output, {row, column}, isLog ? x - scale : expF32(k, x) * scale, count);
  });
}

mlir::func::FuncOp getNormKernel(mlir::ModuleOp module, const NormSpec &spec, const IsaRow &isa) {
  mlir::Type f32 = mlir::Float32Type::get(module.getContext());
  mlir::MemRefType matrix = mlir::MemRefType::get({spec.rows, spec.columns}, f32);
  mlir::Type vector = mlir::MemRefType::get({spec.columns}, f32);
  bool isSoftmax = spec.kind == NormKind::Softmax || spec.kind == NormKind::LogSoftmax;
  llvm::SmallVector<mlir::Type> types = {matrix};
  types.append(isSoftmax ? 0 : int(!spec.constantWeight) + int(spec.bias && !spec.constantBias), vector);
  types.push_back(spec.quantized ? mlir::MemRefType::get({spec.rows * spec.quantized->rowBytes()},
                                                         mlir::IntegerType::get(module.getContext(), 8))
                                 : matrix);
  return getOrCreateKernel(module, spec.name(), types, isa, [&](KernelBuilder &k, const KernelArgs &args) {
    k.loop(args.begin, k.min(args.end, args.n), 1, [&](Val row) {
      if (isSoftmax)
        buildSoftmax(k, args, spec, row);
      else if (spec.kind == NormKind::Rms)
        buildRms(k, args, spec, row);
      else
        buildLayer(k, args, spec, row);
    });
  });
}

} // namespace edgelm
