// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Operations that make tensors: constants, sequences, fills, triangles, indices of nonzero elements.
#include "Dialect/Reference/Families.h"

#include <cstring>

using namespace mlir;
using namespace edgelm;

TensorOr edgelm::evaluateOp(ConstantOp op, const Operands &) {
  DenseElementsAttr value = dyn_cast<DenseElementsAttr>(op.getValue());
  if (!value)
    return op.emitError("expects a dense constant");
  return Tensor::fromAttribute(value);
}

TensorOr edgelm::evaluateOp(IotaOp op, const Operands &in) {
  const Tensor &start = in[op.getStart()], &limit = in[op.getLimit()], &delta = in[op.getDelta()];
  if (isa<FloatType>(start.elementType())) {
    double from = start.scalarDouble(), step = delta.scalarDouble();
    double count = std::ceil((limit.scalarDouble() - from) / step);
    std::vector<double> values(count > 0 ? static_cast<size_t>(count) : 0);
    for (size_t i = 0; i < values.size(); ++i)
      values[i] = from + static_cast<double>(i) * step;
    return Tensor::fromDoubles({static_cast<int64_t>(values.size())}, start.elementType(), values);
  }
  int64_t from = start.scalarInteger(), to = limit.scalarInteger(), step = delta.scalarInteger();
  if (step == 0)
    return op.emitError("has a step of 0");
  int64_t distance = step > 0 ? to - from : from - to, stride = std::abs(step);
  std::vector<int64_t> values(distance <= 0 ? 0 : (distance + stride - 1) / stride);
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = from + static_cast<int64_t>(i) * step;
  return Tensor::fromIntegers({static_cast<int64_t>(values.size())}, start.elementType(), values);
}

TensorOr edgelm::evaluateOp(FillOp op, const Operands &in) {
  DenseElementsAttr value = dyn_cast<DenseElementsAttr>(op.getValue());
  if (!value)
    return op.emitError("expects a dense value");
  Tensor one = Tensor::fromAttribute(value);
  return broadcastTo(one.reshaped({}), in[op.getShape()].toIntegers());
}

TensorOr edgelm::evaluateOp(TriluOp op, const Operands &in) {
  const Tensor &input = in[op.getInput()];
  int64_t k = op.getK() ? in[op.getK()].scalarInteger() : 0;
  int64_t rows = input.dim(input.rank() - 2), columns = input.dim(input.rank() - 1);
  Tensor result(input.shape(), input.elementType());
  unsigned width = input.elementBytes();
  for (int64_t i = 0, count = input.size(); i < count; ++i) {
    int64_t column = i % columns, row = i / columns % rows;
    if (op.getUpper() ? column - row >= k : column - row <= k)
      std::memcpy(result.writableBytes() + i * width, input.bytes() + i * width, width);
  }
  return result;
}

TensorOr edgelm::evaluateOp(NonZeroOp op, const Operands &in) {
  const Tensor &input = in[op.getInput()];
  std::vector<double> values = input.toDoubles();
  std::vector<int64_t> found;
  for (size_t i = 0; i < values.size(); ++i)
    if (values[i] != 0)
      found.push_back(i);
  ShapeVector strides = stridesOf(input.shape());
  std::vector<int64_t> indices; // [rank, count]
  for (int64_t d = 0; d < input.rank(); ++d)
    for (int64_t i : found)
      indices.push_back(i / strides[d] % input.dim(d));
  return Tensor::fromIntegers({input.rank(), static_cast<int64_t>(found.size())}, resultElementType(op), indices);
}
