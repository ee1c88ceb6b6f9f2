// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Elements of operations between floats and integer codes, as ONNX defines them.
#include "Codegen/Kernels/GenericQuantized.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

namespace edgelm {

namespace arith = mlir::arith;
using Indices = llvm::SmallVector<mlir::Value>;
using IndexRef = llvm::ArrayRef<mlir::Value>;

static bool isUnsigned(mlir::Value tensor) {
  return tensorType(tensor).getElementType().isUnsignedInteger();
}

/// A code as i32.
static Val wideCode(const GenericOperands &o, unsigned operand, IndexRef at) {
  return o.k.toWidth(o.load(operand, at), 32, !isUnsigned(o.op->getOperand(operand)));
}

/// Where the scale (or zero point) of the element at `at` lies: one for all, one a place along `axis`, or one a block.
static Indices scalePlace(KernelBuilder &k, mlir::Value scale, IndexRef at, int64_t axis, int64_t block) {
  mlir::RankedTensorType type = tensorType(scale);
  if (axis < 0)
    axis += int64_t(at.size());
  if (block > 0) {
    Indices place(at);
    place[axis] = k.wrap(at[axis]) / double(block);
    return place;
  }
  if (type.getNumElements() == 1)
    return Indices(type.getRank(), k.index(0).value);
  return {at[axis]};
}

Val quantized(const GenericOperands &o, QuantizeOp op, IndexRef at) {
  KernelBuilder &k = o.k;
  Indices place = scalePlace(k, op.getScale(), at, op.getAxis(), op.getBlockSize());
  Val quotient = o.load(0, at) / o.load(1, place);
  Val code = k.wrap(mlir::math::RoundEvenOp::create(k.b, k.loc, quotient));
  if (op.getZeroPoint())
    code = code + k.toFloat(wideCode(o, 2, place));
  unsigned bits = op.getTo().getIntOrFloatBitWidth();
  bool noSign = op.getTo().isUnsignedInteger();
  double least = noSign ? 0 : -double(uint64_t(1) << (bits - 1)), greatest = least + double(uint64_t(1) << bits) - 1;
  code = k.min(k.max(code, k.f32(least)), k.f32(greatest));
  Val integer = k.wrap(arith::FPToSIOp::create(k.b, k.loc, k.b.getI32Type(), code.value));
  return k.toWidth(integer, memrefOf(op.getType()).getElementTypeBitWidth());
}

Val dequantized(const GenericOperands &o, DequantizeOp op, IndexRef at) {
  KernelBuilder &k = o.k;
  Indices place = scalePlace(k, op.getScale(), at, op.getAxis(), op.getBlockSize());
  Val code = wideCode(o, 0, at);
  if (op.getZeroPoint())
    code = code - wideCode(o, 2, place);
  return k.toFloat(code) * o.load(1, place);
}

/// The place of a zero point: one for all, or one a row or column (the last but `fromEnd` index of the result).
static Indices zeroPlace(KernelBuilder &k, mlir::Value zero, Val own) {
  mlir::RankedTensorType type = tensorType(zero);
  Indices place(type.getRank(), k.index(0).value);
  for (int64_t dim = 0; dim < type.getRank(); ++dim)
    if (type.getDimSize(dim) != 1)
      place[dim] = own;
  return place;
}

bool hasSimpleZeroPoints(MatMulIntegerOp op) {
  // More than one of them for the left operand, or stacks of them, are left to the reference.
  auto isOne = [](mlir::Value value) { return !value || tensorType(value).getNumElements() == 1; };
  return isOne(op.getLhsZeroPoint()) &&
         (isOne(op.getRhsZeroPoint()) || tensorType(op.getRhsZeroPoint()).getRank() == 1) &&
         tensorType(op.getLhs()).getRank() > 1 && tensorType(op.getRhs()).getRank() > 1;
}

Val integerProduct(const GenericOperands &o, MatMulIntegerOp op, IndexRef at) {
  KernelBuilder &k = o.k;
  llvm::ArrayRef<int64_t> left = tensorType(op.getLhs()).getShape(), right = tensorType(op.getRhs()).getShape();
  IndexRef batch = at.drop_back(2);
  Val row = k.wrap(at[at.size() - 2]), column = k.wrap(at.back());
  auto indices = [&](llvm::ArrayRef<int64_t> shape, Val first, Val second) {
    Indices own;
    int64_t batches = int64_t(shape.size()) - 2;
    for (int64_t dim = 0; dim < batches; ++dim)
      own.push_back(shape[dim] == 1 ? k.index(0).value : batch[batch.size() - batches + dim]);
    own.append({first, second});
    return own;
  };
  auto zeroOf = [&](mlir::Value zero, Val own) {
    if (!zero)
      return k.i32(0);
    unsigned operand = 0;
    while (op->getOperand(operand) != zero || operand < 2)
      ++operand;
    return wideCode(o, operand, zeroPlace(k, zero, own));
  };
  Val leftZero = zeroOf(op.getLhsZeroPoint(), row), rightZero = zeroOf(op.getRhsZeroPoint(), column);
  return k.loop(k.index(0), k.index(left.back()), 1, {k.i32(0)}, [&](Val i, llvm::ArrayRef<Val> sum) -> Vals {
    Val x = wideCode(o, 0, indices(left, row, i)) - leftZero;
    Val y = wideCode(o, 1, indices(right, i, column)) - rightZero;
    return {sum[0] + x * y};
  })[0];
}

} // namespace edgelm
