// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Norms that write what the next linear reads.
#include "Passes/Passes.h"

namespace edgelm {
#define GEN_PASS_DEF_FUSENORMQUANTIZE
#include "Passes/Passes.h.inc"
} // namespace edgelm

using namespace mlir;
using namespace edgelm;

namespace {
struct FuseNormQuantize : edgelm::impl::FuseNormQuantizeBase<FuseNormQuantize> {
  void runOnOperation() override {
    getOperation().walk([&](QuantizeRowsOp quantize) {
      Value input = quantize.getInput();
      Operation *norm = input.getDefiningOp();
      if (!isa_and_nonnull<RmsNormOp, LayerNormOp>(norm) || !input.hasOneUse())
        return;
      Builder builder(&getContext());
      norm->setLoc(builder.getFusedLoc({norm->getLoc(), quantize.getLoc()}));
      input.setType(quantize.getType());
      quantize.replaceAllUsesWith(input);
      quantize.erase();
      ++numFused;
    });
  }
};
} // namespace
