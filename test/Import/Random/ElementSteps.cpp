// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Steps that act on elements, and reductions.
#include "GraphMaker.h"

#include <algorithm>

using namespace edgelm::random;
using onnx::TensorProto;

static void unary(GraphMaker &maker) {
  static const std::vector<std::string> functions = {
      "Abs",  "Neg", "Tanh", "Sigmoid", "Erf",         "Relu",      "LeakyRelu", "Elu",      "Selu",
      "Celu", "Sin", "Cos",  "Gelu",    "HardSigmoid", "HardSwish", "Softplus",  "Softsign", "Mish"};
  Tensor x = maker.any();
  std::string function = maker.pick(functions);
  std::vector<onnx::AttributeProto> attributes;
  if (function == "Gelu" && maker.oneIn(2))
    attributes.push_back(text("approximate", "tanh"));
  if ((function == "LeakyRelu" || function == "Elu" || function == "Celu") && maker.oneIn(2))
    attributes.push_back(number("alpha", maker.real(0.1f, 2)));
  maker.keep(maker.node(function, {x}, x.shape, attributes));
}

/// Functions that are not defined, or steep, where their operand is not well above 0.
static void ofPositive(GraphMaker &maker) {
  static const std::vector<std::string> functions = {"Log", "Sqrt", "Reciprocal", "Pow"};
  Tensor x = maker.any();
  Tensor positive = maker.node("Add", {maker.node("Abs", {x}, x.shape), maker.scalar(0.5f)}, x.shape);
  std::string function = maker.pick(functions);
  std::vector<Tensor> operands = {positive};
  if (function == "Pow")
    operands.push_back(maker.scalar(maker.pick(std::vector<float>{0.5f, 2, 3, -1, 1.7f})));
  maker.keep(maker.node(function, operands, x.shape));
}

static void exponential(GraphMaker &maker) {
  Tensor x = maker.any();
  maker.keep(maker.node("Exp", {maker.node("Tanh", {x}, x.shape)}, x.shape));
}

/// What jumps, on numbers that are the same everywhere.
static void rounded(GraphMaker &maker) {
  static const std::vector<std::string> functions = {"Floor", "Ceil", "Round", "Sign"};
  Tensor x = maker.any(1, 4, /*exact=*/true);
  Tensor scaled = maker.exactNode("Mul", {x, maker.scalar(4)}, x.shape);
  maker.keep(maker.exactNode(maker.pick(functions), {scaled}, x.shape));
}

static void binary(GraphMaker &maker) {
  static const std::vector<std::string> functions = {"Add", "Sub", "Mul", "Max", "Min", "Sum", "Mean"};
  Tensor x = maker.any();
  Shape narrow = maker.narrowed(x.shape);
  Tensor y = maker.oneIn(2) ? maker.weight(narrow) : maker.input(narrow);
  std::vector<Tensor> operands = {x, y};
  if (maker.oneIn(2))
    std::swap(operands[0], operands[1]);
  maker.keep(maker.node(maker.pick(functions), operands, x.shape));
}

static void division(GraphMaker &maker) {
  Tensor x = maker.any();
  Tensor y = maker.weight(maker.narrowed(x.shape));
  Tensor away = maker.node("Add", {maker.node("Abs", {y}, y.shape), maker.scalar(0.5f)}, y.shape);
  maker.keep(maker.node("Div", {x, away}, x.shape));
}

static void modulo(GraphMaker &maker) {
  Tensor x = maker.any(1, 4, true);
  maker.keep(maker.node("Mod", {x, maker.scalar(0.75f)}, x.shape, {integer("fmod", 1)}));
}

static void clip(GraphMaker &maker) {
  Tensor x = maker.any();
  std::vector<Tensor> operands = {x, {}, {}};
  operands[1] = maker.oneIn(3) ? Tensor() : maker.scalar(maker.real(-1, 0));
  operands[2] = maker.oneIn(3) ? Tensor() : maker.scalar(maker.real(0, 1));
  maker.keep(maker.node("Clip", operands, x.shape));
}

/// A comparison, maybe joined with another one, that chooses.
static void choice(GraphMaker &maker) {
  static const std::vector<std::string> comparisons = {"Less", "LessOrEqual", "Greater", "GreaterOrEqual", "Equal"};
  static const std::vector<std::string> junctions = {"And", "Or", "Xor"};
  Tensor x = maker.any(1, 4, true), y = maker.weight(maker.narrowed(x.shape));
  Tensor condition = maker.node(maker.pick(comparisons), {x, y}, x.shape);
  if (maker.oneIn(2)) {
    Tensor other = maker.node(maker.pick(comparisons), {x, maker.scalar(maker.real(-1, 1))}, x.shape);
    condition = maker.node(maker.pick(junctions), {condition, other}, x.shape);
  }
  if (maker.oneIn(3))
    condition = maker.node("Not", {condition}, x.shape);
  condition.isExact = true;
  condition.type = TensorProto::BOOL;
  if (maker.oneIn(3))
    return maker.keep(condition);
  maker.keep(maker.node("Where", {condition, x, maker.weight(maker.narrowed(x.shape))}, x.shape));
}

