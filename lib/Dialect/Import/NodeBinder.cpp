// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reads attributes and inputs of an ONNX node and builds its operations.
#include "Dialect/Import/NodeBinder.h"
#include "Dialect/KnownValues.h"

#include "llvm/ADT/APSInt.h"

using namespace mlir;
using namespace edgelm;
using onnx::AttributeProto;

NodeError NodeBinder::emitError() {
  if (failed)
    return {};
  failed = true;
  return NodeError(std::move(mlir::emitError(location) << node.op_type() << ": "));
}

ArrayRef<Value> NodeBinder::allInputs() {
  for (auto [i, value] : llvm::enumerate(inputs))
    if (!value) {
      emitError() << "expected " << inputs.size() << " inputs, found that input " << i << " is left out";
      return inputs.take_front();
    }
  return inputs;
}

const AttributeProto *NodeBinder::find(StringRef attribute) const {
  for (const AttributeProto &candidate : node.attribute())
    if (candidate.name() == attribute)
      return &candidate;
  return nullptr;
}

int64_t NodeBinder::integer(StringRef attribute, int64_t fallback) const {
  const AttributeProto *found = find(attribute);
  return found ? found->i() : fallback;
}

double NodeBinder::number(StringRef attribute, double fallback) const {
  const AttributeProto *found = find(attribute);
  return found ? found->f() : fallback;
}

StringRef NodeBinder::text(StringRef attribute, StringRef fallback) const {
  const AttributeProto *found = find(attribute);
  return found ? StringRef(found->s()) : fallback;
}

SmallVector<std::string> NodeBinder::texts(StringRef attribute) const {
  const AttributeProto *found = find(attribute);
  return found ? SmallVector<std::string>(found->strings().begin(), found->strings().end())
               : SmallVector<std::string>();
}

SmallVector<int64_t> NodeBinder::integers(StringRef attribute) const {
  const AttributeProto *found = find(attribute);
  return found ? SmallVector<int64_t>(found->ints().begin(), found->ints().end()) : SmallVector<int64_t>();
}

SmallVector<float> NodeBinder::numbers(StringRef attribute) const {
  const AttributeProto *found = find(attribute);
  return found ? SmallVector<float>(found->floats().begin(), found->floats().end()) : SmallVector<float>();
}

const onnx::TensorProto *NodeBinder::tensor(StringRef attribute) const {
  const AttributeProto *found = find(attribute);
  return found && found->has_t() ? &found->t() : nullptr;
}

SmallVector<int64_t> NodeBinder::constantInput(size_t i, StringRef what) {
  if (!input(i)) {
    emitError() << "expected " << what << ", found none";
    return {};
  }
  std::optional<SmallVector<int64_t>> values = constantValues(input(i));
  if (values)
    return *values;
  emitError() << "expected constant " << what << ", found a computed value";
  return {};
}

Type NodeBinder::statedType(StringRef attribute, int64_t fallback) {
  int64_t number = integer(attribute, fallback);
  Type type = elementType(number, types().getContext());
  if (!type)
    emitError() << "the element type " << dataTypeName(number) << " is not supported";
  return type;
}

bool NodeBinder::expectRank(Value value, int64_t rank, StringRef what) {
  if (value && tensorType(value).getRank() == rank)
    return true;
  NodeError error = emitError();
  error << "expected " << what << " of rank " << rank << ", found ";
  if (value)
    error << value.getType();
  else
    error << "none";
  return false;
}

int64_t NodeBinder::axis(int64_t axis, int64_t rank) {
  int64_t result = axis < 0 ? axis + rank : axis;
  if (result >= 0 && result < rank)
    return result;
  emitError() << "axis " << axis << " is outside of a tensor of rank " << rank;
  return 0;
}

SmallVector<int64_t> NodeBinder::axes(ArrayRef<int64_t> axes, int64_t rank) {
  SmallVector<int64_t> result;
  for (int64_t one : axes)
    result.push_back(axis(one, rank));
  llvm::sort(result);
  result.erase(llvm::unique(result), result.end());
  return result;
}

Value NodeBinder::constant(const onnx::TensorProto &tensor) {
  Value value = tensors.import(tensor, location);
  failed |= !value;
  return value ? value : placeholder();
}

Value NodeBinder::vector(ArrayRef<int64_t> values) {
  RankedTensorType type = RankedTensorType::get(values.size(), builder.getI64Type());
  return constant(DenseElementsAttr::get(type, values));
}

/// The integer of this type that `value` becomes: cut towards zero, and the nearest one where it is outside.
static IntegerAttr integerNear(double value, IntegerType type) {
  llvm::APSInt integer(type.getWidth(), type.isUnsigned() || type.getWidth() == 1);
  bool isExact = false;
  llvm::APFloat(value).convertToInteger(integer, llvm::APFloat::rmTowardZero, &isExact);
  return IntegerAttr::get(type, static_cast<const llvm::APInt &>(integer));
}

Value NodeBinder::scalar(double value, Type element) {
  RankedTensorType type = RankedTensorType::get({}, element);
  if (isa<FloatType>(element))
    return constant(DenseElementsAttr::get(type, builder.getFloatAttr(element, value)));
  return constant(DenseElementsAttr::get(type, integerNear(value, cast<IntegerType>(element))));
}

Value NodeBinder::cast(Value value, Type element) {
  return tensorType(value).getElementType() == element ? value : create<CastOp>(value, element);
}

Value NodeBinder::refined(Operation *op) {
  if (succeeded(refineResultTypes(op)))
    return op->getResult(0);
  failed = true;
  op->erase();
  return placeholder();
}

LogicalResult NodeBinder::finish(ValueRange values) {
  if (failed)
    return failure();
  for (int i = values.size(); i < node.output_size(); ++i)
    if (!node.output(i).empty())
      return emitError() << "output " << i << " (\"" << node.output(i) << "\") is not supported";
  outputs.assign(values.begin(), values.end());
  return success();
}
