// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Finds the evaluation of an operation among the families.
#include "Dialect/Reference/Evaluate.h"
#include "Dialect/Reference/Families.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace edgelm;

static TensorsOr asList(TensorOr single) {
  if (failed(single))
    return failure();
  return SmallVector<Tensor>{*single};
}

static TensorsOr asList(TensorsOr many) {
  return many;
}

// What entries consist of after lowering has no values.
static TensorsOr evaluateOp(LaunchOp op, const Operands &) {
  return op.emitError("cannot be evaluated");
}
static TensorsOr evaluateOp(PollOp op, const Operands &) {
  return op.emitError("cannot be evaluated");
}

template <typename... Ops> static TensorsOr dispatch(Operation *op, const Operands &in) {
  return llvm::TypeSwitch<Operation *, TensorsOr>(op)
      .Case<Ops...>([&](auto concrete) { return asList(evaluateOp(concrete, in)); })
      .Default([](Operation *other) -> TensorsOr { return other->emitError("cannot be evaluated"); });
}

/// Whether tensors of the type can hold values here.
static LogicalResult checkElements(Operation *op) {
  for (Value value : op->getResults()) {
    RankedTensorType type = dyn_cast<RankedTensorType>(value.getType());
    bool holdsCodes = type && isa<QType, Int8RowsType, Int8CacheType>(type.getElementType());
    if (!type || (!holdsCodes && elementBytes(type.getElementType()) == 0))
      return op->emitError("cannot be evaluated on ") << value.getType();
  }
  return success();
}

FailureOr<SmallVector<Tensor>> edgelm::evaluate(Operation *op, ArrayRef<Tensor> operands) {
  if (failed(checkElements(op)))
    return failure();
  return dispatch<
#define GET_OP_LIST
#include "Dialect/EdgeLMOps.cpp.inc"
      >(op, Operands{op, operands});
}
