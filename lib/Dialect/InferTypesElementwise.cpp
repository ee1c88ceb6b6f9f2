// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Result types of elementwise operations, reductions and quantization.
#include "Dialect/EdgeLMDialect.h"
#include "Dialect/KnownValues.h"

#include "mlir/IR/Diagnostics.h"

using namespace mlir;
using namespace edgelm;
using OptionalLocation = std::optional<Location>;
using Types = SmallVectorImpl<Type>;

static LogicalResult inferBroadcast(OptionalLocation location, ValueRange operands, Type element, Types &types) {
  SmallVector<ArrayRef<int64_t>> shapes;
  for (Value operand : operands)
    shapes.push_back(tensorType(operand).getShape());
  std::optional<SmallVector<int64_t>> shape = broadcastShapes(shapes);
  if (!shape)
    return emitOptionalError(location, "shapes of the operands do not broadcast: found ", operands.getTypes(),
                             ", expected equal sizes or 1");
  types.push_back(RankedTensorType::get(*shape, element));
  return success();
}

static LogicalResult checkAxes(OptionalLocation location, RankedTensorType type, ArrayRef<int64_t> axes) {
  for (int64_t axis : axes)
    if (axis < 0 || axis >= type.getRank())
      return emitOptionalError(location, "axis ", axis, " is outside of ", type, "; expected 0 to ",
                               type.getRank() - 1);
  return success();
}

static LogicalResult inferReduced(OptionalLocation location, RankedTensorType input, ArrayRef<int64_t> axes,
                                  bool keepDims, Type element, Types &types) {
  if (failed(checkAxes(location, input, axes)))
    return failure();
  SmallVector<int64_t> shape;
  for (int64_t i = 0; i < input.getRank(); ++i) {
    bool reduced = axes.empty() || llvm::is_contained(axes, i);
    if (!reduced)
      shape.push_back(input.getDimSize(i));
    else if (keepDims)
      shape.push_back(1);
  }
  types.push_back(RankedTensorType::get(shape, element));
  return success();
}

LogicalResult UnaryOp::inferReturnTypes(MLIRContext *context, OptionalLocation, Adaptor adaptor, Types &types) {
  RankedTensorType input = tensorType(adaptor.getInput());
  bool isTest = adaptor.getFn() == "is_nan" || adaptor.getFn() == "is_inf";
  types.push_back(isTest ? input.clone(IntegerType::get(context, 1)) : input);
  return success();
}

LogicalResult BinaryOp::inferReturnTypes(MLIRContext *, OptionalLocation location, Adaptor adaptor, Types &types) {
  return inferBroadcast(location, adaptor.getOperands(), tensorType(adaptor.getLhs()).getElementType(), types);
}

LogicalResult CompareOp::inferReturnTypes(MLIRContext *context, OptionalLocation location, Adaptor adaptor,
                                          Types &types) {
  return inferBroadcast(location, adaptor.getOperands(), IntegerType::get(context, 1), types);
}

LogicalResult SelectOp::inferReturnTypes(MLIRContext *, OptionalLocation location, Adaptor adaptor, Types &types) {
  Type element = tensorType(adaptor.getLhs()).getElementType();
  if (element != tensorType(adaptor.getRhs()).getElementType())
    return emitOptionalError(location, "choices have two element types: found ", adaptor.getLhs().getType(), " and ",
                             adaptor.getRhs().getType());
  return inferBroadcast(location, adaptor.getOperands(), element, types);
}

LogicalResult ReduceOp::inferReturnTypes(MLIRContext *, OptionalLocation location, Adaptor adaptor, Types &types) {
  RankedTensorType input = tensorType(adaptor.getInput());
  return inferReduced(location, input, adaptor.getAxes(), adaptor.getKeepDims(), input.getElementType(), types);
}

LogicalResult ArgReduceOp::inferReturnTypes(MLIRContext *context, OptionalLocation location, Adaptor adaptor,
                                            Types &types) {
  int64_t axis = adaptor.getAxis();
  return inferReduced(location, tensorType(adaptor.getInput()), axis, adaptor.getKeepDims(),
                      IntegerType::get(context, 64), types);
}

LogicalResult CumSumOp::inferReturnTypes(MLIRContext *, OptionalLocation location, Adaptor adaptor, Types &types) {
  int64_t axis = adaptor.getAxis();
  types.push_back(adaptor.getInput().getType());
  return checkAxes(location, tensorType(adaptor.getInput()), axis);
}

