// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Follows trained values to their bytes.
#include "Passes/Sources.h"

using namespace mlir;
using namespace edgelm;

std::optional<Source> edgelm::findSource(Value value) {
  if (WeightOp weight = value.getDefiningOp<WeightOp>())
    return Source{weight.getSource(), weight.getLoc(), tensorType(weight)};
  if (ConstantOp constant = value.getDefiningOp<ConstantOp>())
    return Source{constant.getValue(), constant.getLoc(), tensorType(constant)};
  RankedTensorType type = tensorType(value);
  if (CodedWeightOp coded = value.getDefiningOp<CodedWeightOp>())
    return Source{coded.getSource(), coded.getLoc(), type, false, dyn_cast<QType>(type.getElementType())};
  if (QuantizeWeightOp quantize = value.getDefiningOp<QuantizeWeightOp>()) {
    std::optional<Source> source = findSource(quantize.getWeight());
    if (!source || source->format)
      return std::nullopt;
    source->format = type.getElementType();
    source->groupAxis = quantize.getAxis();
    return source;
  }
  if (CastOp cast = value.getDefiningOp<CastOp>()) {
    std::optional<Source> source = findSource(cast.getInput());
    // Narrowing rounds, which packing would undo by not doing it.
    if (!source || !isa<FloatType>(source->type.getElementType()) || !isa<FloatType>(type.getElementType()) ||
        type.getElementTypeBitWidth() < source->elementType().getIntOrFloatBitWidth())
      return std::nullopt;
    return source;
  }
  if (TransposeOp transpose = value.getDefiningOp<TransposeOp>()) {
    std::optional<Source> source = findSource(transpose.getInput());
    if (!source || transpose.getPerm() != ArrayRef<int64_t>{1, 0})
      return std::nullopt;
    source->type = type.clone(source->type.getElementType());
    source->transposed = !source->transposed;
    return source;
  }
  if (ReshapeOp reshape = value.getDefiningOp<ReshapeOp>()) {
    std::optional<Source> source = findSource(reshape.getInput());
    if (!source || source->transposed)
      return std::nullopt;
    source->type = type.clone(source->type.getElementType());
    return source;
  }
  return std::nullopt;
}

StringRef edgelm::nameOf(Location loc) {
  StringRef found;
  loc->walk([&](Location part) {
    NameLoc name = dyn_cast<NameLoc>(part);
    if (!name)
      return WalkResult::advance();
    found = name.getName();
    return WalkResult::interrupt();
  });
  return found;
}
