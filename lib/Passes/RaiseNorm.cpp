// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Raises the arithmetic of root mean square and layer normalisation.
#include "Passes/Match.h"
#include "Passes/Passes.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace edgelm {
#define GEN_PASS_DEF_RAISENORM
#include "Passes/Passes.h.inc"
} // namespace edgelm

using namespace mlir;
using namespace edgelm;

namespace {

bool same(Value a, Value b) {
  return withoutFloatCasts(a) == withoutFloatCasts(b);
}

/// `value` is the square of what this returns.
Value matchSquare(Value value) {
  if (std::optional<Operands2> power = matchBinary(value, "pow"))
    return numberOf(power->rhs) == 2.0 ? power->lhs : Value();
  std::optional<Operands2> product = matchBinary(value, "mul");
  return product && same(product->lhs, product->rhs) ? product->lhs : Value();
}

/// `value` is `fn` over the last dimension, which stays as 1, of what this returns.
Value matchReduceLast(Value value, StringRef fn) {
  auto reduce = definedBy<ReduceOp>(value);
  if (!reduce || reduce.getFn() != fn || !reduce.getKeepDims())
    return {};
  return reduce.getAxes() == ArrayRef<int64_t>{tensorType(reduce.getInput()).getRank() - 1} ? reduce.getInput()
                                                                                            : Value();
}

/// `value` is `numerator / features`: the numerator.
Value matchOverFeatures(Value value, int64_t features) {
  if (std::optional<Operands2> quotient = matchBinary(value, "div"))
    return numberOf(quotient->rhs) == static_cast<double>(features) ? quotient->lhs : Value();
  std::optional<WithConstant> product = matchWithConstant(value, "mul");
  return product && std::abs(product->constant * features - 1.0) < 1e-6 ? product->value : Value();
}

/// `value` is the mean over the last dimension of what this returns.
Value matchMean(Value value, int64_t features) {
  if (Value input = matchReduceLast(value, "mean"))
    return input;
  Value sum = matchOverFeatures(value, features);
  return sum ? matchReduceLast(sum, "sum") : Value();
}

/// `value` is the mean of the squares over the last dimension of what this returns.
Value matchMeanSquare(Value value, int64_t features) {
  if (Value square = matchMean(value, features))
    return matchSquare(square);
  Value sum = matchOverFeatures(value, features);
  return sum ? matchReduceLast(sum, "sum_square") : Value();
}

/// `value` is a square root of what this returns.
Value matchRoot(Value value) {
  if (Value input = matchUnary(value, "sqrt"))
    return input;
  std::optional<Operands2> power = matchBinary(value, "pow");
  return power && numberOf(power->rhs) == 0.5 ? power->lhs : Value();
}

/// `value` is one over the square root of what this returns.
Value matchInverseRoot(Value value) {
  if (Value input = matchUnary(value, "rsqrt"))
    return input;
  if (Value root = matchUnary(value, "reciprocal"))
    return matchRoot(root);
  if (std::optional<Operands2> quotient = matchBinary(value, "div"))
    return numberOf(quotient->lhs) == 1.0 ? matchRoot(quotient->rhs) : Value();
  std::optional<Operands2> power = matchBinary(value, "pow");
  return power && numberOf(power->rhs) == -0.5 ? power->lhs : Value();
}

/// `op` is `input / sqrt(denominator)`.
struct Quotient {
  Value input, denominator;
};
std::optional<Quotient> matchQuotient(BinaryOp op) {
  if (op.getFn() == "div") {
    Value denominator = matchRoot(op.getRhs());
    return denominator ? std::optional(Quotient{op.getLhs(), denominator}) : std::nullopt;
  }
  if (op.getFn() != "mul")
    return std::nullopt;
  if (Value denominator = matchInverseRoot(op.getRhs()))
    return Quotient{op.getLhs(), denominator};
  if (Value denominator = matchInverseRoot(op.getLhs()))
    return Quotient{op.getRhs(), denominator};
  return std::nullopt;
}

Value ones(OpBuilder &builder, Location loc, int64_t size) {
  auto type = RankedTensorType::get({size}, builder.getF32Type());
  return ConstantOp::create(builder, loc, DenseElementsAttr::get(type, 1.0f));
}

/// The normalisation itself, with a weight of ones.
struct QuotientPattern : OpRewritePattern<BinaryOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(BinaryOp op, PatternRewriter &rewriter) const override {
    std::optional<Quotient> quotient = matchQuotient(op);
    if (!quotient)
      return rewriter.notifyMatchFailure(op, "no quotient by a square root");
    if (tensorType(op).getRank() == 0)
      return rewriter.notifyMatchFailure(op, "a scalar");
    int64_t features = tensorType(op).getShape().back();
    double epsilon = 0;
    Value meanSquare = quotient->denominator;
    if (std::optional<WithConstant> sum = matchWithConstant(meanSquare, "add")) {
      epsilon = sum->constant;
      meanSquare = sum->value;
    }
    Value input = matchMeanSquare(meanSquare, features);
    if (!input || !same(input, quotient->input))
      return rewriter.notifyMatchFailure(op, "the root is not of the mean square of the numerator");
    Value uncentred = matchCentred(input, features);
    Value source = withoutFloatCasts(uncentred ? uncentred : input);
    if (source.getType() != op.getType())
      return rewriter.notifyMatchFailure(op, "computes in another type than its input's");
    Value weight = ones(rewriter, op.getLoc(), features);
    FloatAttr epsilonAttr = rewriter.getF64FloatAttr(epsilon);
    if (uncentred)
      rewriter.replaceOpWithNewOp<LayerNormOp>(op, op.getType(), source, weight, Value(), epsilonAttr);
    else
      rewriter.replaceOpWithNewOp<RmsNormOp>(op, op.getType(), source, weight, epsilonAttr);
    return success();
  }

