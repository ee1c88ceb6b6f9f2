// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Loops over one row in whole vectors, with a static tail.
#pragma once

#include "Codegen/Kernels/KernelBuilder.h"

namespace edgelm {

/// Vectors in flight in a row's loop.
int64_t rowUnroll(const IsaRow &isa);

/// Calls `body(column, count)` for the vectors that cover [0, columns): first with full vectors (count = lanes), then,
/// once, with the lanes that are left.
void forRow(KernelBuilder &k, int64_t columns, llvm::function_ref<void(Val column, int64_t count)> body);

/// As `forRow`, with sums of `unroll` chains (0: `rowUnroll`) that start at `init` (a vector) and are combined at the end to one
/// scalar by `combine` (also over lanes), always in the same order.
Val reduceRow(KernelBuilder &k, int64_t columns, Val init,
              llvm::function_ref<Val(Val column, int64_t count, Val sum)> body,
              llvm::function_ref<Val(Val, Val)> combine, int64_t unroll = 0);

} // namespace edgelm
