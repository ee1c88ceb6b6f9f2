// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reads attention scores from the softmax towards the product.
#include "Passes/Scores.h"
#include "Passes/Match.h"

#include <cmath>

using namespace mlir;

namespace edgelm {

/// No score of a trained model is as small.
static bool isFarBelow(std::optional<double> number) {
  return number && *number <= -1e4;
}

static Value withoutViews(Value value) {
  while (Operation *op = value.getDefiningOp()) {
    if (!isa<ReshapeOp, BroadcastOp, CastOp>(op))
      break;
    value = op->getOperand(0);
  }
  return value;
}

/// The mask and whether it is the visible ones that are true (or 0).
static MaskOp findMask(Value value, bool *isInverted = nullptr) {
  value = withoutViews(value);
  while (auto unary = value.getDefiningOp<UnaryOp>()) {
    if (unary.getFn() != "not" || !isInverted)
      return {};
    *isInverted = !*isInverted;
    value = withoutViews(unary.getInput());
  }
  return value.getDefiningOp<MaskOp>();
}

/// Adds what `mask` hides to what is hidden already; `scale` multiplies the term it adds.
static bool merge(Scores &scores, MaskOp mask, double scale) {
  // What a cap bounds is not hidden.
  if (scores.softcap != 0)
    return false;
  MaskAttr attribute = mask.getMask();
  if (attribute.getSlopes() && scale != 1) {
    SmallVector<float> slopes;
    for (float slope : attribute.getSlopes().asArrayRef())
      slopes.push_back(static_cast<float>(slope * scale));
    attribute = MaskAttr::get(mask.getContext(), attribute.getKind(), attribute.getWindow(),
                              DenseF32ArrayAttr::get(mask.getContext(), slopes));
  }
  auto isPlain = [](MaskAttr a) { return !a || (a.getKind() == MaskKind::Bidirectional && !a.getSlopes()); };
  if (isPlain(scores.mask))
    scores.mask = attribute;
  else if (!isPlain(attribute) && attribute != scores.mask)
    return false;
  if (Value keyMask = mask.getKeyMask()) {
    if (scores.keyMask && scores.keyMask != keyMask)
      return false;
    scores.keyMask = keyMask;
  }
  return true;
}

/// One step from `value` towards the product, or null.
static Value step(Value value, Scores &scores) {
  Operation *op = value.getDefiningOp();
  if (!op)
    return {};
  if (isa<ReshapeOp, CastOp>(op)) {
    Value input = op->getOperand(0);
    bool isSameRow = tensorType(input).getRank() > 1 &&
                     tensorType(input).getShape().take_back(2) == tensorType(value).getShape().take_back(2);
    return isSameRow ? input : Value();
  }
  if (auto select = dyn_cast<SelectOp>(op)) {
    bool isInverted = false;
    MaskOp mask = findMask(select.getCondition(), &isInverted);
    Value visible = isInverted ? select.getRhs() : select.getLhs(),
          hidden = isInverted ? select.getLhs() : select.getRhs();
    return mask && isFarBelow(numberOf(hidden)) && merge(scores, mask, scores.scale) ? visible : Value();
  }
  if (auto unary = dyn_cast<UnaryOp>(op)) {
    if (unary.getFn() != "tanh" || scores.softcap != 0 || scores.scale <= 0)
      return {};
    // What multiplies the result is the cap, and so the quotient inside leaves the scale.
    scores.softcap = scores.scale;
    return unary.getInput();
  }
  if (std::optional<WithConstant> bound = matchWithConstant(value, "max"))
    return isFarBelow(bound->constant) ? bound->value : Value();
  if (std::optional<WithConstant> product = matchWithConstant(value, "mul")) {
    scores.scale *= product->constant;
    return product->value;
  }
  if (std::optional<Operands2> quotient = matchBinary(value, "div")) {
    std::optional<double> divisor = numberOf(quotient->rhs);
    if (!divisor)
      return {};
    scores.scale /= *divisor;
    return quotient->lhs;
  }
  std::optional<Operands2> sum = matchBinary(value, "add");
  if (!sum)
    return {};
  for (auto [other, summand] : {std::pair(sum->lhs, sum->rhs), std::pair(sum->rhs, sum->lhs)}) {
    if (numberOf(summand) == 0.0)
      return other;
    if (MaskOp mask = findMask(summand))
      return merge(scores, mask, scores.scale) ? other : Value();
  }
  return {};
}

std::optional<Scores> matchScores(Value value) {
  Scores scores;
  scores.mask = MaskAttr::get(value.getContext(), MaskKind::Bidirectional, 0, DenseF32ArrayAttr());
  while (value) {
    if (auto product = value.getDefiningOp<MatMulOp>()) {
      scores.product = product;
      return scores.scale > 0 ? std::optional(scores) : std::nullopt;
    }
    // A step must not make the scores larger than what is masked.
    RankedTensorType before = tensorType(value);
    value = step(value, scores);
    if (value && tensorType(value).getNumElements() != before.getNumElements())
      return std::nullopt;
  }
  return std::nullopt;
}

} // namespace edgelm
