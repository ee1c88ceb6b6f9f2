// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// ONNX operators that act on each element alone.
#include "Dialect/Import/NodeBinder.h"

using namespace mlir;
using namespace edgelm;

static LogicalResult unary(NodeBinder &node) {
  return node.finish(node.unary(node.function(), node.input(0)));
}

/// A function with parameters, read from the attributes `names` (in the order of the scalar function's row).
static LogicalResult withParams(NodeBinder &node, ArrayRef<std::pair<StringRef, double>> names) {
  SmallVector<double> params;
  for (auto [name, fallback] : names)
    params.push_back(node.number(name, fallback));
  return node.finish(node.create<UnaryOp>(node.function(), node.input(0), ArrayRef<double>(params)));
}

static LogicalResult withAlpha001(NodeBinder &node) {
  return withParams(node, {{"alpha", 0.01}});
}
static LogicalResult withAlpha1(NodeBinder &node) {
  return withParams(node, {{"alpha", 1.0}});
}
static LogicalResult selu(NodeBinder &node) {
  return withParams(node, {{"alpha", 1.67326319217681884765625}, {"gamma", 1.05070102214813232421875}});
}
static LogicalResult hardSigmoid(NodeBinder &node) {
  // The attributes are floats; 0.2 in the row is the double, ONNX's default the float nearest to it.
  return withParams(node, {{"alpha", 0.2f}, {"beta", 0.5}});
}

static LogicalResult binary(NodeBinder &node) {
  return node.finish(node.binary(node.function(), node.input(0), node.input(1)));
}

/// Pow: the exponent may have another type.
static LogicalResult pow(NodeBinder &node) {
  Value exponent = node.cast(node.input(1), tensorType(node.input(0)).getElementType());
  return node.finish(node.binary("pow", node.input(0), exponent));
}

static LogicalResult mod(NodeBinder &node) {
  return node.finish(node.binary(node.integer("fmod", 0) ? "fmod" : "mod", node.input(0), node.input(1)));
}

static LogicalResult bitShift(NodeBinder &node) {
  StringRef direction = node.text("direction", "");
  if (direction != "LEFT" && direction != "RIGHT")
    return node.emitError() << "found direction \"" << direction << "\"; expected LEFT or RIGHT";
  if (!tensorType(node.input(0)).getElementType().isUnsignedInteger())
    return node.emitError() << "expected unsigned integers, found " << node.input(0).getType();
  return node.finish(node.binary(direction == "LEFT" ? "shift_left" : "shift_right", node.input(0), node.input(1)));
}

/// Max, Min, Sum: any number of operands.
static LogicalResult chain(NodeBinder &node) {
  Value result = node.input(0);
  for (Value next : node.allInputs().drop_front())
    result = node.binary(node.function(), result, next);
  return node.finish(result);
}

static LogicalResult mean(NodeBinder &node) {
  Value sum = node.input(0);
  for (Value next : node.allInputs().drop_front())
    sum = node.binary("add", sum, next);
  Value count = node.scalar(node.numInputs(), tensorType(node.input(0)).getElementType());
  return node.finish(node.binary("div", sum, count));
}

/// The row's function is the predicate.
static LogicalResult compare(NodeBinder &node) {
  return node.finish(node.create<CompareOp>(node.function(), node.input(0), node.input(1)));
}

static LogicalResult where(NodeBinder &node) {
  return node.finish(node.create<SelectOp>(node.input(0), node.input(1), node.input(2)));
}

/// Clip: bounds are attributes before opset 11, then optional inputs.
static LogicalResult clip(NodeBinder &node) {
  Type element = tensorType(node.input(0)).getElementType();
  Value least = node.input(1), most = node.input(2);
  if (node.has("min"))
    least = node.scalar(node.number("min", 0), element);
  if (node.has("max"))
    most = node.scalar(node.number("max", 0), element);
  Value result = node.input(0);
  if (least)
    result = node.binary("max", result, least);
  if (most)
    result = node.binary("min", result, most);
  return node.finish(result);
}

static LogicalResult cast(NodeBinder &node) {
  Type element = node.statedType("to", 0);
  return element ? node.finish(node.cast(node.input(0), element)) : failure();
}

static LogicalResult castLike(NodeBinder &node) {
  return node.finish(node.cast(node.input(0), tensorType(node.input(1)).getElementType()));
}

static LogicalResult identity(NodeBinder &node) {
  return node.finish(node.input(0));
}

