// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// ONNX operators of quantized models; codes, scales and zero points stay as they are.
#include "Dialect/Import/NodeBinder.h"

using namespace mlir;
using namespace edgelm;

/// Axis of the scales; it means nothing when there is one scale.
static int64_t scaleAxis(NodeBinder &node) {
  int64_t rank = tensorType(node.input(0)).getRank(), axis = node.integer("axis", 1);
  RankedTensorType scale = tensorType(node.input(1));
  bool isOne = scale.getRank() == 0 || (scale.getRank() == 1 && scale.getDimSize(0) == 1);
  return isOne ? 0 : node.axis(axis, rank);
}

static LogicalResult quantize(NodeBinder &node) {
  Type to = node.types().getIntegerType(8, /*isSigned=*/false);
  if (node.input(2))
    to = tensorType(node.input(2)).getElementType();
  else if (int64_t stated = node.integer("output_dtype", 0))
    to = elementType(stated, node.types().getContext());
  if (!to || !to.isInteger())
    return node.emitError() << "expected an integer type of the result";
  return node.finish(node.create<QuantizeOp>(node.input(0), node.input(1), node.input(2), scaleAxis(node),
                                             node.integer("block_size", 0), to));
}

static LogicalResult dequantize(NodeBinder &node) {
  return node.finish(node.create<DequantizeOp>(node.input(0), node.input(1), node.input(2), scaleAxis(node),
                                               node.integer("block_size", 0)));
}

static LogicalResult dynamicQuantize(NodeBinder &node) {
  return node.finish(node.createMany<DynamicQuantizeOp>(3, node.input(0), false));
}

static LogicalResult matMulInteger(NodeBinder &node) {
  return node.finish(node.create<MatMulIntegerOp>(node.input(0), node.input(1), node.input(2), node.input(3)));
}

/// A, its scale and zero point, the same of B, the same of the result: the integer product is exact, its one rounding is
/// that to the result's codes.
static LogicalResult qLinearMatMul(NodeBinder &node) {
  Value product = node.create<MatMulIntegerOp>(node.input(0), node.input(3), node.input(2), node.input(5));
  Type element = tensorType(node.input(1)).getElementType();
  Value scale = node.binary("mul", node.input(1), node.input(4));
  Value result = node.binary("mul", node.cast(product, element), scale);
  Type to = tensorType(node.input(7)).getElementType();
  return node.finish(node.create<QuantizeOp>(result, node.input(6), node.input(7), 0, 0, to));
}

/// com.microsoft MatMulIntegerToFloat: A, B, scales of A and B, zero points of A and B, bias.
static LogicalResult matMulIntegerToFloat(NodeBinder &node) {
  Value product = node.create<MatMulIntegerOp>(node.input(0), node.input(1), node.input(4), node.input(5));
  Type element = tensorType(node.input(2)).getElementType();
  Value scale = node.binary("mul", node.input(2), node.input(3));
  Value result = node.binary("mul", node.cast(product, element), scale);
  if (node.input(6))
    result = node.binary("add", result, node.input(6));
  return node.finish(result);
}

/// com.microsoft DynamicQuantizeMatMul: A (float), B, scale of B, zero point of B, bias.
static LogicalResult dynamicQuantizeMatMul(NodeBinder &node) {
  SmallVector<Value> quantized = node.createMany<DynamicQuantizeOp>(3, node.input(0), false);
  Value product = node.create<MatMulIntegerOp>(quantized[0], node.input(1), quantized[2], node.input(3));
  Type element = tensorType(node.input(0)).getElementType();
  Value scale = node.binary("mul", quantized[1], node.input(2));
  Value result = node.binary("mul", node.cast(product, element), scale);
  if (node.input(4))
    result = node.binary("add", result, node.input(4));
  return node.finish(result);
}

/// com.microsoft MatMulNBits: A, codes of B [N, K] in blocks along K, scales, zero points, g_idx, bias.
static LogicalResult matMulNBits(NodeBinder &node) {
  int64_t bits = node.integer("bits", 4), block = node.integer("block_size", 0);
  if (bits != 2 && bits != 3 && bits != 4 && bits != 8)
    return node.emitError() << "found bits = " << bits << "; expected 2, 3, 4 or 8";
  if (block < 16 || !llvm::isPowerOf2_64(block))
    return node.emitError() << "found block_size = " << block << "; expected a power of two of at least 16";
  // The block of each column; exporters write it also where nothing is reordered.
  if (node.input(4))
    for (auto [column, group] : llvm::enumerate(node.constantInput(4, "g_idx")))
      if (group != int64_t(column) / block)
        return node.emitError() << "g_idx gives column " << column << " the scale of block " << group
                                << "; reordered columns are not supported";
  Value weight = node.create<DequantizeBlocksOp>(node.input(1), node.input(2), node.input(3), bits, block,
                                                 node.integer("K", 0), DenseF32ArrayAttr());
  Value product = node.create<MatMulOp>(node.input(0), node.create<TransposeOp>(weight, ArrayRef<int64_t>{1, 0}));
  if (node.input(5))
    product = node.binary("add", product, node.input(5));
  return node.finish(product);
}

/// The numbers of FP4 and NF4 as bitsandbytes has them (Dettmers et al. 2023, appendix E).
static constexpr float kFloat4[16] = {
    0,     5.208333333e-03f,  0.66666667f,  1,  0.33333333f,  0.5f,  0.16666667f,  0.25f,
    -0.0f, -5.208333333e-03f, -0.66666667f, -1, -0.33333333f, -0.5f, -0.16666667f, -0.25f};
