// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// ONNX matrix products and normalisations.
#include "Dialect/Import/NodeBinder.h"

#include "mlir/IR/BuiltinAttributes.h"

using namespace mlir;
using namespace edgelm;

static Value scaled(NodeBinder &node, Value value, double factor) {
  if (factor == 1.0)
    return value;
  return node.binary("mul", value, node.scalar(factor, tensorType(value).getElementType()));
}

static Value swapped(NodeBinder &node, Value value) {
  SmallVector<int64_t> perm = llvm::to_vector(llvm::seq<int64_t>(0, tensorType(value).getRank()));
  if (perm.size() >= 2)
    std::swap(perm[perm.size() - 1], perm[perm.size() - 2]);
  return node.create<TransposeOp>(value, perm);
}

static LogicalResult matMul(NodeBinder &node) {
  return node.finish(node.create<MatMulOp>(node.input(0), node.input(1)));
}

/// alpha * A' * B' + beta * C.
static LogicalResult gemm(NodeBinder &node) {
  Value a = node.input(0), b = node.input(1), c = node.input(2);
  if (tensorType(a).getRank() != 2 || tensorType(b).getRank() != 2)
    return node.emitError() << "expected matrices, found " << a.getType() << " and " << b.getType();
  if (node.integer("transA", 0))
    a = swapped(node, a);
  if (node.integer("transB", 0))
    b = swapped(node, b);
  Value product = scaled(node, node.create<MatMulOp>(a, b), node.number("alpha", 1));
  double beta = node.number("beta", 1);
  if (!c || beta == 0)
    return node.finish(product);
  return node.finish(node.binary("add", product, scaled(node, c, beta)));
}

/// com.microsoft FusedMatMul: alpha * A' * B' of stacks of matrices.
static LogicalResult fusedMatMul(NodeBinder &node) {
  if (node.integer("transBatchA", 0) || node.integer("transBatchB", 0))
    return node.emitError() << "transBatchA and transBatchB are not supported";
  Value a = node.integer("transA", 0) ? swapped(node, node.input(0)) : node.input(0);
  Value b = node.integer("transB", 0) ? swapped(node, node.input(1)) : node.input(1);
  return node.finish(scaled(node, node.create<MatMulOp>(a, b), node.number("alpha", 1)));
}

static Value normalized(NodeBinder &node, Value x, Value weight, Value bias, bool rms, double epsilon) {
  Builder &types = node.types();
  if (rms)
    return node.create<RmsNormOp>(x, weight, types.getF64FloatAttr(epsilon));
  return node.create<LayerNormOp>(x, weight, bias, types.getF64FloatAttr(epsilon));
}

/// Mean and reciprocal of the standard deviation, the further outputs of LayerNormalization.
static SmallVector<Value> statistics(NodeBinder &node, Value x, ArrayRef<int64_t> axes, double epsilon) {
  Value mean = node.create<ReduceOp>("mean", x, axes, true);
  Value difference = node.binary("sub", x, mean);
  Value variance = node.create<ReduceOp>("mean", node.binary("mul", difference, difference), axes, true);
  Value shifted = node.binary("add", variance, node.scalar(epsilon, tensorType(x).getElementType()));
  return {mean, node.unary("rsqrt", shifted)};
}

/// LayerNormalization, and RMSNormalization or SimplifiedLayerNormalization (the row's function is "rms"). Ours are over
/// the last dimension: several become one.
static LogicalResult norm(NodeBinder &node) {
  bool rms = node.function() == "rms";
  Value x = node.input(0), weight = node.input(1), bias = rms ? Value() : node.input(2);
  int64_t rank = tensorType(x).getRank(), axis = node.axis(node.integer("axis", -1), rank);
  double epsilon = node.number("epsilon", 1e-5f);
  SmallVector<Value> outputs;
  if (axis == rank - 1) {
    outputs.push_back(normalized(node, x, weight, bias, rms, epsilon));
  } else {
    Value one = node.vector(-1), shape = node.create<ShapeOp>(x, 0, rank);
    auto flat = [&](Value value) -> Value { return value ? node.create<ReshapeOp>(value, one, false) : Value(); };
    SmallVector<Value> rows = {node.create<ShapeOp>(x, 0, axis), one};
    Value matrix = node.create<ReshapeOp>(x, axis ? node.create<ConcatOp>(ValueRange(rows), 0) : one, false);
    Value result = normalized(node, matrix, flat(weight), flat(bias), rms, epsilon);
    outputs.push_back(node.create<ReshapeOp>(result, shape, false));
  }
  if (!rms && node.numOutputs() > 1)
    outputs.append(statistics(node, x, llvm::to_vector(llvm::seq(axis, rank)), epsilon));
  return node.finish(outputs);
}