/// Dropout does nothing at inference; its mask keeps all.
static LogicalResult dropout(NodeBinder &node) {
  Value x = node.input(0);
  if (node.input(2) && node.constantInput(2, "training mode") != SmallVector<int64_t>{0})
    return node.emitError() << "training mode is not supported";
  if (node.numOutputs() < 2)
    return node.finish(x);
  Value shape = node.create<ShapeOp>(x, 0, tensorType(x).getRank());
  return node.finish({x, node.create<BroadcastOp>(node.scalar(1, node.types().getI1Type()), shape)});
}

static LogicalResult prelu(NodeBinder &node) {
  Value x = node.input(0), zero = node.scalar(0, tensorType(x).getElementType());
  Value negative = node.create<CompareOp>("lt", x, zero);
  return node.finish(node.create<SelectOp>(negative, node.binary("mul", x, node.input(1)), x));
}

/// IsInf; with one sign only a comparison with that infinity.
static LogicalResult isInf(NodeBinder &node) {
  bool negative = node.integer("detect_negative", 1), positive = node.integer("detect_positive", 1);
  if (negative == positive && positive)
    return unary(node);
  Value x = node.input(0);
  double infinity = std::numeric_limits<double>::infinity();
  Value wanted = node.scalar(positive ? infinity : -infinity, tensorType(x).getElementType());
  Value found = node.create<CompareOp>("eq", x, wanted);
  return node.finish(negative == positive ? node.binary("and", found, node.unary("not", found)) : found);
}

/// alpha * elu(x / alpha) with an alpha of 1 inside.
static LogicalResult celu(NodeBinder &node) {
  Value x = node.input(0), alpha = node.scalar(node.number("alpha", 1), tensorType(x).getElementType());
  return node.finish(node.binary("mul", node.unary("elu", node.binary("div", x, alpha)), alpha));
}

/// x where it is above alpha, else 0.
static LogicalResult thresholdedRelu(NodeBinder &node) {
  Value x = node.input(0);
  Type element = tensorType(x).getElementType();
  Value above = node.create<CompareOp>("gt", x, node.scalar(node.number("alpha", 1), element));
  return node.finish(node.create<SelectOp>(above, x, node.scalar(0, element)));
}

/// x + bias below -lambd, x - bias above lambd, 0 between.
static LogicalResult shrink(NodeBinder &node) {
  Value x = node.input(0);
  Type element = tensorType(x).getElementType();
  auto number = [&](double value) { return node.scalar(value, element); };
  double limit = node.number("lambd", 0.5), bias = node.number("bias", 0);
  Value isBelow = node.create<CompareOp>("lt", x, number(-limit));
  Value isAbove = node.create<CompareOp>("gt", x, number(limit));
  Value inner = node.create<SelectOp>(isAbove, node.binary("sub", x, number(bias)), number(0));
  return node.finish(node.create<SelectOp>(isBelow, node.binary("add", x, number(bias)), inner));
}

static LogicalResult gelu(NodeBinder &node) {
  StringRef approximate = node.text("approximate", "none");
  if (approximate != "none" && approximate != "tanh")
    return node.emitError() << "found approximate = \"" << approximate << "\"; expected \"none\" or \"tanh\"";
  return node.finish(node.unary(approximate == "tanh" ? "gelu_tanh" : "gelu", node.input(0)));
}

/// com.microsoft FastGelu, BiasGelu: the bias is added first.
static LogicalResult biasedUnary(NodeBinder &node) {
  Value x = node.input(0);
  if (node.input(1))
    x = node.binary("add", x, node.input(1));
  return node.finish(node.unary(node.function(), x));
}

/// x * sigmoid(alpha * x).
static LogicalResult scaledSilu(NodeBinder &node, double alphaDefault) {
  Value x = node.input(0), alpha = node.scalar(node.number("alpha", alphaDefault), tensorType(x).getElementType());
  return node.finish(node.binary("mul", x, node.unary("sigmoid", node.binary("mul", x, alpha))));
}
static LogicalResult quickGelu(NodeBinder &node) {
  return scaledSilu(node, 1.702f);
}
static LogicalResult swish(NodeBinder &node) {
  return node.number("alpha", 1) == 1 ? node.finish(node.unary("silu", node.input(0))) : scaledSilu(node, 1);
}