LogicalResult SoftmaxOp::inferReturnTypes(MLIRContext *, OptionalLocation location, Adaptor adaptor, Types &types) {
  int64_t axis = adaptor.getAxis();
  types.push_back(adaptor.getInput().getType());
  return checkAxes(location, tensorType(adaptor.getInput()), axis);
}

/// The type of `input`, whose last dimension is that of `weight` where it is unknown.
static Type normalized(Value input, Value weight) {
  RankedTensorType type = tensorType(input);
  SmallVector<int64_t> shape(type.getShape());
  if (!shape.empty() && ShapedType::isDynamic(shape.back()) && tensorType(weight).getRank() == 1)
    shape.back() = tensorType(weight).getDimSize(0);
  return type.clone(shape);
}

LogicalResult RmsNormOp::inferReturnTypes(MLIRContext *, OptionalLocation, Adaptor adaptor, Types &types) {
  types.push_back(normalized(adaptor.getInput(), adaptor.getWeight()));
  return success();
}

LogicalResult LayerNormOp::inferReturnTypes(MLIRContext *, OptionalLocation, Adaptor adaptor, Types &types) {
  types.push_back(normalized(adaptor.getInput(), adaptor.getWeight()));
  return success();
}

LogicalResult CastOp::inferReturnTypes(MLIRContext *, OptionalLocation, Adaptor adaptor, Types &types) {
  types.push_back(tensorType(adaptor.getInput()).clone(adaptor.getTo()));
  return success();
}

LogicalResult TriluOp::inferReturnTypes(MLIRContext *, OptionalLocation location, Adaptor adaptor, Types &types) {
  types.push_back(adaptor.getInput().getType());
  if (tensorType(adaptor.getInput()).getRank() < 2)
    return emitOptionalError(location, "expected a matrix or a stack of them, found ", adaptor.getInput().getType());
  return success();
}

LogicalResult NonZeroOp::inferReturnTypes(MLIRContext *context, OptionalLocation, Adaptor adaptor, Types &types) {
  int64_t rank = tensorType(adaptor.getInput()).getRank();
  types.push_back(RankedTensorType::get({rank, ShapedType::kDynamic}, IntegerType::get(context, 64)));
  return success();
}

/// A scale is a scalar, a vector along `axis`, or has the input's rank (blocks).
static LogicalResult checkScale(OptionalLocation location, RankedTensorType input, RankedTensorType scale, int64_t axis,
                                int64_t blockSize) {
  if (scale.getRank() == 0 || (scale.getRank() == 1 && scale.getDimSize(0) == 1))
    return success();
  if (failed(checkAxes(location, input, axis)))
    return failure();
  if (blockSize != 0)
    return scale.getRank() == input.getRank()
               ? success()
               : emitOptionalError(location, "block scales of ", input, " have the type ", scale, "; expected rank ",
                                   input.getRank());
  int64_t found = scale.getRank() == 1 ? scale.getDimSize(0) : -1, expected = input.getDimSize(axis);
  if (found == -1 || (!ShapedType::isDynamic(found) && !ShapedType::isDynamic(expected) && found != expected))
    return emitOptionalError(location, "scales of ", input, " along axis ", axis, " have the type ", scale,
                             "; expected one for each of ", expected);
  return success();
}

LogicalResult QuantizeOp::inferReturnTypes(MLIRContext *, OptionalLocation location, Adaptor adaptor, Types &types) {
  RankedTensorType input = tensorType(adaptor.getInput());
  types.push_back(input.clone(adaptor.getTo()));
  return checkScale(location, input, tensorType(adaptor.getScale()), adaptor.getAxis(), adaptor.getBlockSize());
}

LogicalResult DequantizeOp::inferReturnTypes(MLIRContext *, OptionalLocation location, Adaptor adaptor, Types &types) {
  RankedTensorType input = tensorType(adaptor.getInput()), scale = tensorType(adaptor.getScale());
  types.push_back(input.clone(scale.getElementType()));
  return checkScale(location, input, scale, adaptor.getAxis(), adaptor.getBlockSize());
}

LogicalResult DynamicQuantizeOp::inferReturnTypes(MLIRContext *context, OptionalLocation, Adaptor adaptor,
                                                  Types &types) {
  RankedTensorType input = tensorType(adaptor.getInput());
  SmallVector<int64_t> shape;
  if (adaptor.getPerToken() && input.getRank() > 0) {
    shape.assign(input.getShape().begin(), input.getShape().end());
    shape.back() = 1;
  }
  Type code = IntegerType::get(context, 8, IntegerType::Unsigned);
  types.push_back(input.clone(code));
  types.push_back(RankedTensorType::get(shape, Float32Type::get(context)));
  types.push_back(RankedTensorType::get(shape, code));
  return success();
}