/// To integers and back, within the bounds of all of them.
static void cast(GraphMaker &maker) {
  static const std::vector<int32_t> types = {TensorProto::INT32, TensorProto::INT64, TensorProto::INT8,
                                             TensorProto::BOOL};
  Tensor x = maker.any(1, 4, true);
  Tensor scaled = maker.exactNode("Mul", {x, maker.scalar(50)}, x.shape);
  Tensor bounded = maker.exactNode("Clip", {scaled, maker.scalar(-100), maker.scalar(100)}, x.shape);
  int32_t type = maker.pick(types);
  Tensor narrow = maker.exactNode("Cast", {bounded}, x.shape, {integer("to", type)});
  narrow.type = type;
  maker.keep(narrow);
}

static Shape reducedShape(const Shape &shape, const Shape &axes, bool keepsDims) {
  Shape result;
  for (int64_t i = 0; i < int64_t(shape.size()); ++i) {
    bool isReduced = axes.empty() || std::count(axes.begin(), axes.end(), i);
    if (!isReduced || keepsDims)
      result.push_back(isReduced ? 1 : shape[i]);
  }
  return result;
}

static void reduce(GraphMaker &maker) {
  static const std::vector<std::string> functions = {"ReduceSum", "ReduceMean", "ReduceMax",       "ReduceMin",
                                                     "ReduceL1",  "ReduceL2",   "ReduceSumSquare", "ReduceLogSumExp"};
  Tensor x = maker.any();
  Shape order = maker.someOrder(x.rank()), axes(order.begin(), order.begin() + maker.number(1, x.rank()));
  bool keepsDims = maker.oneIn(2);
  Shape shape = reducedShape(x.shape, axes, keepsDims), given = axes;
  for (int64_t &axis : given)
    axis -= maker.oneIn(2) ? x.rank() : 0;
  std::vector<Tensor> operands = {x};
  if (int64_t(axes.size()) < x.rank() || maker.oneIn(2))
    operands.push_back(maker.vector(given));
  maker.keep(maker.node(maker.pick(functions), operands, shape, {integer("keepdims", keepsDims)}));
}

static void argReduce(GraphMaker &maker) {
  Tensor x = maker.any(1, 4, true);
  int64_t axis = maker.number(0, x.rank() - 1);
  bool keepsDims = maker.oneIn(2);
  Tensor indices = maker.exactNode(
      maker.oneIn(2) ? "ArgMax" : "ArgMin", {x}, reducedShape(x.shape, {axis}, keepsDims),
      {integer("axis", axis), integer("keepdims", keepsDims), integer("select_last_index", maker.oneIn(2))});
  indices.type = TensorProto::INT64;
  maker.keep(indices);
}

static void cumSum(GraphMaker &maker) {
  Tensor x = maker.any();
  Tensor axis = maker.integers({}, {maker.number(-x.rank(), x.rank() - 1)});
  maker.keep(maker.node("CumSum", {x, axis}, x.shape,
                        {integer("exclusive", maker.oneIn(2)), integer("reverse", maker.oneIn(2))}));
}

static void topK(GraphMaker &maker) {
  Tensor x = maker.any(1, 4, true);
  int64_t axis = maker.number(0, x.rank() - 1), k = maker.number(1, x.shape[axis]);
  Shape shape = x.shape;
  shape[axis] = k;
  Tensor values = maker.node("TopK", {x, maker.vector({k})}, shape,
                             {integer("axis", axis), integer("largest", maker.oneIn(2))}, "", 2);
  values.isExact = true;
  maker.keep(values);
  maker.keep(maker.result(1, shape, TensorProto::INT64));
}

static void softmax(GraphMaker &maker) {
  Tensor x = maker.any();
  maker.keep(maker.node(maker.oneIn(3) ? "LogSoftmax" : "Softmax", {x}, x.shape,
                        {integer("axis", maker.number(-x.rank(), x.rank() - 1))}));
}

/// com.microsoft's activations.
static void contribActivation(GraphMaker &maker) {
  static const std::vector<std::string> functions = {"Gelu", "FastGelu", "BiasGelu", "QuickGelu"};
  Tensor x = maker.any();
  std::string function = maker.pick(functions);
  std::vector<Tensor> operands = {x};
  if (function == "BiasGelu" || (function == "FastGelu" && maker.oneIn(2)))
    operands.push_back(maker.weight({x.shape.back()}));
  maker.keep(maker.node(function, operands, x.shape, {}, "com.microsoft"));
}

const std::vector<Step> &edgelm::random::elementSteps() {
  static const std::vector<Step> steps = {{"unary", unary},     {"of-positive", ofPositive},
                                          {"exp", exponential}, {"round", rounded},
                                          {"binary", binary},   {"div", division},
                                          {"mod", modulo},      {"clip", clip},
                                          {"choice", choice},   {"cast", cast},
                                          {"reduce", reduce},   {"arg-reduce", argReduce},
                                          {"cumsum", cumSum},   {"topk", topK},
                                          {"softmax", softmax}, {"contrib-activation", contribActivation}};
  return steps;
}
