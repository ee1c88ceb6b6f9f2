// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Rotary position embedding of one head of one row.
#include "Codegen/Kernels/RowLoop.h"
#include "Codegen/Kernels/Rows.h"

#include "llvm/Support/raw_ostream.h"

namespace edgelm {

std::string RopeSpec::name() const {
  std::string text;
  llvm::raw_string_ostream os(text);
  os << "kernel_rope_" << rows << 'x' << heads << 'x' << headDim << '_' << context << 'x' << pairs;
  if (interleaved)
    os << "_interleaved";
  if (cached)
    os << "_cached";
  return text;
}

namespace {

/// One head of one row and the tables' row for its position.
struct Rotation {
  KernelBuilder &k;
  const RopeSpec &spec;
  mlir::Value input, cos, sin, output;
  Val row, head, position;

  void halves();
  void pairs();
  void rest();
};

} // namespace

/// Pair i is (i, i + pairs).
void Rotation::halves() {
  int64_t lanes = k.isa.lanes;
  forRow(k, spec.pairs, [&](Val column, int64_t count) {
    Val other = column + double(spec.pairs);
    Val x = k.loadFirst(input, {row, head, column}, lanes, count);
    Val y = k.loadFirst(input, {row, head, other}, lanes, count);
    Val c = k.loadFirst(cos, {position, column}, lanes, count);
    Val s = k.loadFirst(sin, {position, column}, lanes, count);
    k.storeFirst(output, {row, head, column}, x * c - y * s, count);
    k.storeFirst(output, {row, head, other}, y * c + x * s, count);
  });
}

/// Pair i is (2i, 2i + 1).
void Rotation::pairs() {
  int64_t half = k.isa.lanes / 2;
  llvm::SmallVector<int64_t> twice, swapped;
  for (int64_t i = 0; i < half; ++i) {
    twice.append({i, i});
    swapped.append({2 * i + 1, 2 * i});
  }
  int64_t whole = spec.pairs / half * half;
  if (whole)
    k.loop(k.index(0), k.index(whole), half, [&](Val pair) {
      Val column = pair * 2.0;
      Val x = k.loadVector(input, {row, head, column}, 2 * half);
      Val c = k.loadVector(cos, {position, pair}, half), s = k.loadVector(sin, {position, pair}, half);
      Val negated = k.neg(s);
      llvm::SmallVector<int64_t> signs;
      for (int64_t i = 0; i < half; ++i)
        signs.append({half + i, i});
      Val signedSin = k.shuffle(s, negated, signs);
      k.storeVector(output, {row, head, column}, x * k.shuffle(c, c, twice) + k.shuffle(x, x, swapped) * signedSin);
    });
  for (int64_t pair = whole; pair < spec.pairs; ++pair) {
    Val even = k.index(2 * pair), odd = k.index(2 * pair + 1);
    Val x = k.load(input, {row, head, even}), y = k.load(input, {row, head, odd});
    Val c = k.load(cos, {position, k.index(pair)}), s = k.load(sin, {position, k.index(pair)});
    k.store(output, {row, head, even}, x * c - y * s);
    k.store(output, {row, head, odd}, y * c + x * s);
  }
}

/// What lies behind the rotated elements passes unchanged.
void Rotation::rest() {
  int64_t rotated = 2 * spec.pairs;
  if (rotated < spec.headDim)
    forRow(k, spec.headDim - rotated, [&](Val column, int64_t count) {
      Val at = column + double(rotated);
      k.storeFirst(output, {row, head, at}, k.loadFirst(input, {row, head, at}, k.isa.lanes, count), count);
    });
}

mlir::func::FuncOp getRopeKernel(mlir::ModuleOp module, const RopeSpec &spec, const IsaRow &isa) {
  mlir::Type f32 = mlir::Float32Type::get(module.getContext());
  mlir::Type rows = mlir::MemRefType::get({spec.rows, spec.heads, spec.headDim}, f32);
  mlir::Type table = mlir::MemRefType::get({spec.context, spec.pairs}, f32);
  return getOrCreateKernel(module, spec.name(), {rows, table, table, rows}, isa,
                           [&](KernelBuilder &k, const KernelArgs &args) {
                             k.loop(args.begin, k.min(args.end, args.n * double(spec.heads)), 1, [&](Val item) {
                               Val row = item / double(spec.heads);
                               Rotation rotation = {k,
                                                    spec,
                                                    args.memrefs[0],
                                                    args.memrefs[1],
                                                    args.memrefs[2],
                                                    args.memrefs[3],
                                                    row,
                                                    item - row * double(spec.heads),
                                                    spec.cached ? args.pos + row : row};
                               spec.interleaved ? rotation.pairs() : rotation.halves();
                               rotation.rest();
                             });
                           });
}

} // namespace edgelm
