// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Removes operations whose results nobody uses.
#include "Passes/Passes.h"

namespace edgelm {
#define GEN_PASS_DEF_DROPUNUSED
#include "Passes/Passes.h.inc"
} // namespace edgelm

using namespace mlir;

namespace {
struct DropUnused : edgelm::impl::DropUnusedBase<DropUnused> {
  void runOnOperation() override {
    for (func::FuncOp function : getOperation().getOps<func::FuncOp>()) {
      if (function.isExternal())
        continue;
      // From the end, so that a chain of unused operations goes in one sweep.
      for (Operation &op : llvm::make_early_inc_range(llvm::reverse(function.front()))) {
        if (!isOpTriviallyDead(&op))
          continue;
        op.erase();
        ++numDropped;
      }
    }
  }
};
} // namespace
