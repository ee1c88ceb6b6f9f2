// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// ONNX operators that make numbers out of sizes.
#include "Dialect/Import/NodeBinder.h"

#include <cmath>
#include <numbers>

using namespace mlir;
using namespace edgelm;

/// EyeLike: 1 on a diagonal of a matrix of the input's shape.
static LogicalResult eyeLike(NodeBinder &node) {
  Value x = node.input(0);
  Type i64 = node.types().getI64Type();
  if (!node.expectRank(x, 2, "a matrix"))
    return failure();
  Type to = node.has("dtype") ? node.statedType("dtype", 0) : tensorType(x).getElementType();
  if (!to)
    return failure();
  auto counter = [&](int64_t axis) {
    Value size = node.create<SqueezeOp>(node.create<ShapeOp>(x, axis, axis + 1), ArrayRef<int64_t>{0});
    return node.create<IotaOp>(node.scalar(0, i64), size, node.scalar(1, i64));
  };
  Value diagonal = node.binary("add", node.create<UnsqueezeOp>(counter(0), ArrayRef<int64_t>{1}),
                               node.scalar(node.integer("k", 0), i64));
  return node.finish(node.cast(node.create<CompareOp>("eq", diagonal, counter(1)), to));
}

/// A window of so many samples, periodic or symmetric: the sum of c[i] * cos(2 * pi * i * n / samples).
static LogicalResult cosineWindow(NodeBinder &node, ArrayRef<double> c) {
  SmallVector<int64_t> size = node.constantInput(0, "size");
  constexpr int64_t most = 1 << 20;
  if (size.size() != 1 || size[0] < 1 || size[0] > most)
    return node.emitError() << "expected a size of 1 to " << most << ", found [" << size << "]";
  Type to = node.statedType("output_datatype", 1);
  if (!to)
    return failure();
  double period = double(node.integer("periodic", 1) ? size[0] : size[0] - 1);
  std::vector<float> samples;
  for (int64_t n = 0; n < size[0]; ++n) {
    double sample = 0;
    for (size_t i = 0; i < c.size(); ++i)
      sample += c[i] * (period ? std::cos(2 * std::numbers::pi * double(i) * double(n) / period) : 1);
    samples.push_back(float(sample));
  }
  RankedTensorType type = RankedTensorType::get(size, node.types().getF32Type());
  return node.finish(node.cast(node.constant(DenseElementsAttr::get(type, ArrayRef<float>(samples))), to));
}

static LogicalResult hannWindow(NodeBinder &node) {
  return cosineWindow(node, {0.5, -0.5});
}
static LogicalResult hammingWindow(NodeBinder &node) {
  return cosineWindow(node, {25.0 / 46, -21.0 / 46});
}
static LogicalResult blackmanWindow(NodeBinder &node) {
  return cosineWindow(node, {0.42, -0.5, 0.08});
}

static const OperatorRow rows[] = {
    {"", "EyeLike", 9, 1, eyeLike},
    {"", "HannWindow", 17, 1, hannWindow},
    {"", "HammingWindow", 17, 1, hammingWindow},
    {"", "BlackmanWindow", 17, 1, blackmanWindow},
};

ArrayRef<OperatorRow> edgelm::generatorOperators() {
  return rows;
}
