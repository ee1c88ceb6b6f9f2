// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Raises rows of a trained table by token id to `edgelm.embed`.
#include "Passes/Match.h"
#include "Passes/Passes.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace edgelm {
#define GEN_PASS_DEF_RAISEEMBED
#include "Passes/Passes.h.inc"
} // namespace edgelm

using namespace mlir;
using namespace edgelm;

namespace {

/// The ids before conversions between integer types.
Value withoutIntegerCasts(Value value) {
  while (auto cast = value.getDefiningOp<CastOp>()) {
    if (!isa<IntegerType>(tensorType(cast.getInput()).getElementType()) || !isa<IntegerType>(cast.getTo()))
      break;
    value = cast.getInput();
  }
  return value;
}

struct GatherPattern : OpRewritePattern<GatherOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(GatherOp op, PatternRewriter &rewriter) const override {
    if (op.getAxis() != 0 || tensorType(op.getInput()).getRank() != 2)
      return rewriter.notifyMatchFailure(op, "takes no rows of a matrix");
    if (!isTrained(op.getInput()) || isTrained(op.getIndices()))
      return rewriter.notifyMatchFailure(op, "no trained table, or constant rows of it");
    if (!tensorType(op).getElementType().isF32())
      return rewriter.notifyMatchFailure(op, "rows are not f32");
    RankedTensorType ids = tensorType(op.getIndices());
    if (ids.getRank() == 0 || ids.getNumElements() != ids.getShape().back())
      return rewriter.notifyMatchFailure(op, "more than one sequence of ids");
    rewriter.replaceOpWithNewOp<EmbedOp>(op, op.getType(), withoutIntegerCasts(op.getIndices()),
                                         withoutFloatCasts(op.getInput()));
    return success();
  }
};

/// dequantize(rows of codes) = rows of dequantize(codes), where one scale serves the table.
struct DequantizePattern : OpRewritePattern<DequantizeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(DequantizeOp op, PatternRewriter &rewriter) const override {
    auto gather = op.getInput().getDefiningOp<GatherOp>();
    if (!gather || gather.getAxis() != 0 || !isTrained(gather.getInput()))
      return rewriter.notifyMatchFailure(op, "no rows of a trained table");
    if (tensorType(op.getScale()).getNumElements() != 1)
      return rewriter.notifyMatchFailure(op, "more than one scale");
    auto table = RankedTensorType::get(tensorType(gather.getInput()).getShape(), tensorType(op).getElementType());
    Value floats = DequantizeOp::create(rewriter, op.getLoc(), table, gather.getInput(), op.getScale(),
                                        op.getZeroPoint(), op.getAxis(), op.getBlockSize());
    rewriter.replaceOpWithNewOp<GatherOp>(op, op.getType(), floats, gather.getIndices(), 0);
    return success();
  }
};

struct RaiseEmbed : edgelm::impl::RaiseEmbedBase<RaiseEmbed> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<GatherPattern, DequantizePattern>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace
