// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Steps that multiply matrices, normalize, convolve and quantize.
#include "GraphMaker.h"

#include <algorithm>

using namespace edgelm::random;
using onnx::TensorProto;

static void matMul(GraphMaker &maker) {
  Tensor x = maker.any(1, 4);
  int64_t columns = maker.number(1, 9);
  Shape shape = x.shape;
  if (x.rank() > 2 && maker.oneIn(2)) {
    // A matrix for each of the leading dimensions.
    Shape other(x.shape.begin(), x.shape.end() - 2);
    other.insert(other.end(), {x.shape.back(), columns});
    shape.back() = columns;
    return maker.keep(maker.node("MatMul", {x, maker.input(other)}, shape));
  }
  shape.back() = columns;
  Tensor w = maker.oneIn(4) ? maker.input({x.shape.back(), columns}) : maker.weight({x.shape.back(), columns});
  Tensor y = maker.node("MatMul", {x, w}, shape);
  if (maker.oneIn(2))
    y = maker.node("Add", {y, maker.weight({columns})}, shape);
  maker.keep(y);
}

static void gemm(GraphMaker &maker) {
  Tensor x = maker.any(2, 2);
  bool transA = maker.oneIn(3), transB = maker.oneIn(2);
  int64_t inner = x.shape[transA ? 0 : 1], rows = x.shape[transA ? 1 : 0], columns = maker.number(1, 9);
  Tensor w = maker.weight(transB ? Shape{columns, inner} : Shape{inner, columns});
  std::vector<Tensor> operands = {x, w};
  if (maker.oneIn(2))
    operands.push_back(maker.weight(maker.narrowed({rows, columns})));
  maker.keep(maker.node("Gemm", operands, {rows, columns},
                        {integer("transA", transA), integer("transB", transB), number("alpha", maker.real(0.5f, 2)),
                         number("beta", maker.real(0, 2))}));
}

static void fusedMatMul(GraphMaker &maker) {
  Tensor x = maker.any(2, 4);
  int64_t columns = maker.number(1, 6), inner = x.shape.back();
  bool transB = maker.oneIn(2);
  Shape shape = x.shape;
  shape.back() = columns;
  Tensor w = maker.weight(transB ? Shape{columns, inner} : Shape{inner, columns});
  maker.keep(maker.node("FusedMatMul", {x, w}, shape, {integer("transB", transB), number("alpha", maker.real(0.5f, 2))},
                        "com.microsoft"));
}

static void einsum(GraphMaker &maker) {
  struct Form {
    const char *equation;
    Shape x, y, result;
  };
  int64_t a = maker.number(1, 3), b = maker.number(2, 4), c = maker.number(2, 5), d = maker.number(2, 5),
          e = maker.number(1, 4);
  const std::vector<Form> forms = {{"bthd,bshd->bhts", {a, b, c, d}, {a, e, c, d}, {a, c, b, e}},
                                   {"bhts,bshd->bthd", {a, c, b, e}, {a, e, c, d}, {a, b, c, d}},
                                   {"btd,dk->btk", {a, b, d}, {d, e}, {a, b, e}},
                                   {"ij,kj->ik", {b, c}, {e, c}, {b, e}},
                                   {"abc,abc->ab", {a, b, c}, {a, b, c}, {a, b}},
                                   {"i,j->ij", {b}, {c}, {b, c}},
                                   {"nthd,hdm->ntm", {a, b, c, d}, {c, d, e}, {a, b, e}}};
  const Form &form = maker.pick(forms);
  Tensor y = maker.oneIn(2) ? maker.weight(form.y) : maker.input(form.y);
  maker.keep(maker.node("Einsum", {maker.input(form.x), y}, form.result, {text("equation", form.equation)}));
}

static void norm(GraphMaker &maker) {
  Tensor x = maker.any(2, 4);
  int64_t size = x.shape.back();
  // The norm of one number is 0 or 1, by an accident of rounding.
  if (size < 2)
    return;
  Tensor weight = maker.weight({size}), bias = maker.weight({size});
  std::vector<onnx::AttributeProto> attributes = {number("epsilon", maker.oneIn(2) ? 1e-5f : 1e-2f)};
  switch (maker.number(0, 4)) {
  case 0:
    return maker.keep(maker.node("LayerNormalization", {x, weight, bias}, x.shape, attributes));
  case 1:
    return maker.keep(maker.node("LayerNormalization", {x, weight}, x.shape, attributes));
  case 2:
    return maker.keep(maker.node("RMSNormalization", {x, weight}, x.shape, attributes));
  case 3: {
    Tensor skip = maker.input(x.shape);
    return maker.keep(
        maker.node(x.rank() == 3 ? "SkipLayerNormalization" : "LayerNormalization",
                   x.rank() == 3 ? std::vector<Tensor>{x, skip, weight, bias} : std::vector<Tensor>{skip, weight, bias},
                   x.shape, attributes, x.rank() == 3 ? "com.microsoft" : ""));
  }
  default:
    if (x.rank() != 3)
      return;
    Tensor sum = maker.node("SkipSimplifiedLayerNormalization", {x, maker.input(x.shape), weight}, x.shape, attributes,
                            "com.microsoft");
    return maker.keep(sum);
  }
}

/// x * rsqrt(mean(x²) + e) * w and the like, spelled out.
static void spelledNorm(GraphMaker &maker) {
  Tensor x = maker.any(2, 4);
  Shape one = x.shape;
  one.back() = 1;
  bool isCentred = maker.oneIn(2);
  Tensor axes = maker.vector({-1}), centred = x;
  if (isCentred)
    centred = maker.node("Sub", {x, maker.node("ReduceMean", {x, axes}, one)}, x.shape);
  Tensor square = maker.node("Pow", {centred, maker.scalar(2)}, x.shape);
  Tensor variance = maker.node("Add", {maker.node("ReduceMean", {square, axes}, one), maker.scalar(1e-2f)}, one);
  Tensor result = maker.node("Div", {centred, maker.node("Sqrt", {variance}, one)}, x.shape);
  maker.keep(maker.node("Mul", {result, maker.weight({x.shape.back()})}, x.shape));
}

/// silu(x A) * (x B), spelled as exporters do.
static void gatedLinear(GraphMaker &maker) {
  Tensor x = maker.any(2, 3);
  Shape shape = x.shape;
  shape.back() = maker.number(2, 8);
  Tensor gate = maker.node("MatMul", {x, maker.weight({x.shape.back(), shape.back()})}, shape);
  Tensor up = maker.node("MatMul", {x, maker.weight({x.shape.back(), shape.back()})}, shape);
  Tensor activated = maker.oneIn(2)
                         ? maker.node("Mul", {gate, maker.node("Sigmoid", {gate}, shape)}, shape)
                         : maker.node("Gelu", {gate}, shape, {text("approximate", maker.oneIn(2) ? "tanh" : "none")});
  maker.keep(maker.node("Mul", {activated, up}, shape));
}

static void convolution(GraphMaker &maker) {
  int64_t dims = maker.number(1, 2), channels = 2 * maker.number(1, 2), outputs = 2 * maker.number(1, 3);
  int64_t groups = maker.oneIn(3) ? 2 : 1;
  Shape x = {maker.number(1, 2), channels}, w = {outputs, channels / groups}, y = {x[0], outputs};
  Shape strides, dilations;
  for (int64_t i = 0; i < dims; ++i) {
    x.push_back(maker.number(6, 9));
    w.push_back(maker.number(1, 3));
    strides.push_back(maker.number(1, 2));
    dilations.push_back(maker.number(1, 2));
    y.push_back((x.back() - (w.back() - 1) * dilations.back() - 1) / strides.back() + 1);
  }
  std::vector<Tensor> operands = {maker.input(x), maker.weight(w)};
  if (maker.oneIn(2))
    operands.push_back(maker.weight({outputs}));
  maker.keep(maker.node("Conv", operands, y,
                        {integers("strides", strides), integers("dilations", dilations), integer("group", groups)}));
}

