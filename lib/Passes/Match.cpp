// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Questions about values that several raising passes ask.
#include "Passes/Match.h"

#include "llvm/ADT/SmallPtrSet.h"

using namespace mlir;

namespace edgelm {

static std::optional<double> splat(ElementsAttr attribute) {
  auto dense = dyn_cast<DenseElementsAttr>(attribute);
  if (!dense || dense.empty())
    return std::nullopt;
  if (isa<FloatType>(dense.getElementType())) {
    auto values = dense.getValues<APFloat>();
    APFloat first = *values.begin();
    if (!dense.isSplat() && !llvm::all_of(values, [&](const APFloat &v) { return v.bitwiseIsEqual(first); }))
      return std::nullopt;
    bool losesInfo;
    first.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven, &losesInfo);
    return first.convertToDouble();
  }
  auto values = dense.getValues<APInt>();
  APInt first = *values.begin();
  if (!dense.isSplat() && !llvm::all_of(values, [&](const APInt &v) { return v == first; }))
    return std::nullopt;
  bool isUnsigned = dense.getElementType().isUnsignedInteger() || dense.getElementType().isInteger(1);
  return isUnsigned ? first.roundToDouble(false) : first.roundToDouble(true);
}

std::optional<double> numberOf(Value value) {
  while (Operation *op = value.getDefiningOp()) {
    if (auto constant = dyn_cast<ConstantOp>(op))
      return splat(constant.getValue());
    if (!isa<CastOp, ReshapeOp, BroadcastOp, UnsqueezeOp, SqueezeOp>(op))
      return std::nullopt;
    value = op->getOperand(0);
  }
  return std::nullopt;
}

bool isTrained(Value value) {
  SmallVector<Value> pending = {value};
  SmallPtrSet<Operation *, 8> seen;
  while (!pending.empty()) {
    Operation *op = pending.pop_back_val().getDefiningOp();
    // Rows by position are a parameter of the position, not of the model alone.
    if (!op || isa<PositionRowsOp, MaskOp>(op))
      return false;
    if (seen.insert(op).second)
      llvm::append_range(pending, op->getOperands());
  }
  return true;
}

bool hasFloatElements(Value value) {
  return isa<FloatType>(tensorType(value).getElementType());
}

Value withoutFloatCasts(Value value) {
  while (auto cast = value.getDefiningOp<CastOp>()) {
    if (!hasFloatElements(cast.getInput()) || !hasFloatElements(cast))
      break;
    value = cast.getInput();
  }
  return value;
}

std::optional<Operands2> matchBinary(Value value, StringRef fn) {
  auto op = definedBy<BinaryOp>(value);
  if (!op || op.getFn() != fn)
    return std::nullopt;
  return Operands2{op.getLhs(), op.getRhs()};
}

Value matchUnary(Value value, StringRef fn) {
  auto op = definedBy<UnaryOp>(value);
  return op && op.getFn() == fn ? op.getInput() : Value();
}

std::optional<WithConstant> matchWithConstant(Value value, StringRef fn) {
  std::optional<Operands2> operands = matchBinary(value, fn);
  if (!operands)
    return std::nullopt;
  if (std::optional<double> constant = numberOf(operands->rhs))
    return WithConstant{operands->lhs, *constant};
  if (std::optional<double> constant = numberOf(operands->lhs))
    return WithConstant{operands->rhs, *constant};
  return std::nullopt;
}

Value trainedVector(OpBuilder &builder, Value value, int64_t size) {
  if (!isTrained(value))
    return {};
  value = withoutFloatCasts(value);
  RankedTensorType type = tensorType(value);
  auto vector = RankedTensorType::get({size}, type.getElementType());
  if (type == vector)
    return value;
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointAfterValue(value);
  auto constant = value.getDefiningOp<ConstantOp>();
  if (std::optional<double> number = constant ? numberOf(value) : std::nullopt) {
    auto f32 = RankedTensorType::get({size}, builder.getF32Type());
    return ConstantOp::create(builder, value.getLoc(), DenseElementsAttr::get(f32, static_cast<float>(*number)));
  }
  if (!type.hasStaticShape() || type.getNumElements() != size || type.getShape().back() != size)
    return {};
  if (auto dense = constant ? dyn_cast<DenseElementsAttr>(constant.getValue()) : DenseElementsAttr())
    return ConstantOp::create(builder, value.getLoc(), dense.reshape(vector));
  if (auto weight = value.getDefiningOp<WeightOp>())
    return WeightOp::create(builder, value.getLoc(), vector, weight.getSource());
  return reshapeTo(builder, value.getLoc(), value, {size});
}

Value reshapeTo(OpBuilder &builder, Location loc, Value value, ArrayRef<int64_t> shape) {
  while (auto reshape = value.getDefiningOp<ReshapeOp>())
    value = reshape.getInput();
  RankedTensorType type = tensorType(value);
  if (type.getShape() == shape)
    return value;
  return ReshapeOp::create(builder, loc, RankedTensorType::get(shape, type.getElementType()), value, Value(),
                           UnitAttr());
}

void eraseUnused(Operation *function) {
  for (Block &block : function->getRegion(0))
    for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block)))
      if (isOpTriviallyDead(&op))
        op.erase();
}

} // namespace edgelm
