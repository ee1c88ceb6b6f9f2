// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Steps that move elements.
#include "GraphMaker.h"

#include <algorithm>
#include <functional>
#include <numeric>

using namespace edgelm::random;
using onnx::TensorProto;

static int64_t product(const Shape &shape) {
  return std::accumulate(shape.begin(), shape.end(), int64_t(1), std::multiplies<int64_t>());
}

static void transpose(GraphMaker &maker) {
  Tensor x = maker.any(2, 4);
  Shape order = maker.someOrder(x.rank()), shape;
  for (int64_t axis : order)
    shape.push_back(x.shape[axis]);
  maker.keep(maker.exactNode("Transpose", {x}, shape, {integers("perm", order)}));
}

/// Two dimensions become one, or a -1 stands for one.
static void reshape(GraphMaker &maker) {
  Tensor x = maker.any(2, 4);
  int64_t at = maker.number(0, x.rank() - 2);
  Shape shape = x.shape;
  shape[at] *= shape[at + 1];
  shape.erase(shape.begin() + at + 1);
  Shape given = shape;
  if (maker.oneIn(2))
    given[maker.number(0, int64_t(given.size()) - 1)] = -1;
  else if (at > 0 && maker.oneIn(2))
    given[0] = 0;
  maker.keep(maker.exactNode("Reshape", {x, maker.vector(given)}, shape));
}

static void unsqueeze(GraphMaker &maker) {
  Tensor x = maker.any(1, 3);
  int64_t axis = maker.number(0, x.rank());
  Shape shape = x.shape;
  shape.insert(shape.begin() + axis, 1);
  Tensor wide = maker.exactNode("Unsqueeze", {x, maker.vector({axis - (maker.oneIn(2) ? x.rank() + 1 : 0)})}, shape);
  if (maker.oneIn(2))
    return maker.keep(wide);
  maker.keep(maker.exactNode("Squeeze", {wide, maker.vector({axis})}, x.shape));
}

static void flatten(GraphMaker &maker) {
  Tensor x = maker.any(2, 4);
  int64_t axis = maker.number(0, x.rank());
  Shape front(x.shape.begin(), x.shape.begin() + axis), back(x.shape.begin() + axis, x.shape.end());
  maker.keep(maker.exactNode("Flatten", {x}, {product(front), product(back)}, {integer("axis", axis)}));
}

static void concat(GraphMaker &maker) {
  Tensor x = maker.any();
  int64_t axis = maker.number(0, x.rank() - 1);
  Shape other = x.shape, shape = x.shape;
  other[axis] = maker.number(1, 3);
  std::vector<Tensor> operands = {x, maker.oneIn(2) ? maker.weight(other) : maker.input(other)};
  shape[axis] += other[axis];
  if (maker.oneIn(3)) {
    operands.push_back(x);
    shape[axis] += x.shape[axis];
  }
  maker.keep(maker.exactNode("Concat", operands, shape, {integer("axis", axis - (maker.oneIn(2) ? x.rank() : 0))}));
}

static void slice(GraphMaker &maker) {
  Tensor x = maker.any();
  int64_t axis = maker.number(0, x.rank() - 1), size = x.shape[axis];
  bool isBackward = maker.oneIn(4);
  int64_t from = maker.number(0, size - 1), to = maker.number(from, size - 1), step = maker.number(1, 2);
  Shape shape = x.shape;
  shape[axis] = (to - from) / step + 1;
  // Forward: from <= i <= to; backward: the same from the other side.
  int64_t start = isBackward ? to : from, end = isBackward ? from - 1 : to + 1;
  if (isBackward && end < 0)
    end = -size - 1;
  else if (maker.oneIn(2) && end == size)
    end = INT64_MAX;
  std::vector<Tensor> operands = {x, maker.vector({start}), maker.vector({end}), maker.vector({axis})};
  if (step != 1 || isBackward)
    operands.push_back(maker.vector({isBackward ? -step : step}));
  maker.keep(maker.exactNode("Slice", operands, shape));
}

static void split(GraphMaker &maker) {
  Tensor x = maker.any();
  int64_t axis = maker.number(0, x.rank() - 1), size = x.shape[axis];
  if (size < 2)
    return;
  int64_t first = maker.number(1, size - 1);
  Shape shape = x.shape, rest = x.shape;
  shape[axis] = first;
  rest[axis] = size - first;
  Tensor part = maker.node("Split", {x, maker.vector({first, size - first})}, shape, {integer("axis", axis)}, "", 2);
  Tensor second = maker.result(1, rest);
  part.isExact = second.isExact = x.isExact;
  maker.keep(part);
  maker.keep(second);
}

static void pad(GraphMaker &maker) {
  static const std::vector<std::string> modes = {"constant", "reflect", "edge"};
  Tensor x = maker.any();
  std::string mode = maker.pick(modes);
  Shape pads(2 * x.rank(), 0), shape = x.shape;
  for (int64_t i = 0; i < x.rank(); ++i) {
    // A reflection is as long as what it reflects.
    int64_t most = std::min<int64_t>(2, mode == "reflect" ? x.shape[i] - 1 : 2);
    pads[i] = maker.number(0, most);
    pads[i + x.rank()] = maker.number(0, most);
    shape[i] += pads[i] + pads[i + x.rank()];
  }
  std::vector<Tensor> operands = {x, maker.vector(pads)};
  if (mode == "constant" && maker.oneIn(2))
    operands.push_back(maker.scalar(maker.real(-1, 1)));
  maker.keep(maker.exactNode("Pad", operands, shape, {text("mode", mode)}));
}

