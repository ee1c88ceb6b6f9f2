// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Result types of matrix products and of weights in blocks.
#include "Dialect/EdgeLMDialect.h"
#include "Dialect/Sizes.h"

#include "mlir/IR/Diagnostics.h"

using namespace mlir;
using namespace edgelm;
using OptionalLocation = std::optional<Location>;
using Types = SmallVectorImpl<Type>;

/// ONNX MatMul: a vector on the left is a row, one on the right a column; the added dimension vanishes again.
static LogicalResult inferProduct(OptionalLocation location, RankedTensorType lhs, RankedTensorType rhs, Type element,
                                  Types &types) {
  if (lhs.getRank() == 0 || rhs.getRank() == 0)
    return emitOptionalError(location, "expected vectors or matrices, found ", lhs, " and ", rhs);
  SmallVector<int64_t> left(lhs.getShape()), right(rhs.getShape());
  if (lhs.getRank() == 1)
    left.insert(left.begin(), 1);
  if (rhs.getRank() == 1)
    right.push_back(1);
  int64_t columns = left.back(), rows = right[right.size() - 2];
  if (!ShapedType::isDynamic(columns) && !ShapedType::isDynamic(rows) && columns != rows)
    return emitOptionalError(location, "matrices do not fit: ", lhs, " has ", columns, " columns, but ", rhs, " has ",
                             rows, " rows");
  std::optional<SmallVector<int64_t>> shape =
      broadcastShapes({ArrayRef(left).drop_back(2), ArrayRef(right).drop_back(2)});
  if (!shape)
    return emitOptionalError(location, "leading dimensions do not broadcast: found ", lhs, " and ", rhs);
  if (lhs.getRank() > 1)
    shape->push_back(left[left.size() - 2]);
  if (rhs.getRank() > 1)
    shape->push_back(right.back());
  types.push_back(RankedTensorType::get(*shape, element));
  return success();
}

LogicalResult MatMulOp::inferReturnTypes(MLIRContext *, OptionalLocation location, Adaptor adaptor, Types &types) {
  RankedTensorType lhs = tensorType(adaptor.getLhs()), rhs = tensorType(adaptor.getRhs());
  if (lhs.getElementType() != rhs.getElementType())
    return emitOptionalError(location, "expected operands of one element type, found ", lhs, " and ", rhs);
  return inferProduct(location, lhs, rhs, lhs.getElementType(), types);
}

LogicalResult MatMulIntegerOp::inferReturnTypes(MLIRContext *context, OptionalLocation location, Adaptor adaptor,
                                                Types &types) {
  return inferProduct(location, tensorType(adaptor.getLhs()), tensorType(adaptor.getRhs()),
                      IntegerType::get(context, 32), types);
}

LogicalResult DequantizeBlocksOp::inferReturnTypes(MLIRContext *, OptionalLocation location, Adaptor adaptor,
                                                   Types &types) {
  RankedTensorType codes = tensorType(adaptor.getCodes());
  int64_t blockSize = adaptor.getBlockSize(), k = adaptor.getK(), bits = adaptor.getBits();
  if (blockSize <= 0 || bits <= 0 || k <= 0 || k > kMostElements || blockSize > kMostElements || bits > 64)
    return emitOptionalError(location, "expected positive bits, block_size and k of a tensor, found ", bits, ", ",
                             blockSize, " and ", k);
  int64_t blocks = (k + blockSize - 1) / blockSize, bytes = (blockSize * bits + 7) / 8;
  if (codes.getRank() != 3 || !codes.hasStaticShape() || codes.getDimSize(1) != blocks || codes.getDimSize(2) != bytes)
    return emitOptionalError(location, "codes have the type ", codes, "; expected [N, ", blocks, ", ", bytes,
                             "] for k ", k, ", ", bits, " bits and blocks of ", blockSize);
  if (adaptor.getCodebook() &&
      (bits != 4 || blockSize % 2 != 0 || adaptor.getZeroPoints() || adaptor.getCodebook()->size() != 16))
    return emitOptionalError(location, "expected a codebook of 16 numbers for 4 bits without zero points, found ",
                             adaptor.getCodebook()->size(), " numbers for ", bits, " bits");
  int64_t rows = codes.getDimSize(0);
  RankedTensorType scales = tensorType(adaptor.getScales());
  if (scales.hasStaticShape() && scales.getNumElements() != rows * blocks)
    return emitOptionalError(location, "scales have the type ", scales, "; expected ", rows * blocks, " elements");
  types.push_back(RankedTensorType::get({rows, k}, scales.getElementType()));
  return success();
}
