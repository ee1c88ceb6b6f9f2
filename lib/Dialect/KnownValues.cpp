// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Follows shape arithmetic backwards from a shape operand to constants and static dimensions.
#include "Dialect/KnownValues.h"
#include "Dialect/EdgeLMDialect.h"
#include "Dialect/ScalarFunctions.h"

#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace edgelm;
using Values = std::optional<SmallVector<int64_t>>;

/// Longest tensor and longest chain of operations that are looked at: shapes are short.
static constexpr int64_t kMaxElements = 64;
static constexpr int kMaxDepth = 24;

static constexpr int64_t kUnknown = ShapedType::kDynamic;

static Values evaluate(Value value, int depth);

static Values evaluateShape(ShapeOp op) {
  ArrayRef<int64_t> shape = tensorType(op.getInput()).getShape();
  int64_t start = op.getStart(), end = op.getEnd();
  if (start < 0 || end > static_cast<int64_t>(shape.size()) || start > end)
    return std::nullopt;
  return SmallVector<int64_t>(shape.slice(start, end - start));
}

static Values evaluateGather(GatherOp op, int depth) {
  if (tensorType(op.getInput()).getRank() != 1)
    return std::nullopt;
  Values input = evaluate(op.getInput(), depth), indices = evaluate(op.getIndices(), depth);
  if (!input || !indices)
    return std::nullopt;
  SmallVector<int64_t> result;
  int64_t size = input->size();
  for (int64_t index : *indices) {
    int64_t position = index < 0 && index != kUnknown ? index + size : index;
    result.push_back(position >= 0 && position < size ? (*input)[position] : kUnknown);
  }
  return result;
}

static Values evaluateConcat(ConcatOp op, int depth) {
  SmallVector<int64_t> result;
  for (Value input : op.getInputs()) {
    Values part = evaluate(input, depth);
    if (!part)
      return std::nullopt;
    result.append(*part);
  }
  return result;
}

static Values evaluateSlice(SliceOp op, int depth) {
  Values input = evaluate(op.getInput(), depth);
  RankedTensorType type = dyn_cast<RankedTensorType>(op.getType());
  if (!input || !type || !type.hasStaticShape())
    return std::nullopt;
  int64_t start = 0, step = 1, size = input->size();
  if (op.getStarts()) {
    start = (*op.getStarts())[0], step = (*op.getSteps())[0];
  } else {
    Values starts = evaluate(op.getBounds()[0], depth), steps = evaluate(op.getBounds()[3], depth);
    if (!starts || !steps || starts->size() != 1 || steps->size() != 1 || (*starts)[0] == kUnknown)
      return std::nullopt;
    step = (*steps)[0];
    start = (*starts)[0] < 0 ? std::max<int64_t>((*starts)[0] + size, 0) : std::min((*starts)[0], size - (step < 0));
  }
  SmallVector<int64_t> result;
  for (int64_t i = 0; i < type.getNumElements(); ++i) {
    int64_t position = start + i * step;
    if (position < 0 || position >= size)
      return std::nullopt;
    result.push_back((*input)[position]);
  }
  return result;
}

static Values evaluateUnary(UnaryOp op, int depth) {
  Values values = evaluate(op.getInput(), depth);
  const UnaryFunction *function = lookupUnary(op.getFn());
  if (!values || !function || !function->onInteger)
    return std::nullopt;
  for (int64_t &value : *values)
    value = value == kUnknown ? kUnknown : function->onInteger(value);
  return values;
}

static Values evaluateBinary(BinaryOp op, int depth) {
  Values left = evaluate(op.getLhs(), depth), right = evaluate(op.getRhs(), depth);
  const BinaryFunction *function = lookupBinary(op.getFn());
  if (!left || !right || !function || !function->onInteger)
    return std::nullopt;
  if (left->size() != right->size() && left->size() != 1 && right->size() != 1)
    return std::nullopt;
  bool empty = left->empty() || right->empty();
  SmallVector<int64_t> result;
  for (size_t i = 0, end = empty ? 0 : std::max(left->size(), right->size()); i < end; ++i) {
    int64_t a = (*left)[left->size() == 1 ? 0 : i], b = (*right)[right->size() == 1 ? 0 : i];
    result.push_back(a == kUnknown || b == kUnknown ? kUnknown : function->onInteger(a, b));
  }
  return result;
}

static Values evaluateCompare(CompareOp op, int depth) {
  Values left = evaluate(op.getLhs(), depth), right = evaluate(op.getRhs(), depth);
  if (op.getPredicate() != "eq" || !left || !right || left->size() != right->size())
    return std::nullopt;
  SmallVector<int64_t> result;
  for (auto [a, b] : llvm::zip_equal(*left, *right))
    result.push_back(a == kUnknown || b == kUnknown ? kUnknown : a == b);
  return result;
}

