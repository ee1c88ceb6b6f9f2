// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Algebra operations: renaming ones vanish, f32 elementwise ones are vectorised, the rest are scalar loops.
#include "Codegen/LowerAlgebra.h"
#include "Codegen/Kernels/Elementwise.h"
#include "Codegen/Kernels/Generic.h"

#include "Dialect/ScalarFunctions.h"

using namespace mlir;

namespace edgelm {

/// Bytes from the operand's start to the slice's when its elements lie together; empty otherwise.
static std::optional<int64_t> contiguousStart(SliceOp op) {
  RankedTensorType input = tensorType(op.getInput()), result = tensorType(op.getResult());
  bool cut = false;
  int64_t start = 0;
  for (int64_t axis = 0; axis < input.getRank(); ++axis) {
    if ((*op.getSteps())[axis] != 1 || (cut && result.getDimSize(axis) != input.getDimSize(axis)))
      return std::nullopt;
    cut |= result.getDimSize(axis) != 1;
    start = start * input.getDimSize(axis) + (*op.getStarts())[axis];
  }
  return start * llvm::divideCeil(input.getElementTypeBitWidth(), 8);
}

/// Whether the plan put the result where its operand lies already.
static bool onlyRenames(EntryLowering &e, Operation *op) {
  if (isa<ReshapeOp, UnsqueezeOp, SqueezeOp>(op))
    return e.liesAt(op->getResult(0), op->getOperand(0), 0);
  SliceOp slice = dyn_cast<SliceOp>(op);
  if (!slice || !slice.getStarts() || !slice.getSteps())
    return false;
  std::optional<int64_t> start = contiguousStart(slice);
  return start && e.liesAt(slice.getResult(), slice.getInput(), *start);
}

/// How an operand spreads over the result seen as [first dimension, all others]; empty when it does in no simple way.
static std::optional<ElementwiseSpec::Operand::Shape> shapeOf(RankedTensorType operand, RankedTensorType result) {
  using Operand = ElementwiseSpec::Operand;
  if (operand.getNumElements() == 1)
    return Operand::Scalar;
  int64_t lead = result.getRank() - operand.getRank();
  SmallVector<int64_t> shape(lead, 1);
  shape.append(operand.getShape().begin(), operand.getShape().end());
  if (ArrayRef(shape) == result.getShape())
    return Operand::Matrix;
  ArrayRef<int64_t> rest = ArrayRef(shape).drop_front();
  if (shape[0] == 1 && rest == result.getShape().drop_front())
    return Operand::Row;
  if (shape[0] == result.getDimSize(0) && llvm::all_of(rest, [](int64_t size) { return size == 1; }))
    return Operand::Column;
  return std::nullopt;
}

/// The vectorised form of an f32 elementwise operation; false when it is none.
static bool lowerElementwise(EntryLowering &e, Operation *op) {
  RankedTensorType result = tensorType(op->getResult(0));
  if (result.getRank() == 0)
    return false;
  ElementwiseSpec spec;
  if (UnaryOp unary = dyn_cast<UnaryOp>(op)) {
    spec.kind = ElementwiseSpec::Unary;
    spec.function = unary.getFn().str();
    spec.params.assign(unary.getParams().begin(), unary.getParams().end());
  } else if (BinaryOp binary = dyn_cast<BinaryOp>(op)) {
    spec.kind = ElementwiseSpec::Binary;
    spec.function = binary.getFn().str();
  } else if (GluOp glu = dyn_cast<GluOp>(op)) {
    spec.kind = ElementwiseSpec::Glu;
    spec.function = glu.getFn().str();
  } else {
    return false;
  }
  if (spec.kind != ElementwiseSpec::Binary) {
    ArrayRef<double> defaults = lookupUnary(spec.function)->defaults;
    for (size_t i = spec.params.size(); i < defaults.size(); ++i)
      spec.params.push_back(defaults[i]);
  }
  if (!result.getElementType().isF32())
    return false;
  // A vector is one row.
  if (result.getRank() == 1) {
    spec.columns = result.getDimSize(0);
  } else {
    spec.rows = result.getDimSize(0);
    spec.columns = result.getNumElements() / spec.rows;
  }
  RankedTensorType matrix = result.getRank() == 1 ? result.clone({1, spec.columns}) : result;
  for (Value value : op->getOperands()) {
    RankedTensorType type = tensorType(value);
    std::optional<ElementwiseSpec::Operand::Shape> shape = shapeOf(type, matrix);
    if (!type.getElementType().isF32() || !shape)
      return false;
    spec.operands.push_back({*shape, constantOf(value)});
  }
  func::FuncOp kernel = getElementwiseKernel(e.module, spec, e.isa);
  SmallVector<Value> buffers;
  for (Value value : op->getOperands())
    if (!constantOf(value))
      buffers.push_back(e.buffer(value, cast<MemRefType>(kernel.getArgumentTypes()[buffers.size()])));
  buffers.push_back(e.buffer(op->getResult(0), cast<MemRefType>(kernel.getArgumentTypes()[buffers.size()])));
  e.launch(op->getLoc(), kernel, buffers, spec.rows, spec.rows, 2 * result.getNumElements());
  return true;
}

LogicalResult lowerAlgebra(EntryLowering &e, Operation *op) {
  // A result without elements needs no kernel.
  if (llvm::all_of(op->getResultTypes(), [](Type type) { return cast<RankedTensorType>(type).getNumElements() == 0; }))
    return success();
  if (onlyRenames(e, op) || lowerElementwise(e, op))
    return success();
  for (Type type : op->getOperandTypes())
    if (cast<RankedTensorType>(type).getNumElements() == 0)
      return op->emitOpError("reads a tensor without elements: ") << type;
  func::FuncOp kernel = getGenericKernel(e.module, op, e.isa);
  if (!kernel)
    return op->emitOpError("has no kernel for ") << op->getOperandTypes() << " to " << op->getResultTypes();
  SmallVector<Value> buffers;
  for (Value value : op->getOperands())
    if (!constantOf(value))
      buffers.push_back(e.buffer(value, memrefOf(value.getType())));
  buffers.push_back(e.buffer(op->getResult(0), memrefOf(op->getResult(0).getType())));
  // Element operations of a generic kernel are slow ones.
  e.launchAt(op->getLoc(), kernel, buffers, e.scalar("pos") ? e.scalar("pos") : e.i32(0), e.i32(genericWorkItems(op)),
             genericWorkItems(op), 8 * tensorType(op->getResult(0)).getNumElements());
  return success();
}

} // namespace edgelm
