// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Walks from softmaxes to scores and probes what lies between.
#include "Passes/MaskSites.h"
#include "Dialect/Reference/Evaluator.h"
#include "Passes/NumberText.h"
#include "Passes/Simplify.h"

#include <cmath>

using namespace mlir;
using namespace edgelm;

/// No score and no bias is as low; masks are -10000 (old BERT), the lowest float or minus infinity.
static constexpr double kHiddenBelow = -9000;

BlockArgument edgelm::argumentWithRole(func::FuncOp function, StringRef role) {
  for (BlockArgument argument : function.getArguments()) {
    StringAttr found = function.getArgAttrOfType<StringAttr>(argument.getArgNumber(), kRoleAttr);
    if (found && found.getValue() == role)
      return argument;
  }
  return {};
}

/// Adds to `values`, which holds arguments, every result that depends on one of them.
static void addDependents(func::FuncOp function, llvm::DenseSet<Value> &values) {
  for (Operation &op : function.front())
    if (llvm::any_of(op.getOperands(), [&](Value operand) { return values.contains(operand); }))
      values.insert(op.result_begin(), op.result_end());
}

namespace {
/// One operation on the way from the scores to a softmax.
struct Step {
  Value scores;                 ///< the operand that carries scores
  SmallVector<Value, 2> others; ///< operands that depend on no token
};
} // namespace

/// The operand that carries scores, if `op` combines it elementwise with values that depend on no token.
static std::optional<Step> stepOf(Operation *op, const llvm::DenseSet<Value> &fromTokens) {
  if (!op || !isa<BinaryOp, SelectOp, ReshapeOp, CastOp>(op))
    return std::nullopt;
  Step step;
  for (Value operand : op->getOperands()) {
    if (!fromTokens.contains(operand))
      step.others.push_back(operand);
    else if (step.scores)
      return std::nullopt; // two operands with scores
    else
      step.scores = operand;
  }
  bool choosesByScore = isa<SelectOp>(op) && step.scores == op->getOperand(0);
  if (!step.scores || choosesByScore ||
      tensorType(step.scores).getNumElements() != tensorType(op->getResult(0)).getNumElements())
    return std::nullopt;
  return step;
}

SmallVector<MaskSite> edgelm::findMaskSites(func::FuncOp function, int64_t tokens) {
  BlockArgument keyMask = argumentWithRole(function, "attention_mask");
  llvm::DenseSet<Value> fromTokens, fromMask;
  for (BlockArgument argument : function.getArguments())
    (argument == keyMask ? fromMask : fromTokens).insert(argument);
  addDependents(function, fromTokens);
  addDependents(function, fromMask);

  SmallVector<MaskSite> sites;
  for (SoftmaxOp softmax : function.front().getOps<SoftmaxOp>()) {
    RankedTensorType type = tensorType(softmax.getInput());
    int64_t rank = type.getRank();
    if (rank < 3 || static_cast<int64_t>(softmax.getAxis()) != rank - 1 || type.getDimSize(rank - 1) != tokens ||
        type.getDimSize(rank - 2) != tokens)
      continue;
    MaskSite site{softmax, softmax.getInput()};
    Value value = softmax.getInput();
    while (std::optional<Step> step = stepOf(value.getDefiningOp(), fromTokens)) {
      if (tensorType(step->scores).getShape().take_back(2) != type.getShape().take_back(2))
        break;
      bool masks = llvm::any_of(step->others, [&](Value other) {
        return fromMask.contains(other) || (tensorType(other).getNumElements() > 1 && !uniformConstant(other));
      });
      if (masks)
        site.scores = step->scores;
      site.readsKeyMask |= llvm::any_of(step->others, [&](Value other) { return fromMask.contains(other); });
      value = step->scores;
    }
    sites.push_back(site);
  }
  return sites;
}

FailureOr<EffectiveMask> edgelm::probeMask(func::FuncOp function, const MaskSite &site, int64_t tokens,
                                           const std::vector<int64_t> &keyMask) {
  RankedTensorType type = tensorType(site.scores);
  // Three points of a line: the third one is expected from the first two. Powers of two keep the slope exact.
  static constexpr double scores[] = {0, 64, -128};
  std::vector<double> results[3];
  SoftmaxOp softmax = site.softmax;
  for (auto [score, result] : llvm::zip_equal(scores, results)) {
    Evaluator evaluator(function.front());
    std::vector<double> values(type.getNumElements(), score);
    evaluator.set(site.scores, Tensor::fromDoubles(type.getShape(), type.getElementType(), values));
    if (BlockArgument argument = argumentWithRole(function, "attention_mask")) {
      RankedTensorType maskType = tensorType(argument);
      evaluator.set(argument, Tensor::fromIntegers(maskType.getShape(), maskType.getElementType(), keyMask));
    }
    FailureOr<Tensor> tensor = evaluator.valueOf(softmax.getInput());
    if (failed(tensor))
      return failure();
    result = tensor->toDoubles();
  }
  EffectiveMask mask;
  mask.heads = static_cast<int64_t>(results[0].size()) / (tokens * tokens);
  mask.tokens = tokens;
  mask.bias.assign(results[0].size(), 0);
  mask.hidden.assign(results[0].size(), 0);
  std::optional<double> scale;
  double tolerance = type.getElementType().isF32() ? 1e-4 : 5e-2;
  for (size_t i = 0; i < results[0].size(); ++i) {
    mask.hidden[i] = results[0][i] <= kHiddenBelow && results[1][i] <= kHiddenBelow && results[2][i] <= kHiddenBelow;
    if (mask.hidden[i])
      continue;
    mask.bias[i] = results[0][i];
    double slope = (results[1][i] - results[0][i]) / 64, expected = results[0][i] - 128 * slope;
    if (!scale)
      scale = slope;
    // Written so that a NaN is an error.
    if (!(std::fabs(slope - *scale) <= tolerance &&
          std::fabs(results[2][i] - expected) <= tolerance * std::fmax(1, std::fabs(expected))))
      return softmax.emitError("scores are not only masked on their way here: for query ")
             << static_cast<int64_t>(i) / tokens % tokens << " and key " << static_cast<int64_t>(i) % tokens
             << ", scores of 0, 64 and -128 become " << numberText(results[0][i]) << ", " << numberText(results[1][i])
             << " and " << numberText(results[2][i]);
  }
  mask.scale = scale.value_or(1);
  return mask;
}
