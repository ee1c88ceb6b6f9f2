// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Operations that move elements by index tensors: gathers and ScatterND.
#include "Dialect/Reference/Families.h"
#include "Dialect/ScalarFunctions.h"

#include <cstring>

using namespace mlir;
using namespace edgelm;

/// Negative indices count from the end; an index outside the dimension is an error.
static LogicalResult wrapIndices(Operation *op, std::vector<int64_t> &indices, int64_t dim) {
  for (int64_t &index : indices) {
    int64_t wrapped = index < 0 ? index + dim : index;
    if (wrapped < 0 || wrapped >= dim)
      return op->emitError("reads index ") << index << " of a dimension of size " << dim;
    index = wrapped;
  }
  return success();
}

TensorOr edgelm::evaluateOp(GatherOp op, const Operands &in) {
  const Tensor &input = in[op.getInput()], &rows = in[op.getIndices()];
  int64_t axis = op.getAxis();
  std::vector<int64_t> indices = rows.toIntegers();
  if (failed(wrapIndices(op, indices, input.dim(axis))))
    return failure();
  ShapeVector shape(input.shape().take_front(axis));
  llvm::append_range(shape, rows.shape());
  llvm::append_range(shape, input.shape().drop_front(axis + 1));
  Tensor result(shape, input.elementType());
  AxisSplit split = splitAt(input.shape(), axis);
  int64_t rowBytes = split.inner * input.elementBytes();
  char *out = result.writableBytes();
  for (int64_t i = 0; i < split.outer; ++i)
    for (int64_t index : indices) {
      std::memcpy(out, input.bytes() + (i * split.extent + index) * rowBytes, rowBytes);
      out += rowBytes;
    }
  return result;
}

TensorOr edgelm::evaluateOp(GatherElementsOp op, const Operands &in) {
  const Tensor &input = in[op.getInput()], &positions = in[op.getIndices()];
  int64_t axis = op.getAxis(), rank = input.rank();
  std::vector<int64_t> indices = positions.toIntegers();
  if (failed(wrapIndices(op, indices, input.dim(axis))))
    return failure();
  Tensor result(positions.shape(), input.elementType());
  unsigned width = input.elementBytes();
  ShapeVector strides = stridesOf(input.shape()), index(rank, 0);
  for (size_t i = 0; i < indices.size(); ++i) {
    int64_t source = 0;
    for (int64_t d = 0; d < rank; ++d)
      source += (d == axis ? indices[i] : index[d]) * strides[d];
    std::memcpy(result.writableBytes() + i * width, input.bytes() + source * width, width);
    for (int64_t d = rank; d-- > 0 && ++index[d] == positions.dim(d);)
      index[d] = 0;
  }
  return result;
}

/// Offsets in elements of the slices that the tuples along the last dimension of `indices` name, counted from dimension
/// `batchDims` of `shape`.
static FailureOr<std::vector<int64_t>> tupleOffsets(Operation *op, const Tensor &indices, Shape shape,
                                                    int64_t batchDims) {
  int64_t length = indices.dim(indices.rank() - 1);
  if (batchDims + length > static_cast<int64_t>(shape.size()))
    return op->emitError("has index tuples of ") << length << " for a tensor of rank " << shape.size();
  ShapeVector strides = stridesOf(shape);
  std::vector<int64_t> flat = indices.toIntegers(), offsets(elementCount(indices.shape().drop_back()), 0);
  for (size_t i = 0; i < offsets.size(); ++i)
    for (int64_t d = 0; d < length; ++d) {
      int64_t dim = shape[batchDims + d], index = flat[i * length + d];
      if (index < -dim || index >= dim)
        return op->emitError("reads index ") << index << " of a dimension of size " << dim;
      offsets[i] += (index < 0 ? index + dim : index) * strides[batchDims + d];
    }
  return offsets;
}

TensorOr edgelm::evaluateOp(GatherNDOp op, const Operands &in) {
  const Tensor &input = in[op.getInput()], &indices = in[op.getIndices()];
  int64_t batchDims = op.getBatchDims(), length = indices.dim(indices.rank() - 1);
  FailureOr<std::vector<int64_t>> offsets = tupleOffsets(op, indices, input.shape(), batchDims);
  if (failed(offsets))
    return failure();
  Shape rest = input.shape().drop_front(batchDims + length);
  ShapeVector shape(indices.shape().drop_back());
  llvm::append_range(shape, rest);
  Tensor result(shape, input.elementType());
  int64_t batches = elementCount(input.shape().take_front(batchDims));
  int64_t sliceBytes = elementCount(rest) * input.elementBytes(),
          perBatch = batches == 0 ? 0 : offsets->size() / batches;
  int64_t batchElements = elementCount(input.shape().drop_front(batchDims));
  for (size_t i = 0; i < offsets->size(); ++i) {
    int64_t source = (i / perBatch) * batchElements + (*offsets)[i];
    std::memcpy(result.writableBytes() + i * sliceBytes, input.bytes() + source * input.elementBytes(), sliceBytes);
  }
  return result;
}

/// Combines elements from `offset` on with `updates` by a row of the scalar function table.
template <typename Number>
static void combine(std::vector<Number> &elements, int64_t offset, ArrayRef<Number> updates,
                    Number (*function)(Number, Number)) {
  for (size_t i = 0; i < updates.size(); ++i)
    elements[offset + i] = function(elements[offset + i], updates[i]);
}

/// `input` with slices of `updates` combined into it at `offsets`, one after the other.
static Tensor scattered(const Tensor &input, ArrayRef<int64_t> offsets, const Tensor &updates,
                        const BinaryFunction &function) {
  size_t slice = offsets.empty() ? 0 : updates.size() / offsets.size();
  if (isa<FloatType>(input.elementType())) {
    std::vector<double> elements = input.toDoubles(), values = updates.toDoubles();
    for (size_t i = 0; i < offsets.size(); ++i)
      combine(elements, offsets[i], ArrayRef(values).slice(i * slice, slice), function.onFloat);
    return Tensor::fromDoubles(input.shape(), input.elementType(), elements);
  }
  std::vector<int64_t> elements = input.toIntegers(), values = updates.toIntegers();
  for (size_t i = 0; i < offsets.size(); ++i)
    combine(elements, offsets[i], ArrayRef(values).slice(i * slice, slice), function.onInteger);
  return Tensor::fromIntegers(input.shape(), input.elementType(), elements);
}

TensorOr edgelm::evaluateOp(ScatterNDOp op, const Operands &in) {
  const Tensor &input = in[op.getInput()], &indices = in[op.getIndices()], &updates = in[op.getUpdates()];
  FailureOr<std::vector<int64_t>> offsets = tupleOffsets(op, indices, input.shape(), 0);
  if (failed(offsets))
    return failure();
  int64_t length = indices.dim(indices.rank() - 1);
  unsigned width = input.elementBytes();
  int64_t sliceBytes = elementCount(input.shape().drop_front(length)) * width;
  if (static_cast<int64_t>(offsets->size()) * sliceBytes != updates.size() * width)
    return op.emitError("has updates of ") << updates.getType() << " for indices of " << indices.getType();
  if (op.getReduction())
    return scattered(input, *offsets, updates, *lookupBinary(*op.getReduction()));
  Tensor result(input.shape(), input.elementType());
  if (input.size() > 0)
    std::memcpy(result.writableBytes(), input.bytes(), input.size() * width);
  for (size_t i = 0; i < offsets->size(); ++i)
    std::memcpy(result.writableBytes() + (*offsets)[i] * width, updates.bytes() + i * sliceBytes, sliceBytes);
  return result;
}
