// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The token axis of every operation: how it is copied to T tokens, or why it cannot be.
#include "Passes/TokenRewriter.h"
#include "Dialect/InferTypes.h"
#include "Passes/Match.h"

#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace edgelm {

static bool areOnes(ArrayRef<int64_t> dims) {
  return llvm::all_of(dims, [](int64_t dim) { return dim == 1; });
}

void TokenRewriter::set(Value original, Value value, int64_t axis) {
  forms[original] = {value, SmallVector<int64_t>(tensorType(original).getShape()), axis};
}

RankedTensorType TokenRewriter::typeOf(ArrayRef<int64_t> shape, int64_t axis, Type like) const {
  SmallVector<int64_t> dims = {options.tokens};
  llvm::append_range(dims, shape.drop_front(axis + 1));
  return RankedTensorType::get(dims, getElementTypeOrSelf(like));
}

Operation *TokenRewriter::clone(Operation *op, ValueRange operands, TypeRange types) {
  Operation *copy = builder.clone(*op);
  copy->setOperands(operands);
  for (auto [result, type] : llvm::zip_equal(copy->getResults(), types))
    result.setType(type);
  copy->removeAttr(kIdAttr);
  return copy;
}

bool TokenRewriter::isPlain(Operation *op) const {
  return llvm::all_of(op->getOperands(), [&](Value operand) { return forms.at(operand).axis < 0; });
}

/// The ids are i32 in an entry, whatever the export has.
static Value withElementsOf(OpBuilder &builder, Value value, Value original) {
  Type type = getElementTypeOrSelf(original);
  if (getElementTypeOrSelf(value) == type)
    return value;
  return CastOp::create(builder, original.getLoc(), tensorType(value).clone(type), value, type);
}

Value TokenRewriter::whole(Value original) {
  const TokenForm &form = forms.at(original);
  if (form.axis < 0)
    return form.value;
  SmallVector<int64_t> shape(form.shape);
  shape[form.axis] = options.tokens;
  return reshapeTo(builder, original.getLoc(), withElementsOf(builder, form.value, original), shape);
}

/// The result's shape where dimensions of `before` became those of `after`, or nothing when that cannot be told.
static std::optional<SmallVector<int64_t>> resized(ReshapeOp op, int64_t sequence, int64_t tokens) {
  SmallVector<int64_t> shape(tensorType(op.getResult()).getShape());
  if (llvm::count(shape, sequence) != 1 || llvm::count(tensorType(op.getInput()).getShape(), sequence) != 1)
    return std::nullopt;
  *llvm::find(shape, sequence) = tokens;
  return shape;
}

const char *TokenRewriter::copyWhole(Operation *op) {
  SmallVector<Value> operands;
  for (Value operand : op->getOperands())
    operands.push_back(whole(operand));
  bool isResized = TypeRange(ValueRange(operands)) != TypeRange(op->getOperandTypes());
  SmallVector<Type> types(op->getResultTypes());
  if (isResized)
    for (Type &type : types)
      type = cast<RankedTensorType>(type).clone(
          SmallVector<int64_t>(cast<RankedTensorType>(type).getRank(), ShapedType::kDynamic));
  if (auto reshape = dyn_cast<ReshapeOp>(op); reshape && isResized) {
    std::optional<SmallVector<int64_t>> shape = resized(reshape, options.sequence, options.tokens);
    if (!shape)
      return "joins tokens with something else, so that it works for the bound number of tokens only";
    types[0] = tensorType(reshape.getResult()).clone(*shape);
  } else if (isa<BroadcastOp, SliceOp, LinearOp, AttentionOp, RopeOp>(op) && isResized) {
    return "works for the bound number of tokens only";
  }
  Operation *copy = clone(op, operands, types);
  if (isResized && (failed(refineResultTypes(copy)) || llvm::any_of(copy->getResults(), [](Value result) {
                      return !tensorType(result).hasStaticShape();
                    })))
    return "works for the bound number of tokens only";
  for (auto [original, value] : llvm::zip_equal(op->getResults(), copy->getResults()))
    set(original, value, -1);
  return nullptr;
}