  /// `value` is x - mean(x): x.
  static Value matchCentred(Value value, int64_t features) {
    std::optional<Operands2> difference = matchBinary(value, "sub");
    Value mean = difference ? matchMean(difference->rhs, features) : Value();
    return mean && same(mean, difference->lhs) ? difference->lhs : Value();
  }
};

/// norm * vector, where the norm has no weight yet.
template <typename Norm> struct WeightPattern : OpRewritePattern<BinaryOp> {
  using OpRewritePattern<BinaryOp>::OpRewritePattern;
  LogicalResult matchAndRewrite(BinaryOp op, PatternRewriter &rewriter) const override {
    if (op.getFn() != "mul")
      return rewriter.notifyMatchFailure(op, "no product");
    for (auto [value, factor] : {std::pair(op.getLhs(), op.getRhs()), std::pair(op.getRhs(), op.getLhs())}) {
      auto norm = definedBy<Norm>(value);
      if (!norm || !norm->hasOneUse() || numberOf(norm.getWeight()) != 1.0 || op.getType() != norm.getType())
        continue;
      if constexpr (std::is_same_v<Norm, LayerNormOp>)
        if (norm.getBias())
          continue;
      Value weight = trainedVector(rewriter, factor, tensorType(op).getShape().back());
      if (!weight)
        continue;
      Operation *copy = rewriter.clone(*norm.getOperation());
      cast<Norm>(copy).getWeightMutable().assign(weight);
      rewriter.replaceOp(op, copy->getResults());
      return success();
    }
    return rewriter.notifyMatchFailure(op, "no norm without weight and a trained vector");
  }
};

/// layer_norm + vector.
struct BiasPattern : OpRewritePattern<BinaryOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(BinaryOp op, PatternRewriter &rewriter) const override {
    if (op.getFn() != "add")
      return rewriter.notifyMatchFailure(op, "no sum");
    for (auto [value, summand] : {std::pair(op.getLhs(), op.getRhs()), std::pair(op.getRhs(), op.getLhs())}) {
      auto norm = definedBy<LayerNormOp>(value);
      if (!norm || !norm->hasOneUse() || norm.getBias() || op.getType() != norm.getType())
        continue;
      Value bias = trainedVector(rewriter, summand, tensorType(op).getShape().back());
      if (!bias)
        continue;
      rewriter.replaceOpWithNewOp<LayerNormOp>(op, op.getType(), norm.getInput(), norm.getWeight(), bias,
                                               norm.getEpsilonAttr());
      return success();
    }
    return rewriter.notifyMatchFailure(op, "no layer normalisation without bias and a trained vector");
  }
};

/// Weight and bias of an imported normalisation that stand behind conversions.
template <typename Norm> struct DirectParametersPattern : OpRewritePattern<Norm> {
  using OpRewritePattern<Norm>::OpRewritePattern;
  LogicalResult matchAndRewrite(Norm op, PatternRewriter &rewriter) const override {
    bool changed = false;
    for (OpOperand &operand : op->getOpOperands().drop_front()) {
      Value direct = isTrained(operand.get()) ? withoutFloatCasts(operand.get()) : operand.get();
      if (direct == operand.get())
        continue;
      rewriter.modifyOpInPlace(op, [&] { operand.set(direct); });
      changed = true;
    }
    return changed ? success() : rewriter.notifyMatchFailure(op, "no parameter is converted");
  }
};

struct RaiseNorm : edgelm::impl::RaiseNormBase<RaiseNorm> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<QuotientPattern, WeightPattern<RmsNormOp>, WeightPattern<LayerNormOp>, BiasPattern,
                 DirectParametersPattern<RmsNormOp>, DirectParametersPattern<LayerNormOp>>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace
