// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// ONNX convolutions: products of the windows of a tensor with the weights.
#include "Dialect/Import/Windows.h"

#include <limits>

using namespace mlir;
using namespace edgelm;

namespace {
/// The windows of a tensor: [N, C, kernel, windows], and what the result's shape is made of.
struct WindowedTensor {
  Value places;       ///< the tensor at each place of the windows
  Value batch, sizes; ///< shapes [1] and [dimensions behind the channels]
};
} // namespace

/// `places` of one window after the other, in the order in which the weights lie.
static WindowedTensor windowed(NodeBinder &node, SmallVector<Value> places) {
  Value first = places.front();
  WindowedTensor result;
  result.batch = node.create<ShapeOp>(first, 0, 1);
  result.sizes = node.create<ShapeOp>(first, 2, tensorType(first).getRank());
  for (Value &place : places)
    place = node.create<UnsqueezeOp>(place, ArrayRef<int64_t>{2});
  result.places = concat(node, places, 2);
  return result;
}

/// [N, outputs, sizes].
static Value shaped(NodeBinder &node, Value product, const WindowedTensor &x, int64_t outputs) {
  SmallVector<Value> shape = {x.batch, node.vector(outputs), x.sizes};
  return node.create<ReshapeOp>(product, node.create<ConcatOp>(ValueRange(shape), 0), false);
}

/// The windows times a matrix [outputs, columns], plus a bias of each output, which may be absent.
static Value multiplied(NodeBinder &node, const WindowedTensor &x, Value matrix, Value bias, int64_t outputs,
                        int64_t columns) {
  Value rows = node.create<ReshapeOp>(x.places, node.vector({0, columns, -1}), false);
  Value product = node.create<MatMulOp>(node.create<TransposeOp>(rows, ArrayRef<int64_t>{0, 2, 1}),
                                        node.create<TransposeOp>(matrix, ArrayRef<int64_t>{1, 0}));
  if (bias)
    product = node.binary("add", product, bias);
  return shaped(node, node.create<TransposeOp>(product, ArrayRef<int64_t>{0, 2, 1}), x, outputs);
}

/// The same for channels in groups, with matrices [groups, outputs / groups, columns].
static Value multipliedInGroups(NodeBinder &node, const WindowedTensor &x, Value matrices, Value bias, int64_t outputs,
                                int64_t groups, int64_t columns) {
  Value rows = node.create<ReshapeOp>(x.places, node.vector({0, groups, columns, -1}), false);
  Value product = node.create<MatMulOp>(matrices, rows);
  if (bias)
    product =
        node.binary("add", product, node.create<ReshapeOp>(bias, node.vector({groups, outputs / groups, 1}), false));
  return shaped(node, product, x, outputs);
}

static LogicalResult expectWeights(NodeBinder &node, RankedTensorType weights, int64_t groups) {
  if (weights.getRank() >= 3 && weights.hasStaticShape() && groups >= 1 && weights.getDimSize(0) % groups == 0 &&
      weights.getNumElements() > 0)
    return success();
  return node.emitError() << "expected weights of a known shape for " << groups << " groups, found " << weights;
}

/// X, W [M, C / group, kernel], bias [M] or null: for each window, its C * kernel numbers times those of W.
static Value convolve(NodeBinder &node, Value x, Value weight, Value bias) {
  RankedTensorType weights = tensorType(weight);
  int64_t groups = node.integer("group", 1);
  if (failed(expectWeights(node, weights, groups)))
    return {};
  int64_t outputs = weights.getDimSize(0), columns = weights.getNumElements() / outputs;
  FailureOr<Windows> windows = windowsOf(node, weights.getShape().drop_front(2));
  if (failed(windows))
    return {};
  Value fill = node.scalar(0, weights.getElementType());
  x = padded(node, x, windows->begin, windows->end, fill);
  WindowedTensor tensor = windowed(node, placesOf(node, x, *windows));
  if (groups == 1)
    return multiplied(node, tensor, node.create<ReshapeOp>(weight, node.vector({outputs, columns}), false), bias,
                      outputs, columns);
  Value matrices = node.create<ReshapeOp>(weight, node.vector({groups, outputs / groups, columns}), false);
  return multipliedInGroups(node, tensor, matrices, bias, outputs, groups, columns);
}