static Values evaluateSelect(SelectOp op, int depth) {
  Values condition = evaluate(op.getCondition(), depth);
  Values left = evaluate(op.getLhs(), depth), right = evaluate(op.getRhs(), depth);
  if (!condition || !left || !right || condition->size() != left->size() || condition->size() != right->size())
    return std::nullopt;
  SmallVector<int64_t> result;
  for (auto [choice, a, b] : llvm::zip_equal(*condition, *left, *right))
    result.push_back(choice == kUnknown ? kUnknown : choice ? a : b);
  return result;
}

static Values evaluateFill(FillOp op) {
  RankedTensorType type = dyn_cast<RankedTensorType>(op.getType());
  Values element = integerElements(op.getValue());
  if (!type || !type.hasStaticShape() || type.getNumElements() > kMaxElements || !element || element->size() != 1)
    return std::nullopt;
  return SmallVector<int64_t>(type.getNumElements(), element->front());
}

static Values evaluateIota(IotaOp op, int depth) {
  Values start = evaluate(op.getStart(), depth), delta = evaluate(op.getDelta(), depth);
  RankedTensorType type = dyn_cast<RankedTensorType>(op.getType());
  if (!type || !type.hasStaticShape() || type.getNumElements() > kMaxElements || !start || !delta ||
      start->size() != 1 || delta->size() != 1 || start->front() == kUnknown || delta->front() == kUnknown)
    return std::nullopt;
  SmallVector<int64_t> result;
  for (int64_t i = 0; i < type.getNumElements(); ++i)
    result.push_back(
        int64_t(uint64_t(start->front()) + uint64_t(i) * uint64_t(delta->front()))); // wraps, as Range does
  return result;
}

/// The product of all elements: what exporters count dimensions and elements with.
static Values evaluateReduce(ReduceOp op, int depth) {
  Values values = evaluate(op.getInput(), depth);
  if (op.getFn() != "prod" || !values)
    return std::nullopt;
  int64_t product = 1;
  for (int64_t value : *values)
    if (value == kUnknown || product == kUnknown)
      product = kUnknown;
    else if (llvm::MulOverflow(product, value, product))
      return std::nullopt;
  return SmallVector<int64_t>{product};
}

static Values evaluateOp(Operation *op, int depth) {
  return TypeSwitch<Operation *, Values>(op)
      .Case([](ConstantOp constant) { return integerElements(constant.getValue()); })
      .Case([](ShapeOp shape) { return evaluateShape(shape); })
      .Case([&](GatherOp gather) { return evaluateGather(gather, depth); })
      .Case([&](ConcatOp concat) { return evaluateConcat(concat, depth); })
      .Case([&](SliceOp slice) { return evaluateSlice(slice, depth); })
      .Case([&](UnaryOp unary) { return evaluateUnary(unary, depth); })
      .Case([&](BinaryOp binary) { return evaluateBinary(binary, depth); })
      .Case([&](CompareOp compare) { return evaluateCompare(compare, depth); })
      .Case([&](SelectOp select) { return evaluateSelect(select, depth); })
      .Case([](FillOp fill) { return evaluateFill(fill); })
      .Case([&](IotaOp iota) { return evaluateIota(iota, depth); })
      .Case([&](ReduceOp reduce) { return evaluateReduce(reduce, depth); })
      .Case([&](CastOp cast) {
        return cast.getTo().getIntOrFloatBitWidth() < 32 ? std::nullopt : evaluate(cast.getInput(), depth);
      })
      .Case<UnsqueezeOp, SqueezeOp, ReshapeOp>([&](auto same) { return evaluate(same.getInput(), depth); })
      .Default([](Operation *) { return std::nullopt; });
}

static Values evaluate(Value value, int depth) {
  RankedTensorType type = dyn_cast<RankedTensorType>(value.getType());
  if (!type || type.getRank() > 1 || !type.getElementType().isIntOrIndex() || depth == 0)
    return std::nullopt;
  if (type.hasStaticShape() && type.getNumElements() > kMaxElements)
    return std::nullopt;
  Values values = value.getDefiningOp() ? evaluateOp(value.getDefiningOp(), depth - 1) : std::nullopt;
  if (values || !type.hasStaticShape())
    return values;
  return SmallVector<int64_t>(type.getNumElements(), kUnknown);
}

Values edgelm::knownValues(Value value) {
  return evaluate(value, kMaxDepth);
}

Values edgelm::constantValues(Value value) {
  Values values = knownValues(value);
  return values && !llvm::is_contained(*values, kUnknown) ? values : std::nullopt;
}

Values edgelm::integerElements(Attribute attribute) {
  DenseElementsAttr elements = dyn_cast_or_null<DenseElementsAttr>(attribute);
  if (!elements || !elements.getElementType().isIntOrIndex() || elements.getNumElements() > kMaxElements)
    return std::nullopt;
  bool isUnsigned = elements.getElementType().isUnsignedInteger() || elements.getElementType().isInteger(1);
  SmallVector<int64_t> values;
  for (const APInt &element : elements.getValues<APInt>())
    values.push_back(isUnsigned ? element.getZExtValue() : element.getSExtValue());
  return values;
}