static constexpr float kNormalFloat4[16] = {-1,
                                            -0.6961928009986877f,
                                            -0.5250730514526367f,
                                            -0.39491748809814453f,
                                            -0.28444138169288635f,
                                            -0.18477343022823334f,
                                            -0.09105003625154495f,
                                            0,
                                            0.07958029955625534f,
                                            0.16093020141124725f,
                                            0.24611230194568634f,
                                            0.33791524171829224f,
                                            0.44070982933044434f,
                                            0.5626170039176941f,
                                            0.7229568362236023f,
                                            1};

/// com.microsoft MatMulBnb4: A, codes of B [N, K] in blocks of the flattened matrix, the largest magnitude of each.
static LogicalResult matMulBnb4(NodeBinder &node) {
  int64_t k = node.integer("K", 0), n = node.integer("N", 0), block = node.integer("block_size", 0);
  int64_t type = node.integer("quant_type", 1);
  if (type != 0 && type != 1)
    return node.emitError() << "found quant_type = " << type << "; expected 0 (FP4) or 1 (NF4)";
  if (block < 16 || !llvm::isPowerOf2_64(block) || k < 1 || n < 1 || k % block != 0)
    return node.emitError() << "found K = " << k << ", N = " << n << " and block_size = " << block
                            << "; expected a power of two of at least 16 that divides K";
  if (!node.integer("transB", 1))
    return node.emitError() << "found transB = 0; expected 1";
  Value codes = node.create<ReshapeOp>(node.input(1), node.vector({n, k / block, block / 2}), false);
  Value weight = node.create<DequantizeBlocksOp>(codes, node.input(2), Value(), 4, block, k,
                                                 node.types().getDenseF32ArrayAttr(type ? kNormalFloat4 : kFloat4));
  return node.finish(node.create<MatMulOp>(node.input(0), node.create<TransposeOp>(weight, ArrayRef<int64_t>{1, 0})));
}

/// com.microsoft GatherBlockQuantized: codes, indices, scales, zero points. Codes of 4 bits, or bytes that hold `bits` bits
/// each along the last dimension and whose zero points are 2^(bits-1) unless given.
static LogicalResult gatherBlockQuantized(NodeBinder &node) {
  RankedTensorType type = tensorType(node.input(0)), scales = tensorType(node.input(2));
  int64_t rank = type.getRank(), block = node.integer("block_size", 128), bits = node.integer("bits", 4);
  int64_t gathered = node.axis(node.integer("gather_axis", 0), rank),
          quantized = node.axis(node.integer("quantize_axis", 1), rank);
  if (block < 16 || !llvm::isPowerOf2_64(block))
    return node.emitError() << "found block_size = " << block << "; expected a power of two of at least 16";
  if (!type.getElementType().isUnsignedInteger(8)) {
    Value table = node.create<DequantizeOp>(node.input(0), node.input(2), node.input(3), quantized, block);
    return node.finish(node.create<GatherOp>(table, node.input(1), gathered));
  }
  bool isMatrix = rank == 2 && type.hasStaticShape() && gathered == 0 && quantized == 1;
  if (!isMatrix || (bits != 2 && bits != 4 && bits != 8))
    return node.emitError() << "expected rows of a matrix of a known shape in 2, 4 or 8 bits, found " << type << " in "
                            << bits << " bits, gather_axis = " << gathered << ", quantize_axis = " << quantized;
  int64_t k = type.getDimSize(1) * (8 / bits), blocks = (k + block - 1) / block;
  if (k % block != 0 || scales.getRank() != 2)
    return node.emitError() << "expected rows of a multiple of " << block << " numbers and a matrix of scales, found "
                            << k << " and " << scales;
  Value codes =
      node.create<ReshapeOp>(node.input(0), node.vector({type.getDimSize(0), blocks, block * bits / 8}), false);
  Value table =
      node.create<DequantizeBlocksOp>(codes, node.input(2), node.input(3), bits, block, k, DenseF32ArrayAttr());
  return node.finish(node.create<GatherOp>(table, node.input(1), 0));
}

static const OperatorRow rows[] = {
    {"", "QuantizeLinear", 10, 2, quantize},
    {"", "DequantizeLinear", 10, 2, dequantize},
    {"", "DynamicQuantizeLinear", 11, 1, dynamicQuantize},
    {"", "MatMulInteger", 10, 2, matMulInteger},
    {"", "QLinearMatMul", 10, 8, qLinearMatMul},
    {"com.microsoft", "QuantizeLinear", 1, 2, quantize},
    {"com.microsoft", "DequantizeLinear", 1, 2, dequantize},
    {"com.microsoft", "MatMulIntegerToFloat", 1, 4, matMulIntegerToFloat},
    {"com.microsoft", "DynamicQuantizeMatMul", 1, 3, dynamicQuantizeMatMul},
    {"com.microsoft", "MatMulNBits", 1, 3, matMulNBits},
    {"com.microsoft", "MatMulBnb4", 1, 3, matMulBnb4},
    {"com.microsoft", "GatherBlockQuantized", 1, 3, gatherBlockQuantized},
};

ArrayRef<OperatorRow> edgelm::quantizeOperators() {
  return rows;
}
