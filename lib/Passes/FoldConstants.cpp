// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Evaluates what depends on no argument and simplifies the rest.
#include "Passes/Fold.h"
#include "Passes/Passes.h"

namespace edgelm {
#define GEN_PASS_DEF_FOLDCONSTANTS
#include "Passes/Passes.h.inc"
} // namespace edgelm

using namespace mlir;
using namespace edgelm;

namespace {
struct FoldConstants : edgelm::impl::FoldConstantsBase<FoldConstants> {
  void runOnOperation() override {
    FoldCounts counts;
    for (func::FuncOp function : getOperation().getOps<func::FuncOp>()) {
      if (function.isExternal())
        continue;
      // Nobody needs all of the full context's tables.
      FoldScope scope = function.getName() == "context" ? FoldScope::Shapes : FoldScope::Everything;
      if (failed(foldConstants(function, scope, counts)))
        return signalPassFailure();
    }
    numFolded += counts.folded;
    numSimplified += counts.simplified;
    numErased += counts.erased;
  }
};
} // namespace
