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

/// Our normalisations are over the last dimension.
static LogicalResult checkLastAxis(NodeBinder &node) {
  int64_t rank = tensorType(node.input(0)).getRank(), axis = node.integer("axis", -1);
  if (axis == -1 || axis == rank - 1)
    return success();
  return node.emitError() << "found axis " << axis << "; expected the last one, " << rank - 1;
}

static Value normalized(NodeBinder &node, Value x, Value weight, Value bias, bool rms, double epsilon) {
  Builder &types = node.types();
  if (rms)
    return node.create<RmsNormOp>(x, weight, types.getF64FloatAttr(epsilon));
  return node.create<LayerNormOp>(x, weight, bias, types.getF64FloatAttr(epsilon));
}

/// LayerNormalization, and RMSNormalization or SimplifiedLayerNormalization (the row's function is "rms").
static LogicalResult norm(NodeBinder &node) {
  if (failed(checkLastAxis(node)))
    return failure();
  bool rms = node.function() == "rms";
  Value bias = rms ? Value() : node.input(2);
  return node.finish(normalized(node, node.input(0), node.input(1), bias, rms, node.number("epsilon", 1e-5f)));
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

static const OperatorRow rows[] = {
    {"", "MatMul", 1, 2, matMul},
    {"", "Gemm", 7, 2, gemm},
    // Of opset 17; ONNX Runtime's optimizer writes it, and the simplified one, into models of any opset.
    {"", "LayerNormalization", 1, 2, norm},
    {"", "SimplifiedLayerNormalization", 1, 2, norm, "rms"},
    {"com.microsoft", "FusedMatMul", 1, 2, fusedMatMul},
    {"com.microsoft", "SimplifiedLayerNormalization", 1, 2, norm, "rms"},
    {"com.microsoft", "SkipLayerNormalization", 1, 3, skipNorm},
    {"com.microsoft", "SkipSimplifiedLayerNormalization", 1, 3, skipNorm, "rms"},
};

ArrayRef<OperatorRow> edgelm::linearOperators() {
  return rows;
}