static std::vector<int64_t> someIndices(GraphMaker &maker, int64_t count, int64_t size) {
  std::vector<int64_t> indices;
  for (int64_t i = 0; i < count; ++i)
    indices.push_back(maker.number(-size, size - 1));
  return indices;
}

static void gather(GraphMaker &maker) {
  Tensor x = maker.any(1, 3);
  int64_t axis = maker.number(0, x.rank() - 1), size = x.shape[axis];
  Shape indexShape = maker.someShape(maker.number(0, 2)), shape(x.shape.begin(), x.shape.begin() + axis);
  shape.insert(shape.end(), indexShape.begin(), indexShape.end());
  shape.insert(shape.end(), x.shape.begin() + axis + 1, x.shape.end());
  Tensor indices = maker.integers(indexShape, someIndices(maker, product(indexShape), size));
  maker.keep(maker.exactNode("Gather", {x, indices}, shape, {integer("axis", axis)}));
}

static void gatherElements(GraphMaker &maker) {
  Tensor x = maker.any();
  int64_t axis = maker.number(0, x.rank() - 1);
  Shape shape = x.shape;
  shape[axis] = maker.number(1, 4);
  Tensor indices = maker.integers(shape, someIndices(maker, product(shape), x.shape[axis]));
  maker.keep(maker.exactNode("GatherElements", {x, indices}, shape, {integer("axis", axis)}));
}

static void gatherND(GraphMaker &maker) {
  Tensor x = maker.any(2, 4);
  int64_t rows = maker.number(1, 4), used = maker.number(1, x.rank());
  std::vector<int64_t> tuples;
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t i = 0; i < used; ++i)
      tuples.push_back(maker.number(0, x.shape[i] - 1));
  Shape shape(x.shape.begin() + used, x.shape.end());
  shape.insert(shape.begin(), rows);
  maker.keep(maker.exactNode("GatherND", {x, maker.integers({rows, used}, tuples)}, shape));
}

/// Rows that are all different take new values.
static void scatterND(GraphMaker &maker) {
  Tensor x = maker.any(2, 4);
  Shape order = maker.someOrder(x.shape[0]);
  order.resize(maker.number(1, x.shape[0]));
  Shape updates = x.shape;
  updates[0] = int64_t(order.size());
  maker.keep(maker.exactNode("ScatterND", {x, maker.integers({updates[0], 1}, order), maker.weight(updates)}, x.shape));
}

static void tile(GraphMaker &maker) {
  Tensor x = maker.any(1, 3);
  Shape repeats, shape = x.shape;
  for (int64_t &size : shape)
    size *= repeats.emplace_back(maker.number(1, 2));
  maker.keep(maker.exactNode("Tile", {x, maker.vector(repeats)}, shape));
}

static void expand(GraphMaker &maker) {
  Shape shape = maker.someShape(maker.number(1, 4));
  Tensor x = maker.input(maker.narrowed(shape));
  maker.keep(maker.exactNode("Expand", {x, maker.vector(shape)}, shape));
}

static void trilu(GraphMaker &maker) {
  Tensor x = maker.any(2, 4);
  std::vector<Tensor> operands = {x};
  if (maker.oneIn(2))
    operands.push_back(maker.integers({}, {maker.number(-2, 2)}));
  maker.keep(maker.exactNode("Trilu", operands, x.shape, {integer("upper", maker.oneIn(2))}));
}

static void oneHot(GraphMaker &maker) {
  Shape shape = maker.someShape(maker.number(1, 2));
  int64_t depth = maker.number(2, 5);
  Tensor indices = maker.integers(shape, someIndices(maker, product(shape), depth));
  shape.push_back(depth);
  maker.keep(maker.node("OneHot", {indices, maker.integers({}, {depth}), maker.weight({2})}, shape));
}

/// The size of a dimension, as exporters compute shapes.
static void computedShape(GraphMaker &maker) {
  Tensor x = maker.any(2, 4);
  Tensor all = maker.node("Shape", {x}, {x.rank()});
  Tensor first = maker.node("Slice", {all, maker.vector({0}), maker.vector({1})}, {1});
  Tensor wanted = maker.node("Concat", {first, maker.vector({-1})}, {2}, {integer("axis", 0)});
  maker.keep(maker.exactNode("Reshape", {x, wanted}, {x.shape[0], product(x.shape) / x.shape[0]}));
}

const std::vector<Step> &edgelm::random::shapeSteps() {
  static const std::vector<Step> steps = {{"transpose", transpose},
                                          {"reshape", reshape},
                                          {"unsqueeze", unsqueeze},
                                          {"flatten", flatten},
                                          {"concat", concat},
                                          {"slice", slice},
                                          {"split", split},
                                          {"pad", pad},
                                          {"gather", gather},
                                          {"gather-elements", gatherElements},
                                          {"gather-nd", gatherND},
                                          {"scatter-nd", scatterND},
                                          {"tile", tile},
                                          {"expand", expand},
                                          {"trilu", trilu},
                                          {"one-hot", oneHot},
                                          {"computed-shape", computedShape}};
  return steps;
}
