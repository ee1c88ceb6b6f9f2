// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Raises an activated value times another one to `edgelm.glu`.
#include "Dialect/ScalarFunctions.h"
#include "Passes/Match.h"
#include "Passes/Passes.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace edgelm {
#define GEN_PASS_DEF_RAISEGLU
#include "Passes/Passes.h.inc"
} // namespace edgelm

using namespace mlir;
using namespace edgelm;

namespace {

UnaryOp activation(Value value) {
  auto op = value.getDefiningOp<UnaryOp>();
  if (!op || !op->hasOneUse() || !lookupUnary(op.getFn())->isActivation)
    return {};
  return op.getParams().empty() ? op : UnaryOp();
}

struct GatePattern : OpRewritePattern<BinaryOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(BinaryOp op, PatternRewriter &rewriter) const override {
    if (op.getFn() != "mul")
      return rewriter.notifyMatchFailure(op, "no product");
    UnaryOp gate = activation(op.getLhs());
    Value up = op.getRhs();
    if (!gate) {
      gate = activation(op.getRhs());
      up = op.getLhs();
    }
    if (!gate)
      return rewriter.notifyMatchFailure(op, "no operand is an activation used here alone");
    if (gate.getType() != up.getType() || op.getType() != up.getType())
      return rewriter.notifyMatchFailure(op, "gate and the other branch differ in shape");
    if (isTrained(up) || numberOf(up))
      return rewriter.notifyMatchFailure(op, "the other branch is a parameter");
    rewriter.replaceOpWithNewOp<GluOp>(op, op.getType(), gate.getFn(), gate.getInput(), up);
    return success();
  }
};

struct RaiseGlu : edgelm::impl::RaiseGluBase<RaiseGlu> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<GatePattern>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace
