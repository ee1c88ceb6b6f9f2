// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// ONNX normalizations of channels, as arithmetic; those of tokens are in Linear.cpp.
#include "Dialect/Import/NodeBinder.h"

using namespace mlir;
using namespace edgelm;

/// One number of each channel, for a tensor of this rank.
static Value perChannel(NodeBinder &node, Value value, RankedTensorType type) {
  SmallVector<int64_t> shape(std::max<int64_t>(type.getRank() - 1, 1), 1);
  shape[0] = -1;
  return node.cast(node.create<ReshapeOp>(value, node.vector(shape), false), type.getElementType());
}

/// X, scale, bias, mean, variance of each channel, as they were trained.
static LogicalResult batchNormalization(NodeBinder &node) {
  if (node.integer("training_mode", 0))
    return node.emitError() << "training mode is not supported";
  RankedTensorType type = tensorType(node.input(0));
  auto channels = [&](size_t i) { return perChannel(node, node.input(i), type); };
  Value variance = node.binary("add", channels(4), node.scalar(node.number("epsilon", 1e-5f), type.getElementType()));
  Value factor = node.binary("mul", channels(1), node.unary("rsqrt", variance));
  Value centred = node.binary("sub", node.input(0), channels(3));
  return node.finish(node.binary("add", node.binary("mul", centred, factor), channels(2)));
}

/// `x` less its mean over the axes, and its variance over them.
static std::pair<Value, Value> centred(NodeBinder &node, Value x, ArrayRef<int64_t> axes) {
  Value difference = node.binary("sub", x, node.create<ReduceOp>("mean", x, axes, true));
  return {difference, node.create<ReduceOp>("mean", node.binary("mul", difference, difference), axes, true)};
}

/// X, scale, bias: each channel of each entry of the batch on its own.
static LogicalResult instanceNormalization(NodeBinder &node) {
  Value x = node.input(0);
  RankedTensorType type = tensorType(x);
  if (type.getRank() < 3)
    return node.emitError() << "expected batch, channels and more dimensions, found " << type;
  auto [difference, variance] = centred(node, x, llvm::to_vector(llvm::seq<int64_t>(2, type.getRank())));
  Value epsilon = node.scalar(node.number("epsilon", 1e-5f), type.getElementType());
  Value factor = node.binary("mul", perChannel(node, node.input(1), type),
                             node.unary("rsqrt", node.binary("add", variance, epsilon)));
  return node.finish(node.binary("add", node.binary("mul", difference, factor), perChannel(node, node.input(2), type)));
}

/// (X - mean) / (deviation + 1e-9), over batch and what is behind the channels unless `axes` says otherwise.
static LogicalResult meanVarianceNormalization(NodeBinder &node) {
  Value x = node.input(0);
  SmallVector<int64_t> axes = node.integers("axes");
  if (axes.empty())
    axes = {0, 2, 3};
  auto [difference, variance] = centred(node, x, node.axes(axes, tensorType(x).getRank()));
  Value deviation = node.binary("add", node.unary("sqrt", variance), node.scalar(1e-9, tensorType(x).getElementType()));
  return node.finish(node.binary("div", difference, deviation));
}

/// x / (bias + alpha / size * the squares of `size` neighbouring channels)^beta.
static LogicalResult localResponse(NodeBinder &node) {
  Value x = node.input(0);
  RankedTensorType type = tensorType(x);
  int64_t size = node.integer("size", 0), rank = type.getRank();
  constexpr int64_t most = 1024;
  if (size < 1 || size > most || rank < 2)
    return node.emitError() << "expected a size of 1 to " << most << " and a tensor with channels, found " << size
                            << " and " << type;
  auto number = [&](double value) { return node.scalar(value, type.getElementType()); };
  SmallVector<int64_t> pads(2 * rank, 0);
  pads[1] = (size - 1) / 2;
  pads[rank + 1] = size / 2;
  Value squares = node.create<PadOp>(node.binary("mul", x, x), Value(), number(0), "constant",
                                     node.types().getDenseI64ArrayAttr(pads));
  Value sum;
  for (int64_t i = 0; i < size; ++i) {
    int64_t behind = size - 1 - i;
    SmallVector<Value> bounds = {node.vector(i), node.vector(behind ? -behind : INT64_MAX), node.vector(1),
                                 node.vector(1)};
    Value part = node.create<SliceOp>(squares, ValueRange(bounds), DenseI64ArrayAttr(), DenseI64ArrayAttr(),
                                      DenseI64ArrayAttr());
    sum = sum ? node.binary("add", sum, part) : part;
  }
  Value scaled = node.binary("mul", sum, number(node.number("alpha", 1e-4f) / double(size)));
  Value power =
      node.binary("pow", node.binary("add", scaled, number(node.number("bias", 1))), number(node.number("beta", 0.75)));
  return node.finish(node.binary("div", x, power));
}

static const OperatorRow rows[] = {
    {"", "BatchNormalization", 9, 5, batchNormalization},
    {"", "InstanceNormalization", 6, 3, instanceNormalization},
    {"", "MeanVarianceNormalization", 9, 1, meanVarianceNormalization},
    {"", "LRN", 1, 1, localResponse},
};

ArrayRef<OperatorRow> edgelm::normalizationOperators() {
  return rows;
}