static LogicalResult convolution(NodeBinder &node) {
  Value result = convolve(node, node.input(0), node.input(1), node.input(2));
  return result ? node.finish(result) : failure();
}

/// One number, or one of each output, in front of weights or channels of this rank; `axis` is that of the outputs.
static Value alongAxis(NodeBinder &node, Value value, int64_t axis, int64_t rank) {
  if (tensorType(value).getRank() == 0)
    return value;
  SmallVector<int64_t> shape(rank, 1);
  shape[axis] = -1;
  return node.create<ReshapeOp>(value, node.vector(shape), false);
}

/// Integers less their zero point, as i32.
static Value centred(NodeBinder &node, Value codes, Value zero) {
  Type i32 = node.types().getI32Type();
  Value result = node.cast(codes, i32);
  return zero ? node.binary("sub", result, alongAxis(node, node.cast(zero, i32), 0, tensorType(codes).getRank()))
              : result;
}

/// X, W, zero point of X, zero points of W: the sums in i32.
static LogicalResult convInteger(NodeBinder &node) {
  Value result =
      convolve(node, centred(node, node.input(0), node.input(2)), centred(node, node.input(1), node.input(3)), Value());
  return result ? node.finish(result) : failure();
}

/// X, its scale and zero point, the same of W and of the result, bias of i32 in units of both scales: as QLinearMatMul,
/// the one rounding is that to the result's codes.
static LogicalResult qLinearConv(NodeBinder &node) {
  Value sums = convolve(node, centred(node, node.input(0), node.input(2)), centred(node, node.input(3), node.input(5)),
                        node.input(8));
  if (!sums)
    return failure();
  Type element = tensorType(node.input(1)).getElementType(), to = tensorType(node.input(7)).getElementType();
  Value scale = alongAxis(node, node.binary("mul", node.input(1), node.input(4)), 1, tensorType(sums).getRank());
  Value result = node.binary("mul", node.cast(sums, element), scale);
  return node.finish(node.create<QuantizeOp>(result, node.input(6), node.input(7), 0, 0, to));
}

/// `x` with `stride - 1` zeros between neighbours along an axis.
static Value spread(NodeBinder &node, Value x, int64_t axis, int64_t stride) {
  if (stride == 1)
    return x;
  int64_t rank = tensorType(x).getRank();
  SmallVector<Value> shape = {node.create<ShapeOp>(x, 0, axis), node.vector(-1)};
  if (axis + 1 < rank)
    shape.push_back(node.create<ShapeOp>(x, axis + 1, rank));
  SmallVector<int64_t> pads(2 * rank + 2, 0);
  pads[rank + 1 + axis + 1] = stride - 1;
  Value zero = node.scalar(0, tensorType(x).getElementType());
  x = node.create<PadOp>(node.create<UnsqueezeOp>(x, ArrayRef<int64_t>{axis + 1}), Value(), zero, "constant",
                         node.types().getDenseI64ArrayAttr(pads));
  x = node.create<ReshapeOp>(x, node.create<ConcatOp>(ValueRange(shape), 0), false);
  SmallVector<Value> bounds = {node.vector(0), node.vector(1 - stride), node.vector(axis), node.vector(1)};
  return node.create<SliceOp>(x, ValueRange(bounds), DenseI64ArrayAttr(), DenseI64ArrayAttr(), DenseI64ArrayAttr());
}

/// What a transposed convolution leaves out of its result on both sides, from `output_shape` or `auto_pad` where there is
/// one. Both depend on the size.
static LogicalResult fitToOutput(NodeBinder &node, Windows &windows, ArrayRef<int64_t> outputPadding) {
  StringRef mode = node.text("auto_pad", "NOTSET");
  bool isSame = mode == "SAME_UPPER" || mode == "SAME_LOWER";
  SmallVector<int64_t> wanted = node.integers("output_shape");
  if (!isSame && wanted.empty())
    return success();
  ArrayRef<int64_t> sizes = tensorType(node.input(0)).getShape().drop_front(2);
  if (!wanted.empty() && wanted.size() < sizes.size())
    return node.emitError() << "expected " << sizes.size() << " sizes in output_shape, found [" << wanted << "]";
  for (size_t d = 0; d < sizes.size(); ++d) {
    if (ShapedType::isDynamic(sizes[d]))
      return node.emitError() << "expected a known size in dimension " << d + 2 << " for auto_pad and output_shape";
    int64_t stride = windows.strides[d];
    // Some exporters write batch and channels too.
    int64_t output = wanted.empty() ? sizes[d] * stride : wanted[wanted.size() - sizes.size() + d];
    int64_t total = stride * (sizes[d] - 1) + outputPadding[d] + windows.reach(d) + 1 - output;
    if (total < INT32_MIN || total > INT32_MAX)
      return node.emitError() << "found the output size " << output << " in dimension " << d + 2;
    // A larger result than there are numbers for ends with zeros.
    int64_t both = std::max<int64_t>(total, 0), half = both / 2;
    windows.begin[d] = mode == "SAME_UPPER" ? half : both - half;
    windows.end[d] = total - windows.begin[d];
  }
  return success();
}

/// X, W [C, M / group, kernel], bias: each number adds its multiple of the kernel to the result. That is a convolution of
/// the numbers, zeros between them, with the kernel from its last place to its first.
static LogicalResult convTranspose(NodeBinder &node) {
  RankedTensorType weights = tensorType(node.input(1));
  int64_t groups = node.integer("group", 1), rank = weights.getRank();
  if (failed(expectWeights(node, weights, groups)))
    return failure();
  FailureOr<Windows> windows = windowsOf(node, weights.getShape().drop_front(2));
  if (failed(windows))
    return failure();
  size_t count = rank - 2;
  SmallVector<int64_t> outputPadding = integersOr(node, "output_padding", count, 0);
  windows->beyond.assign(count, 0);
  if (node.text("auto_pad", "NOTSET") != "NOTSET") {
    windows->begin.assign(count, 0);
    windows->end.assign(count, 0);
  }
  if (failed(fitToOutput(node, *windows, outputPadding)))
    return failure();
  Value x = node.input(0);
  for (size_t d = 0; d < count; ++d) {
    x = spread(node, x, d + 2, windows->strides[d]);
    windows->begin[d] = windows->reach(d) - windows->begin[d];
    windows->end[d] = windows->reach(d) - windows->end[d] + outputPadding[d];
  }
  windows->strides.assign(count, 1);
  x = padded(node, x, windows->begin, windows->end, node.scalar(0, weights.getElementType()));
  SmallVector<Value> places = placesOf(node, x, *windows);
  std::reverse(places.begin(), places.end());

  int64_t inputs = weights.getDimSize(0) / groups, outputs = weights.getDimSize(1), size = windows->places();
  Value matrices = node.create<ReshapeOp>(node.input(1), node.vector({groups, inputs, outputs, size}), false);
  matrices = node.create<TransposeOp>(matrices, ArrayRef<int64_t>{0, 2, 1, 3});
  matrices = node.create<ReshapeOp>(matrices, node.vector({groups, outputs, inputs * size}), false);
  return node.finish(multipliedInGroups(node, windowed(node, places), matrices, node.input(2), outputs * groups, groups,
                                        inputs * size));
}

static const OperatorRow rows[] = {
    {"", "Conv", 1, 2, convolution},
    {"", "ConvInteger", 10, 2, convInteger},
    {"", "QLinearConv", 10, 8, qLinearConv},
    {"", "ConvTranspose", 1, 2, convTranspose},
};

ArrayRef<OperatorRow> edgelm::convolutionOperators() {
  return rows;
}