/// com.microsoft SkipLayerNormalization (input, skip, gamma, beta, bias) and SkipSimplifiedLayerNormalization
/// (input, skip, gamma, bias): the norm of the sum, which is output 3.
static LogicalResult skipNorm(NodeBinder &node) {
  bool rms = node.function() == "rms";
  Value sum = node.binary("add", node.input(0), node.input(1)), bias = node.input(rms ? 3 : 4);
  if (bias)
    sum = node.binary("add", sum, bias);
  Value result =
      normalized(node, sum, node.input(2), rms ? Value() : node.input(3), rms, node.number("epsilon", 1e-5f));
  if (node.numOutputs() < 4)
    return node.finish(result);
  return node.finish({result, Value(), Value(), sum});
}

/// com.microsoft EmbedLayerNormalization: ids, segments, tables of words, positions and segments, gamma, beta, mask,
/// positions. Outputs are the norm of the sum, the number of tokens that the mask shows, and the sum.
static LogicalResult embedNorm(NodeBinder &node) {
  Value ids = node.input(0), mask = node.input(7), positions = node.input(8);
  for (size_t required : {2, 3, 5, 6})
    if (!node.input(required))
      return node.emitError() << "expected input " << required << ", found none";
  Value sum = node.create<GatherOp>(node.input(2), ids, 0);
  Type i64 = node.types().getI64Type();
  if (!positions) {
    Value count = node.create<SqueezeOp>(node.create<ShapeOp>(ids, 1, 2), ArrayRef<int64_t>{0});
    positions = node.create<IotaOp>(node.scalar(0, i64), count, node.scalar(1, i64));
  }
  sum = node.binary("add", sum, node.create<GatherOp>(node.input(3), positions, 0));
  if (node.input(1) && node.input(4))
    sum = node.binary("add", sum, node.create<GatherOp>(node.input(4), node.input(1), 0));
  Value result = normalized(node, sum, node.input(5), node.input(6), false, node.number("epsilon", 1e-12f));
  SmallVector<Value> outputs = {result};
  if (node.numOutputs() > 1) {
    Type i32 = node.types().getI32Type();
    Value shown = mask ? node.create<ReduceOp>("sum", node.cast(mask, i32), ArrayRef<int64_t>{1}, false)
                       : node.create<BroadcastOp>(node.scalar(0, i32), node.create<ShapeOp>(ids, 0, 1));
    outputs.push_back(shown);
  }
  if (node.numOutputs() > 2)
    outputs.push_back(sum);
  return node.finish(outputs);
}

static const OperatorRow rows[] = {
    {"", "MatMul", 1, 2, matMul},
    {"", "Gemm", 7, 2, gemm},
    // Of opset 17; ONNX Runtime's optimizer writes it, and the simplified one, into models of any opset.
    {"", "LayerNormalization", 1, 2, norm},
    {"", "SimplifiedLayerNormalization", 1, 2, norm, "rms"},
    {"", "RMSNormalization", 23, 2, norm, "rms"},
    {"com.microsoft", "EmbedLayerNormalization", 1, 1, embedNorm},
    {"com.microsoft", "FusedMatMul", 1, 2, fusedMatMul},
    {"com.microsoft", "SimplifiedLayerNormalization", 1, 2, norm, "rms"},
    {"com.microsoft", "SkipLayerNormalization", 1, 3, skipNorm},
    {"com.microsoft", "SkipSimplifiedLayerNormalization", 1, 3, skipNorm, "rms"},
};

ArrayRef<OperatorRow> edgelm::linearOperators() {
  return rows;
}
