// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Vector loops over one row and reductions in a fixed order.
#include "Codegen/Kernels/RowLoop.h"

namespace edgelm {

int64_t rowUnroll(const IsaRow &isa) {
  return isa.isSmall ? 1 : 4;
}

void forRow(KernelBuilder &k, int64_t columns, llvm::function_ref<void(Val, int64_t)> body) {
  int64_t lanes = k.isa.lanes, unroll = rowUnroll(k.isa), step = lanes * unroll;
  int64_t whole = columns / step * step;
  if (whole)
    k.loop(k.index(0), k.index(whole), step, [&](Val column) {
      for (int64_t i = 0; i < unroll; ++i)
        body(column + double(i * lanes), lanes);
    });
  for (int64_t column = whole; column < columns; column += lanes)
    body(k.index(column), std::min(lanes, columns - column));
}

Val reduceRow(KernelBuilder &k, int64_t columns, Val init, llvm::function_ref<Val(Val, int64_t, Val)> body,
              llvm::function_ref<Val(Val, Val)> combine, int64_t unroll) {
  if (unroll == 0)
    unroll = rowUnroll(k.isa);
  int64_t lanes = k.isa.lanes, step = lanes * unroll;
  int64_t whole = columns / step * step;
  Vals sums(unroll, init);
  if (whole)
    sums = k.loop(k.index(0), k.index(whole), step, sums, [&](Val column, llvm::ArrayRef<Val> carried) {
      Vals next;
      for (int64_t i = 0; i < unroll; ++i)
        next.push_back(body(column + double(i * lanes), lanes, carried[i]));
      return next;
    });
  for (int64_t column = whole; column < columns; column += lanes) {
    Val &sum = sums[(column - whole) / lanes];
    sum = body(k.index(column), std::min(lanes, columns - column), sum);
  }
  for (int64_t width = unroll; width > 1; width /= 2)
    for (int64_t i = 0; i < width / 2; ++i)
      sums[i] = combine(sums[2 * i], sums[2 * i + 1]);
  Val all = sums[0];
  for (int64_t width = lanes; width > 1; width /= 2) {
    llvm::SmallVector<int64_t> low, high;
    for (int64_t lane = 0; lane < width / 2; ++lane) {
      low.push_back(lane);
      high.push_back(lane + width / 2);
    }
    all = combine(k.shuffle(all, all, low), k.shuffle(all, all, high));
  }
  return k.extract(all, 0);
}

} // namespace edgelm
