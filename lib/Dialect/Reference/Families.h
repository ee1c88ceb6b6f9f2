// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the families of the reference evaluator share, and one overload of `evaluateOp` for each operation.
#pragma once

#include "Dialect/EdgeLMDialect.h"
#include "Dialect/Reference/Tensor.h"

namespace edgelm {

/// The tensors of an operation's operands, found by the operand's value.
struct Operands {
  mlir::Operation *op;
  llvm::ArrayRef<Tensor> tensors; ///< in the order of the operation's operands

  /// The tensor of an operand; an empty one for an absent optional operand.
  const Tensor &operator[](mlir::Value value) const;
};

using TensorOr = mlir::FailureOr<Tensor>;
using TensorsOr = mlir::FailureOr<llvm::SmallVector<Tensor>>;

/// The element type of the operation's result number `index`.
mlir::Type resultElementType(mlir::Operation *op, unsigned index = 0);

/// The shape that all of them broadcast to (ONNX multidirectional broadcasting), or an error at `op`.
mlir::FailureOr<ShapeVector> broadcastShapes(mlir::Operation *op, llvm::ArrayRef<Shape> shapes);

/// Row-major strides in elements.
ShapeVector stridesOf(Shape shape);

/// Copies to row-major `out` the elements of `width` bytes at `in + sum(index * strides)`, index in `shape`.
/// Strides count elements and may be 0 or negative.
void copyStrided(char *out, const char *in, Shape shape, Shape strides, unsigned width);

/// `input` repeated to `shape`, which it must broadcast to; itself where nothing changes.
Tensor broadcastTo(const Tensor &input, Shape shape);
Tensor transposed(const Tensor &input, llvm::ArrayRef<int64_t> perm);

/// Splits a shape at an axis: `outer` repetitions of `extent` slices of `inner` elements.
struct AxisSplit {
  int64_t outer = 1, extent = 1, inner = 1;
};
AxisSplit splitAt(Shape shape, int64_t axis);

/// `rows` by `columns` product of f32 matrices, k ascending. `rhsTransposed`: rhs is [columns, k], else [k, columns]. `fused`: each
/// step is one fused multiply-add, else a rounded product and a rounded sum. Adds to `out`.
void multiplyAdd(const float *lhs, const float *rhs, float *out, int64_t rows, int64_t columns, int64_t k,
                 bool rhsTransposed, bool fused);

#define EDGELM_SINGLE(Op) TensorOr evaluateOp(Op op, const Operands &in);
EDGELM_SINGLE(ArgReduceOp)
EDGELM_SINGLE(AttentionOp)
EDGELM_SINGLE(BinaryOp)
EDGELM_SINGLE(BroadcastOp)
EDGELM_SINGLE(CacheAppendOp)
EDGELM_SINGLE(CachedAttentionOp)
EDGELM_SINGLE(CastOp)
EDGELM_SINGLE(CodedWeightOp)
EDGELM_SINGLE(CompareOp)
EDGELM_SINGLE(ConcatOp)
EDGELM_SINGLE(ConstantOp)
EDGELM_SINGLE(CumSumOp)
EDGELM_SINGLE(DequantizeBlocksOp)
EDGELM_SINGLE(DequantizeOp)
EDGELM_SINGLE(EmbedOp)
EDGELM_SINGLE(FillOp)
EDGELM_SINGLE(GatherElementsOp)
EDGELM_SINGLE(GatherNDOp)
EDGELM_SINGLE(GatherOp)
EDGELM_SINGLE(GluOp)
EDGELM_SINGLE(IotaOp)
EDGELM_SINGLE(LayerNormOp)
EDGELM_SINGLE(LinearOp)
EDGELM_SINGLE(MaskOp)
EDGELM_SINGLE(MatMulIntegerOp)
EDGELM_SINGLE(MatMulOp)
EDGELM_SINGLE(NonZeroOp)
EDGELM_SINGLE(PackedWeightOp)
EDGELM_SINGLE(PadOp)
EDGELM_SINGLE(PositionRowsOp)
EDGELM_SINGLE(QuantizeOp)
EDGELM_SINGLE(QuantizeRowsOp)
EDGELM_SINGLE(QuantizeWeightOp)
EDGELM_SINGLE(ReduceOp)
EDGELM_SINGLE(ReshapeOp)
EDGELM_SINGLE(RmsNormOp)
EDGELM_SINGLE(RopeOp)
EDGELM_SINGLE(ScatterNDOp)
EDGELM_SINGLE(SelectOp)
EDGELM_SINGLE(SelectRowOp)
EDGELM_SINGLE(ShapeOp)
EDGELM_SINGLE(SliceOp)
EDGELM_SINGLE(SoftmaxOp)
EDGELM_SINGLE(SqueezeOp)
EDGELM_SINGLE(TileOp)
EDGELM_SINGLE(TransposeOp)
EDGELM_SINGLE(TriluOp)
EDGELM_SINGLE(UnaryOp)
EDGELM_SINGLE(UnsqueezeOp)
EDGELM_SINGLE(WeightOp)
#undef EDGELM_SINGLE
TensorsOr evaluateOp(DynamicQuantizeOp op, const Operands &in);
TensorsOr evaluateOp(SplitOp op, const Operands &in);

} // namespace edgelm