static void pool(GraphMaker &maker) {
  Shape x = {1, maker.number(1, 3), maker.number(4, 8), maker.number(4, 8)}, y = x;
  Shape kernel = {maker.number(1, 3), maker.number(1, 3)}, strides = {maker.number(1, 2), maker.number(1, 2)};
  for (int64_t i = 0; i < 2; ++i)
    y[i + 2] = (x[i + 2] - kernel[i]) / strides[i] + 1;
  if (maker.oneIn(4))
    return maker.keep(maker.node("GlobalAveragePool", {maker.input(x)}, {1, x[1], 1, 1}));
  maker.keep(maker.node(maker.oneIn(2) ? "MaxPool" : "AveragePool", {maker.input(x)}, y,
                        {integers("kernel_shape", kernel), integers("strides", strides)}));
}

/// Codes and back, by the tensor or by the channel.
static void quantizeDequantize(GraphMaker &maker) {
  Tensor x = maker.any(2, 4, true);
  bool isUnsigned = maker.oneIn(2);
  int32_t type = isUnsigned ? TensorProto::UINT8 : TensorProto::INT8;
  Tensor scale = maker.scalar(maker.real(0.004f, 0.02f));
  Tensor zero = maker.codes({}, type, isUnsigned ? 100 : -20, isUnsigned ? 140 : 20);
  Tensor quantized = maker.exactNode("QuantizeLinear", {x, scale, zero}, x.shape);
  maker.keep(maker.exactNode("DequantizeLinear", {quantized, scale, zero}, x.shape));
}

/// A product with weights of codes.
static void quantizedProduct(GraphMaker &maker) {
  Tensor x = maker.any(2, 3);
  int64_t inner = x.shape.back(), columns = maker.number(1, 8);
  Shape shape = x.shape;
  shape.back() = columns;
  Tensor w = maker.codes({inner, columns}, TensorProto::INT8, -127, 127);
  bool byChannel = maker.oneIn(2);
  Tensor scale = byChannel ? maker.node("Abs", {maker.weight({columns}, 0.02f)}, {columns}) : maker.scalar(0.01f);
  Tensor zero = maker.codes(byChannel ? Shape{columns} : Shape{}, TensorProto::INT8, 0, 0);
  Tensor weights = maker.node("DequantizeLinear", {w, scale, zero}, w.shape, {integer("axis", 1)});
  maker.keep(maker.node("MatMul", {x, weights}, shape));
}

static void blockProduct(GraphMaker &maker) {
  int64_t inner = 32 * maker.number(1, 2), columns = maker.number(1, 8), block = 32, blocks = inner / block;
  Shape x = {1, maker.number(1, 4), inner}, y = {1, x[1], columns};
  bool isWide = maker.oneIn(3);
  int64_t bits = isWide ? 8 : 4;
  Tensor codes = maker.codes({columns, blocks, block * bits / 8}, TensorProto::UINT8, 0, 255);
  std::vector<Tensor> operands = {maker.input(x), codes, maker.weight({columns, blocks}, 0.05f)};
  if (maker.oneIn(2))
    operands.push_back(maker.codes({columns, (blocks * bits + 7) / 8}, TensorProto::UINT8, 0, 255));
  maker.keep(
      maker.node("MatMulNBits", operands, y,
                 {integer("K", inner), integer("N", columns), integer("bits", bits), integer("block_size", block)},
                 "com.microsoft"));
}

const std::vector<Step> &edgelm::random::productSteps() {
  static const std::vector<Step> steps = {{"matmul", matMul},
                                          {"gemm", gemm},
                                          {"fused-matmul", fusedMatMul},
                                          {"einsum", einsum},
                                          {"norm", norm},
                                          {"spelled-norm", spelledNorm},
                                          {"gated-linear", gatedLinear},
                                          {"conv", convolution},
                                          {"pool", pool},
                                          {"quantize-dequantize", quantizeDequantize},
                                          {"quantized-product", quantizedProduct},
                                          {"block-product", blockProduct}};
  return steps;
}
