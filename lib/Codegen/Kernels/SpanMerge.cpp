// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "Codegen/Kernels/SpanMerge.h"
#include "Codegen/Kernels/Math.h"

#include "llvm/Support/MathExtras.h"

namespace edgelm {

void storeAttention(KernelBuilder &k, mlir::Value output, Val row, Val head, Val total,
                    llvm::function_ref<Val(int64_t)> vector) {
  int64_t lanes = k.isa.lanes, columns = llvm::cast<mlir::MemRefType>(output.getType()).getShape().back();
  Val scale = k.splat(k.f32(1.0) / total, lanes);
  for (int64_t i = 0; i * lanes < columns; ++i)
    k.storeFirst(output, {row, head, k.index(i * lanes)}, vector(i) * scale, std::min(lanes, columns - i * lanes));
}

SpanMerge::SpanMerge(KernelBuilder &k, int64_t rows, int64_t valueDim)
    : k(k), rows(rows), vectors(llvm::divideCeil(valueDim, k.isa.lanes)) {
  maxima = k.stackBuffer({rows});
  totals = k.stackBuffer({rows});
  sums = k.stackBuffer({rows, vectors * k.isa.lanes});
}

void SpanMerge::clear() {
  k.loop(k.index(0), k.index(rows), 1, [&](Val slot) {
    k.store(maxima, {slot}, k.f32(kNoScore));
    k.store(totals, {slot}, k.f32(0.0));
    for (int64_t i = 0; i < vectors; ++i)
      k.storeVector(sums, {slot, k.index(i * k.isa.lanes)}, k.like(k.f32Vector(k.isa.lanes), 0.0));
  });
}

void SpanMerge::add(Val slot, Val maximum, Val total, llvm::function_ref<Val(int64_t)> weighted) {
  int64_t lanes = k.isa.lanes;
  Val before = k.load(maxima, {slot}), now = k.max(before, maximum);
  // Vectors, since scalars would need an exponential of their own.
  Val old = expF32(k, k.splat(before - now, lanes)), added = expF32(k, k.splat(maximum - now, lanes));
  k.store(maxima, {slot}, now);
  k.store(totals, {slot}, k.fma(k.load(totals, {slot}), k.extract(old, 0), total * k.extract(added, 0)));
  for (int64_t i = 0; i < vectors; ++i) {
    Val sum = k.loadVector(sums, {slot, k.index(i * lanes)}, lanes);
    k.storeVector(sums, {slot, k.index(i * lanes)}, k.fma(sum, old, weighted(i) * added));
  }
}

void SpanMerge::store(Val slot, mlir::Value output, Val row, Val head) {
  storeAttention(k, output, row, head, k.load(totals, {slot}), [&](int64_t vector) {
    return k.loadVector(sums, {slot, k.index(vector * k.isa.lanes)}, k.isa.lanes);
  });
}

} // namespace edgelm