static const OperatorRow rows[] = {
    {"", "Abs", 6, 1, unary, "abs"},
    {"", "Neg", 6, 1, unary, "neg"},
    {"", "Not", 1, 1, unary, "not"},
    {"", "Sign", 9, 1, unary, "sign"},
    {"", "Exp", 6, 1, unary, "exp"},
    {"", "Log", 6, 1, unary, "log"},
    {"", "Sqrt", 6, 1, unary, "sqrt"},
    {"", "Reciprocal", 6, 1, unary, "reciprocal"},
    {"", "Sin", 7, 1, unary, "sin"},
    {"", "Cos", 7, 1, unary, "cos"},
    {"", "Tan", 7, 1, unary, "tan"},
    {"", "Asin", 7, 1, unary, "asin"},
    {"", "Acos", 7, 1, unary, "acos"},
    {"", "Atan", 7, 1, unary, "atan"},
    {"", "Sinh", 9, 1, unary, "sinh"},
    {"", "Cosh", 9, 1, unary, "cosh"},
    {"", "Asinh", 9, 1, unary, "asinh"},
    {"", "Acosh", 9, 1, unary, "acosh"},
    {"", "Atanh", 9, 1, unary, "atanh"},
    {"", "Tanh", 6, 1, unary, "tanh"},
    {"", "Erf", 9, 1, unary, "erf"},
    {"", "Floor", 6, 1, unary, "floor"},
    {"", "Ceil", 6, 1, unary, "ceil"},
    {"", "Round", 11, 1, unary, "round"},
    {"", "Relu", 6, 1, unary, "relu"},
    {"", "Sigmoid", 6, 1, unary, "sigmoid"},
    {"", "Softplus", 1, 1, unary, "softplus"},
    {"", "Softsign", 1, 1, unary, "softsign"},
    {"", "HardSwish", 14, 1, unary, "hard_swish"},
    {"", "Mish", 18, 1, unary, "mish"},
    {"", "IsNaN", 9, 1, unary, "is_nan"},
    {"", "IsInf", 10, 1, isInf, "is_inf"},
    {"", "LeakyRelu", 6, 1, withAlpha001, "leaky_relu"},
    {"", "Elu", 6, 1, withAlpha1, "elu"},
    {"", "Selu", 6, 1, selu, "selu"},
    {"", "HardSigmoid", 6, 1, hardSigmoid, "hard_sigmoid"},
    {"", "Celu", 12, 1, celu},
    {"", "Shrink", 9, 1, shrink},
    {"", "ThresholdedRelu", 10, 1, thresholdedRelu},
    {"", "Swish", 24, 1, swish},
    {"", "Gelu", 20, 1, gelu},
    {"", "PRelu", 9, 2, prelu},
    {"", "Add", 7, 2, binary, "add"},
    {"", "Sub", 7, 2, binary, "sub"},
    {"", "Mul", 7, 2, binary, "mul"},
    {"", "Div", 7, 2, binary, "div"},
    {"", "Pow", 7, 2, pow},
    {"", "Mod", 10, 2, mod},
    {"", "And", 7, 2, binary, "and"},
    {"", "Or", 7, 2, binary, "or"},
    {"", "Xor", 7, 2, binary, "xor"},
    {"", "BitShift", 11, 2, bitShift},
    {"", "Max", 8, 1, chain, "max"},
    {"", "Min", 8, 1, chain, "min"},
    {"", "Sum", 8, 1, chain, "add"},
    {"", "Mean", 8, 1, mean},
    {"", "Equal", 7, 2, compare, "eq"},
    {"", "Less", 7, 2, compare, "lt"},
    {"", "LessOrEqual", 12, 2, compare, "le"},
    {"", "Greater", 7, 2, compare, "gt"},
    {"", "GreaterOrEqual", 12, 2, compare, "ge"},
    {"", "Where", 9, 3, where},
    {"", "Clip", 6, 1, clip},
    {"", "Cast", 6, 1, cast},
    {"", "CastLike", 15, 2, castLike},
    {"", "Identity", 1, 1, identity},
    {"", "Dropout", 7, 1, dropout},
    {"com.microsoft", "Gelu", 1, 1, biasedUnary, "gelu"},
    {"com.microsoft", "BiasGelu", 1, 2, biasedUnary, "gelu"},
    {"com.microsoft", "FastGelu", 1, 1, biasedUnary, "gelu_tanh"},
    {"com.microsoft", "QuickGelu", 1, 1, quickGelu},
};

ArrayRef<OperatorRow> edgelm::elementwiseOperators() {
  return rows;
}
