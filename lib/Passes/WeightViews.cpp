// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Finds contiguous parts of weights and hashes them.
#include "Passes/WeightViews.h"
#include "Dialect/MappedFile.h"
#include "Dialect/WeightStore.h"

using namespace mlir;
using namespace edgelm;

/// Fewer elements are held better in the IR.
static constexpr int64_t kLeastElements = 65;

namespace {
/// Elements [first, first + count) of a weight.
struct Range {
  WeightOp weight;
  int64_t first, count;
};
} // namespace

static std::optional<Range> sliceRange(SliceOp op, WeightOp weight) {
  if (!op.getStarts())
    return std::nullopt;
  ArrayRef<int64_t> shape = tensorType(weight.getResult()).getShape(), sizes = *op.getSizes();
  int64_t rank = shape.size(), partial = 0;
  // Dimensions before the last one that is cut must have size 1 in the result.
  for (int64_t d = 0; d < rank; ++d)
    if (sizes[d] != shape[d])
      partial = d;
  int64_t first = 0, count = 1;
  for (int64_t d = 0; d < rank; ++d) {
    if ((*op.getSteps())[d] != 1 || (d < partial && sizes[d] != 1))
      return std::nullopt;
    first = first * shape[d] + (*op.getStarts())[d];
    count *= sizes[d];
  }
  return Range{weight, first, count};
}

static std::optional<Range> gatherRange(GatherOp op, WeightOp weight) {
  ArrayRef<int64_t> shape = tensorType(weight.getResult()).getShape();
  ConstantOp indices = op.getIndices().getDefiningOp<ConstantOp>();
  DenseElementsAttr elements = indices ? dyn_cast<DenseElementsAttr>(indices.getValue()) : DenseElementsAttr();
  int64_t axis = op.getAxis(), rowElements = 1;
  if (!elements || elements.empty() || llvm::any_of(shape.take_front(axis), [](int64_t size) { return size != 1; }))
    return std::nullopt;
  for (int64_t size : shape.drop_front(axis + 1))
    rowElements *= size;
  std::optional<int64_t> first;
  int64_t next = 0;
  for (const APInt &element : elements.getValues<APInt>()) {
    int64_t index = element.getSExtValue() < 0 ? element.getSExtValue() + shape[axis] : element.getSExtValue();
    if (!first)
      next = index;
    if (index != next++ || index < 0 || index >= shape[axis])
      return std::nullopt;
    if (!first)
      first = index;
  }
  return Range{weight, *first * rowElements, elements.getNumElements() * rowElements};
}

static std::optional<Range> rangeOf(Operation *op) {
  if (op->getNumOperands() == 0)
    return std::nullopt;
  WeightOp weight = op->getOperand(0).getDefiningOp<WeightOp>();
  if (!weight)
    return std::nullopt;
  ReshapeOp reshape = dyn_cast<ReshapeOp>(op);
  if (reshape && !reshape.getShape())
    return Range{weight, 0, tensorType(weight.getResult()).getNumElements()};
  if (SliceOp slice = dyn_cast<SliceOp>(op))
    return sliceRange(slice, weight);
  if (GatherOp gather = dyn_cast<GatherOp>(op))
    return gatherRange(gather, weight);
  return std::nullopt;
}

FailureOr<Value> edgelm::asWeight(Operation *op, OpBuilder &builder) {
  std::optional<Range> range = rangeOf(op);
  if (!range || range->count < kLeastElements)
    return Value();
  RankedTensorType type = tensorType(op->getResult(0));
  WeightAttr whole = range->weight.getSource();
  int64_t bits = type.getElementTypeBitWidth();
  bool isWhole = range->count == tensorType(range->weight.getResult()).getNumElements();
  if (isWhole)
    return WeightOp::create(builder, op->getLoc(), type, whole).getResult();
  if (bits < 8)
    return Value();
  int64_t offset = range->first * bits / 8, length = range->count * bits / 8;
  WeightStore &store = WeightStore::get(op->getContext());
  FailureOr<ArrayRef<uint8_t>> bytes = store.bytes(range->weight);
  if (failed(bytes))
    return failure();
  WeightAttr part = WeightAttr::get(op->getContext(), whole.getFile(), whole.getOffset() + offset, length,
                                    sha256(bytes->slice(offset, length)));
  store.trust(part, modelDirOf(op));
  return WeightOp::create(builder, op->getLoc(), type, part).getResult();
}
