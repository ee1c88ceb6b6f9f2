// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Raises matrix products with a trained matrix, and the bias added to them, to `edgelm.linear`.
#include "Passes/Match.h"
#include "Passes/Passes.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace edgelm {
#define GEN_PASS_DEF_RAISELINEAR
#include "Passes/Passes.h.inc"
} // namespace edgelm

using namespace mlir;
using namespace edgelm;

namespace {

struct Matrix {
  Value weight;
  bool transposed; ///< stored as [K, N]
};

/// The stored matrix behind the [K, N] operand of a product.
Matrix storedMatrix(Value operand) {
  Matrix matrix{withoutFloatCasts(operand), true};
  while (auto transpose = matrix.weight.getDefiningOp<TransposeOp>()) {
    if (transpose.getPerm() == ArrayRef<int64_t>{1, 0})
      matrix.transposed = !matrix.transposed;
    matrix.weight = withoutFloatCasts(transpose.getInput());
  }
  return matrix;
}

struct MatMulPattern : OpRewritePattern<MatMulOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(MatMulOp op, PatternRewriter &rewriter) const override {
    if (tensorType(op.getRhs()).getRank() != 2 || !isTrained(op.getRhs()))
      return rewriter.notifyMatchFailure(op, "the right operand is no trained matrix");
    if (isTrained(op.getLhs()))
      return rewriter.notifyMatchFailure(op, "the left operand is trained too");
    if (!tensorType(op.getLhs()).getElementType().isF32() || !tensorType(op).getElementType().isF32())
      return rewriter.notifyMatchFailure(op, "activations are not f32");
    Matrix matrix = storedMatrix(op.getRhs());
    rewriter.replaceOpWithNewOp<LinearOp>(op, op.getType(), op.getLhs(), matrix.weight, ValueRange(), Value(),
                                          ArrayRef<bool>(matrix.transposed), StringAttr());
    return success();
  }
};

/// add(linear, vector) in any order, also with a reshape between them that keeps the features.
struct BiasPattern : OpRewritePattern<BinaryOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(BinaryOp op, PatternRewriter &rewriter) const override {
    if (op.getFn() != "add")
      return rewriter.notifyMatchFailure(op, "no sum");
    for (auto [product, bias] : {std::pair(op.getLhs(), op.getRhs()), std::pair(op.getRhs(), op.getLhs())}) {
      LinearOp linear = linearWithoutEpilogue(product);
      if (!linear || product.getType() != op.getType())
        continue;
      int64_t features = tensorType(linear).getShape().back();
      // The vector may be defined after the product, whose place is then here.
      Value vector = trainedVector(rewriter, bias, features);
      if (!vector)
        continue;
      Value result = LinearOp::create(rewriter, linear.getLoc(), linear.getType(), linear.getInput(),
                                      linear.getWeights(), vector, Value(), linear.getTransposed(), StringAttr());
      rewriter.replaceOp(op, reshapeTo(rewriter, op.getLoc(), result, tensorType(op).getShape()));
      return success();
    }
    return rewriter.notifyMatchFailure(op, "no linear and a trained vector of its features");
  }

  static LinearOp linearWithoutEpilogue(Value value) {
    int64_t features = tensorType(value).getRank() ? tensorType(value).getShape().back() : 0;
    while (auto reshape = value.getDefiningOp<ReshapeOp>()) {
      if (!value.hasOneUse())
        return {};
      value = reshape.getInput();
    }
    auto linear = value.getDefiningOp<LinearOp>();
    if (!linear || !value.hasOneUse() || tensorType(value).getShape().back() != features)
      return {};
    bool hasEpilogue = !linear.getBiases().empty() || linear.getResidual() || linear.getActivation() || linear.getGlu();
    return hasEpilogue || linear.getWeights().size() != 1 ? LinearOp() : linear;
  }
};

struct RaiseLinear : edgelm::impl::RaiseLinearBase<RaiseLinear> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<MatMulPattern, BiasPattern>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace
