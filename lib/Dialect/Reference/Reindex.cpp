// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Operations that only move elements by position: reshapes, transposes, repetition, concatenation, slices, padding.
#include "Dialect/Reference/Families.h"

#include <cstring>

using namespace mlir;
using namespace edgelm;

TensorOr edgelm::evaluateOp(ShapeOp op, const Operands &in) {
  Shape shape = in[op.getInput()].shape();
  ArrayRef<int64_t> dims = shape.slice(op.getStart(), op.getEnd() - op.getStart());
  return Tensor::fromIntegers({static_cast<int64_t>(dims.size())}, resultElementType(op), dims);
}

TensorOr edgelm::evaluateOp(ReshapeOp op, const Operands &in) {
  const Tensor &input = in[op.getInput()];
  ShapeVector shape;
  if (!op.getShape()) {
    llvm::append_range(shape, cast<RankedTensorType>(op.getType()).getShape());
  } else {
    llvm::append_range(shape, in[op.getShape()].toIntegers());
    int64_t known = 1, inferred = -1;
    for (auto [i, dim] : llvm::enumerate(shape)) {
      if (dim == 0 && !op.getAllowZero()) {
        if (static_cast<int64_t>(i) >= input.rank())
          return op.emitError("copies dimension ") << i << " of a tensor of rank " << input.rank();
        dim = input.dim(i);
      }
      if (dim == -1)
        inferred = i;
      else
        known *= dim;
    }
    if (inferred >= 0)
      shape[inferred] = known == 0 ? 0 : input.size() / known;
  }
  if (elementCount(shape) != input.size())
    return op.emitError("cannot reshape ")
           << input.getType() << " to " << RankedTensorType::get(shape, input.elementType());
  return input.reshaped(shape);
}

TensorOr edgelm::evaluateOp(UnsqueezeOp op, const Operands &in) {
  const Tensor &input = in[op.getInput()];
  ShapeVector shape(input.shape());
  for (int64_t axis : op.getAxes())
    shape.insert(shape.begin() + axis, 1);
  return input.reshaped(shape);
}

TensorOr edgelm::evaluateOp(SqueezeOp op, const Operands &in) {
  const Tensor &input = in[op.getInput()];
  ShapeVector shape;
  for (auto [i, dim] : llvm::enumerate(input.shape())) {
    bool removed = op.getAxes().empty() ? dim == 1 : llvm::is_contained(op.getAxes(), static_cast<int64_t>(i));
    if (removed && dim != 1)
      return op.emitError("cannot squeeze dimension ") << i << " of size " << dim;
    if (!removed)
      shape.push_back(dim);
  }
  return input.reshaped(shape);
}

TensorOr edgelm::evaluateOp(TransposeOp op, const Operands &in) {
  return transposed(in[op.getInput()], op.getPerm());
}

TensorOr edgelm::evaluateOp(BroadcastOp op, const Operands &in) {
  const Tensor &input = in[op.getInput()];
  ShapeVector wanted(cast<RankedTensorType>(op.getType()).getShape());
  if (op.getShape()) {
    std::vector<int64_t> shape = in[op.getShape()].toIntegers();
    wanted.assign(shape.begin(), shape.end());
  }
  FailureOr<ShapeVector> shape = broadcastShapes(op, {input.shape(), wanted});
  if (failed(shape))
    return failure();
  return broadcastTo(input, *shape);
}

TensorOr edgelm::evaluateOp(TileOp op, const Operands &in) {
  const Tensor &input = in[op.getInput()];
  std::vector<int64_t> repeats = in[op.getRepeats()].toIntegers();
  // [d0, d1] repeated by [r0, r1] is [r0, d0, r1, d1] with stride 0 along each r.
  ShapeVector own = stridesOf(input.shape()), shape, interleaved, strides;
  for (int64_t i = 0; i < input.rank(); ++i) {
    shape.push_back(input.dim(i) * repeats[i]);
    interleaved.append({repeats[i], input.dim(i)});
    strides.append({0, own[i]});
  }
  Tensor result(shape, input.elementType());
  copyStrided(result.writableBytes(), input.bytes(), interleaved, strides, input.elementBytes());
  return result;
}

TensorOr edgelm::evaluateOp(ConcatOp op, const Operands &in) {
  int64_t axis = op.getAxis();
  ShapeVector shape(in.tensors.front().shape());
  for (const Tensor &part : in.tensors.drop_front()) {
    ShapeVector expected = shape;
    expected[axis] = part.dim(axis);
    if (part.shape() != Shape(expected))
      return op.emitError("cannot concatenate ")
             << in.tensors.front().getType() << " and " << part.getType() << " along " << axis;
    shape[axis] += part.dim(axis);
  }
  Tensor result(shape, in.tensors.front().elementType());
  AxisSplit whole = splitAt(shape, axis);
  int64_t rowBytes = whole.inner * result.elementBytes(), offset = 0;
  for (const Tensor &part : in.tensors) {
    int64_t partBytes = part.dim(axis) * rowBytes;
    for (int64_t i = 0; partBytes > 0 && i < whole.outer; ++i)
      std::memcpy(result.writableBytes() + i * whole.extent * rowBytes + offset, part.bytes() + i * partBytes,
                  partBytes);
    offset += partBytes;
  }
  return result;
}

static Tensor sliced(const Tensor &input, ArrayRef<int64_t> starts, ArrayRef<int64_t> sizes, ArrayRef<int64_t> steps) {
  ShapeVector own = stridesOf(input.shape()), strides;
  int64_t offset = 0;
  for (int64_t i = 0; i < input.rank(); ++i) {
    offset += starts[i] * own[i];
    strides.push_back(steps[i] * own[i]);
  }
  Tensor result(sizes, input.elementType());
  copyStrided(result.writableBytes(), input.bytes() + offset * input.elementBytes(), sizes, strides,
              input.elementBytes());
  return result;
}

TensorOr edgelm::evaluateOp(SliceOp op, const Operands &in) {
  const Tensor &input = in[op.getInput()];
  if (op.getStarts())
    return sliced(input, *op.getStarts(), *op.getSizes(), *op.getSteps());
  std::vector<int64_t> bounds[4]; // starts, ends, axes, steps
  for (auto [i, operand] : llvm::enumerate(op.getBounds()))
    bounds[i] = in[operand].toIntegers();
  ShapeVector starts(input.rank(), 0), sizes(input.shape()), steps(input.rank(), 1);
  for (auto [start, end, axis, step] : llvm::zip_equal(bounds[0], bounds[1], bounds[2], bounds[3])) {
    int64_t d = axis < 0 ? axis + input.rank() : axis;
    if (d < 0 || d >= input.rank() || step == 0)
      return op.emitError("slices axis ") << axis << " of a tensor of rank " << input.rank() << " by steps of " << step;
    int64_t dim = input.dim(d), from = start < 0 ? start + dim : start, to = end < 0 ? end + dim : end;
    // ONNX Slice: a backward slice may end before element 0.
    from = step > 0 ? std::clamp<int64_t>(from, 0, dim) : std::clamp<int64_t>(from, 0, dim - 1);
    to = step > 0 ? std::clamp<int64_t>(to, 0, dim) : std::clamp<int64_t>(to, -1, dim);
    starts[d] = from;
    steps[d] = step;
    int64_t distance = step > 0 ? to - from : from - to, stride = step > 0 ? step : -step;
    sizes[d] = distance <= 0 ? 0 : (distance + stride - 1) / stride;
  }
  return sliced(input, starts, sizes, steps);
}

TensorsOr edgelm::evaluateOp(SplitOp op, const Operands &in) {
  const Tensor &input = in[op.getInput()];
  int64_t axis = op.getAxis(), parts = op.getNumResults();
  int64_t equal = (input.dim(axis) + parts - 1) / parts;
  std::vector<int64_t> given;
  if (op.getSizes())
    given = in[op.getSizes()].toIntegers();
  SmallVector<Tensor> results;
  ShapeVector starts(input.rank(), 0), sizes(input.shape()), steps(input.rank(), 1);
  for (int64_t i = 0; i < parts; ++i) {
    sizes[axis] = op.getSizes() ? given[i] : std::min(equal, input.dim(axis) - starts[axis]);
    if (starts[axis] + sizes[axis] > input.dim(axis))
      return op.emitError("splits more than the ") << input.dim(axis) << " elements of dimension " << axis;
    results.push_back(sliced(input, starts, sizes, steps));
    starts[axis] += sizes[axis];
  }
  return results;
}

/// Where a padded coordinate reads: an index into [0, dim), or -1 for the padding value.
static int64_t paddedSource(int64_t i, int64_t dim, StringRef mode) {
  if (i >= 0 && i < dim)
    return i;
  if (mode == "constant")
    return -1;
  if (mode == "edge")
    return i < 0 ? 0 : dim - 1;
  if (mode == "wrap")
    return (i % dim + dim) % dim;
  while (i < 0 || i >= dim) // reflect, without repeating the border
    i = dim == 1 ? 0 : i < 0 ? -i : 2 * (dim - 1) - i;
  return i;
}

TensorOr edgelm::evaluateOp(PadOp op, const Operands &in) {
  const Tensor &input = in[op.getInput()];
  std::vector<int64_t> pads = op.getPads() ? std::vector<int64_t>(*op.getPads()) : in[op.getBy()].toIntegers();
  int64_t rank = input.rank();
  if (static_cast<int64_t>(pads.size()) != 2 * rank)
    return op.emitError("has ") << pads.size() << " pads for a tensor of rank " << rank;
  ShapeVector shape;
  for (int64_t i = 0; i < rank; ++i) {
    shape.push_back(input.dim(i) + pads[i] + pads[rank + i]);
    if (shape.back() < 0 || (op.getMode() != "constant" && input.dim(i) == 0 && shape.back() > 0))
      return op.emitError("cannot pad dimension ") << i << " of " << op.getInput().getType() << " with mode \""
                                                   << op.getMode() << "\" by " << pads[i] << " and " << pads[rank + i];
  }
  Tensor result(shape, input.elementType());
  unsigned width = input.elementBytes();
  Tensor zero({}, input.elementType());
  const Tensor &fill = op.getValue() ? in[op.getValue()] : zero;
  ShapeVector strides = stridesOf(input.shape()), index(rank, 0);
  char *out = result.writableBytes();
  for (int64_t i = 0, count = result.size(); i < count; ++i, out += width) {
    int64_t source = 0;
    for (int64_t d = 0; d < rank && source >= 0; ++d) {
      int64_t from = paddedSource(index[d] - pads[d], input.dim(d), op.getMode());
      source = from < 0 ? -1 : source + from * strides[d];
    }
    std::memcpy(out, source < 0 ? fill.bytes() : input.bytes() + source * width, width);
    for (int64_t d = rank; d-- > 0 && ++index[d] == shape[d];)
      index[d] = 0;
  }
  return result;
}