LogicalResult TokenRewriter::rewrite(Operation *op) {
  const char *reason = isPlain(op) && !isa<PositionRowsOp>(op) ? copyWhole(op) : rewriteByToken(op);
  if (!reason)
    return success();
  if (!options.mayMixTokens)
    return op->emitError("'") << op->getName() << "' " << reason
                              << ", so that no cache can stand for the tokens before it";
  if (const char *second = copyWhole(op))
    return op->emitError("'") << op->getName() << "' " << second << "; bind as many tokens as the context has";
  return success();
}

const char *TokenRewriter::rewriteByToken(Operation *op) {
  return llvm::TypeSwitch<Operation *, const char *>(op)
      .Case<UnaryOp, BinaryOp, CompareOp, SelectOp, CastOp, GluOp, QuantizeOp, DequantizeOp>(
          [&](auto) { return elementwise(op); })
      .Case<LinearOp, RmsNormOp, LayerNormOp>([&](auto) { return features(op); })
      .Case<MatMulOp, MatMulIntegerOp>([&](auto) { return matmul(op); })
      .Case([&](ReduceOp reduction) { return reduce(op, reduction.getAxes()); })
      .Case([&](ArgReduceOp reduction) { return reduce(op, {static_cast<int64_t>(reduction.getAxis())}); })
      .Case([&](EmbedOp embedding) { return embed(embedding); })
      .Case([&](PositionRowsOp rows) { return positionRows(rows); })
      .Case([&](RopeOp rotation) { return rope(rotation); })
      .Case([&](SoftmaxOp soft) { return softmax(soft); })
      .Case([&](ReshapeOp view) { return reshape(view); })
      .Case([&](TransposeOp permutation) { return transpose(permutation); })
      .Case([&](SliceOp part) { return slice(part); })
      .Case([&](ConcatOp whole) { return concat(whole); })
      .Case([&](BroadcastOp repeated) { return broadcast(repeated); })
      .Case([&](GatherOp rows) { return gather(rows); })
      .Case([&](DynamicQuantizeOp quantization) { return dynamicQuantize(quantization); })
      .Default([](Operation *) { return "may act on several tokens at once"; });
}

const char *TokenRewriter::elementwise(Operation *op) {
  // One scale for all elements; others would have to follow their axis.
  if (isa<QuantizeOp, DequantizeOp>(op))
    for (Value parameter : op->getOperands().drop_front())
      if (tensorType(parameter).getNumElements() != 1)
        return "has a scale for each part of its input";
  int64_t rank = 0, axis = -1;
  for (Value operand : op->getOperands())
    rank = std::max<int64_t>(rank, forms[operand].shape.size());
  for (Value operand : op->getOperands()) {
    const TokenForm &form = forms[operand];
    if (form.axis < 0)
      continue;
    int64_t own = form.axis + rank - static_cast<int64_t>(form.shape.size());
    if (axis >= 0 && own != axis)
      return "combines each token with all others";
    axis = own;
  }
  SmallVector<Value> operands;
  SmallVector<int64_t> shape(rank, 1);
  for (Value operand : op->getOperands()) {
    const TokenForm &form = forms[operand];
    int64_t missing = rank - static_cast<int64_t>(form.shape.size());
    for (auto [i, dim] : llvm::enumerate(form.shape))
      shape[missing + i] = std::max(shape[missing + i], dim);
    Value value = form.value;
    if (form.axis < 0) {
      // Only the features of a constant are left.
      ArrayRef<int64_t> dims(form.shape);
      int64_t dropped = std::clamp<int64_t>(axis + 1 - missing, 0, dims.size());
      if (!areOnes(dims.take_front(dropped)))
        return "reads a value that differs between tokens and follows no position table";
      value = reshapeTo(builder, op->getLoc(), value, dims.drop_front(dropped));
    } else {
      value = withElementsOf(builder, value, operand);
    }
    operands.push_back(value);
  }
  Operation *copy = clone(op, operands, typeOf(shape, axis, op->getResult(0).getType()));
  set(op->getResult(0), {copy->getResult(0), shape, axis});
  return nullptr;
}

