// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Result types of indexed reads and writes.
#include "Dialect/EdgeLMDialect.h"

#include "mlir/IR/Diagnostics.h"

using namespace mlir;
using namespace edgelm;
using OptionalLocation = std::optional<Location>;
using Types = SmallVectorImpl<Type>;

static LogicalResult checkIndexed(OptionalLocation location, RankedTensorType input, RankedTensorType indices,
                                  int64_t axis) {
  if (axis < 0 || axis >= input.getRank())
    return emitOptionalError(location, "axis ", axis, " is outside of ", input);
  if (!indices.getElementType().isInteger())
    return emitOptionalError(location, "expected integer indices, found ", indices);
  return success();
}

LogicalResult GatherOp::inferReturnTypes(MLIRContext *, OptionalLocation location, Adaptor adaptor, Types &types) {
  RankedTensorType input = tensorType(adaptor.getInput()), indices = tensorType(adaptor.getIndices());
  int64_t axis = adaptor.getAxis();
  if (failed(checkIndexed(location, input, indices, axis)))
    return failure();
  SmallVector<int64_t> shape(input.getShape().take_front(axis));
  llvm::append_range(shape, indices.getShape());
  llvm::append_range(shape, input.getShape().drop_front(axis + 1));
  types.push_back(input.clone(shape));
  return success();
}

LogicalResult GatherElementsOp::inferReturnTypes(MLIRContext *, OptionalLocation location, Adaptor adaptor,
                                                 Types &types) {
  RankedTensorType input = tensorType(adaptor.getInput()), indices = tensorType(adaptor.getIndices());
  types.push_back(indices.clone(input.getElementType()));
  if (input.getRank() != indices.getRank())
    return emitOptionalError(location, "expected indices of rank ", input.getRank(), ", found ", indices);
  return checkIndexed(location, input, indices, adaptor.getAxis());
}

LogicalResult GatherNDOp::inferReturnTypes(MLIRContext *, OptionalLocation location, Adaptor adaptor, Types &types) {
  RankedTensorType input = tensorType(adaptor.getInput()), indices = tensorType(adaptor.getIndices());
  if (indices.getRank() == 0 || ShapedType::isDynamic(indices.getShape().back()))
    return emitOptionalError(location, "expected index tuples of a known length, found ", indices);
  int64_t batch = adaptor.getBatchDims(), used = indices.getShape().back();
  if (batch < 0 || batch >= indices.getRank() || used > input.getRank() || (used += batch) > input.getRank())
    return emitOptionalError(location, "index tuples of ", indices, " are too long for ", input, " with ",
                             adaptor.getBatchDims(), " batch dimensions");
  SmallVector<int64_t> shape(indices.getShape().drop_back());
  llvm::append_range(shape, input.getShape().drop_front(used));
  types.push_back(input.clone(shape));
  return success();
}

LogicalResult ScatterNDOp::inferReturnTypes(MLIRContext *, OptionalLocation location, Adaptor adaptor, Types &types) {
  RankedTensorType input = tensorType(adaptor.getInput());
  types.push_back(input);
  if (tensorType(adaptor.getUpdates()).getElementType() != input.getElementType())
    return emitOptionalError(location, "expected updates of the element type of ", input, ", found ",
                             adaptor.getUpdates().getType());
  return success();
}