const char *TokenRewriter::features(Operation *op) {
  const TokenForm &input = forms[op->getOperand(0)];
  if (input.axis < 0 || input.axis + 1 == static_cast<int64_t>(input.shape.size()))
    return "reads tokens where it needs features";
  SmallVector<Value> operands;
  for (Value operand : op->getOperands())
    operands.push_back(forms[operand].value);
  ArrayRef<int64_t> shape = tensorType(op->getResult(0)).getShape();
  Operation *copy = clone(op, operands, typeOf(shape, input.axis, op->getResult(0).getType()));
  set(op->getResult(0), copy->getResult(0), input.axis);
  return nullptr;
}

const char *TokenRewriter::embed(EmbedOp op) {
  const TokenForm &ids = forms[op.getTokens()];
  if (ids.axis < 0 || forms[op.getTable()].axis >= 0)
    return "reads a table that depends on tokens";
  Operation *copy =
      clone(op, {ids.value, forms[op.getTable()].value}, typeOf(tensorType(op).getShape(), ids.axis, op.getType()));
  set(op, copy->getResult(0), ids.axis);
  return nullptr;
}

const char *TokenRewriter::positionRows(PositionRowsOp op) {
  RankedTensorType type = tensorType(op.getResult());
  int64_t axis = op.getAxis();
  if (!areOnes(type.getShape().take_front(axis)))
    return "has features before its tokens";
  Value value = PositionRowsOp::create(builder, op.getLoc(), typeOf(type.getShape(), axis, type),
                                       forms[op.getTable()].value, options.pos, 0);
  set(op, value, axis);
  return nullptr;
}

const char *TokenRewriter::rope(RopeOp op) {
  const TokenForm &input = forms[op.getInput()];
  if (input.axis != 0)
    return "turns by another dimension than the tokens";
  Value value = RopeOp::create(builder, op.getLoc(), typeOf(input.shape, 0, op.getType()), input.value,
                               forms[op.getCos()].value, forms[op.getSin()].value, options.pos, op.getInterleaved());
  set(op, value, 0);
  return nullptr;
}

const char *TokenRewriter::matmul(Operation *op) {
  const TokenForm &lhs = forms[op->getOperand(0)];
  if (lhs.axis < 0 || forms[op->getOperand(1)].axis >= 0 || forms[op->getOperand(1)].shape.size() != 2 ||
      lhs.axis + 1 == static_cast<int64_t>(lhs.shape.size()))
    return "multiplies tokens with each other";
  SmallVector<Value> operands;
  for (Value operand : op->getOperands()) {
    const TokenForm &form = forms[operand];
    bool isPerToken = form.axis == 0 && operand != op->getOperand(0);
    operands.push_back(isPerToken ? reshapeTo(builder, op->getLoc(), form.value, {options.tokens}) : form.value);
  }
  ArrayRef<int64_t> shape = tensorType(op->getResult(0)).getShape();
  Operation *copy = clone(op, operands, typeOf(shape, lhs.axis, op->getResult(0).getType()));
  set(op->getResult(0), copy->getResult(0), lhs.axis);
  return nullptr;
}

const char *TokenRewriter::dynamicQuantize(DynamicQuantizeOp op) {
  const TokenForm &input = forms[op.getInput()];
  auto number = [&](Value result) { return typeOf({options.sequence, 1}, 0, result.getType()); };
  if (typeOf(input.shape, input.axis, op.getInput().getType()).getRank() != 2)
    return "quantizes a token that is no vector";
  Type types[] = {typeOf(input.shape, input.axis, op.getResult().getType()), number(op.getScale()),
                  number(op.getZeroPoint())};
  auto copy =
      DynamicQuantizeOp::create(builder, op.getLoc(), types[0], types[1], types[2], input.value, builder.getUnitAttr());
  if (options.tokens == 1)
    op.emitRemark("quantizes with one scale for the whole sequence; from here on each token has its own");
  set(op.getResult(), copy.getResult(), input.axis);
  set(op.getScale(), {copy.getScale(), {options.sequence, 1}, 0});
  set(op.getZeroPoint(), {copy.getZeroPoint(), {options.sequence, 1}, 0});
  return nullptr;
}

} // namespace edgelm
