// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Merges inferred types with those that an operation has.
#include "Dialect/InferTypes.h"
#include "Dialect/EdgeLMDialect.h"
#include "Dialect/Sizes.h"

#include "mlir/IR/Diagnostics.h"

using namespace mlir;
using namespace edgelm;

/// Whether `found` quantizes the f32 that is `expected`: what computes f32 may write it so.
static bool quantizes(Type found, Type expected) {
  return isa<Int8RowsType>(found) && expected.isF32();
}

/// The type that knows what either knows, with the element type of `left`, or null when they contradict.
static RankedTensorType merge(RankedTensorType left, RankedTensorType right) {
  Type element = left.getElementType();
  bool sameElements = element == right.getElementType() || quantizes(element, right.getElementType());
  if (!sameElements || left.getRank() != right.getRank())
    return {};
  SmallVector<int64_t> shape;
  for (auto [a, b] : llvm::zip_equal(left.getShape(), right.getShape())) {
    if (!ShapedType::isDynamic(a) && !ShapedType::isDynamic(b) && a != b)
      return {};
    shape.push_back(ShapedType::isDynamic(a) ? b : a);
  }
  return RankedTensorType::get(shape, element);
}

bool edgelm::areCompatible(TypeRange left, TypeRange right) {
  if (left.size() != right.size())
    return false;
  return llvm::all_of(llvm::zip_equal(left, right), [](std::tuple<Type, Type> pair) {
    auto a = dyn_cast_or_null<RankedTensorType>(std::get<0>(pair));
    auto b = dyn_cast_or_null<RankedTensorType>(std::get<1>(pair));
    return !a || !b || merge(a, b) || merge(b, a);
  });
}

LogicalResult edgelm::mergeTypes(std::optional<Location> location, StringRef opName, ArrayRef<Type> inferred,
                                 SmallVectorImpl<Type> &types) {
  if (types.empty())
    types.assign(inferred.begin(), inferred.end());
  if (inferred.size() != types.size())
    return emitOptionalError(location, "'", opName, "' op expects ", inferred.size(), " results, found ", types.size());
  for (auto [found, expected] : llvm::zip_equal(types, inferred)) {
    if (!expected)
      continue;
    RankedTensorType known = dyn_cast_or_null<RankedTensorType>(found);
    RankedTensorType merged = known ? merge(known, cast<RankedTensorType>(expected)) : cast<RankedTensorType>(expected);
    if (!merged)
      return emitOptionalError(location, "'", opName, "' op has the result type ", found, ", but its operands give ",
                               expected);
    found = merged;
  }
  return success();
}

LogicalResult edgelm::refineResultTypes(Operation *op) {
  InferTypeOpInterface inference = dyn_cast<InferTypeOpInterface>(op);
  if (!inference || op->hasTrait<OpTrait::ConstantLike>())
    return success();
  SmallVector<Type> types(op->getResultTypes());
  if (failed(inference.refineReturnTypes(op->getContext(), op->getLoc(), op->getOperands(), op->getRawDictionaryAttrs(),
                                         op->getPropertiesStorage(), op->getRegions(), types)))
    return failure();
  for (auto [result, type] : llvm::zip_equal(op->getResults(), types)) {
    if (auto tensor = dyn_cast_or_null<RankedTensorType>(type))
      if (failed(checkSizes(op->getLoc(), tensor.getShape())))
        return failure();
    result.setType(type);
  }
  return success();
}

LogicalResult edgelm::checkSizes(std::optional<Location> location, ArrayRef<int64_t> shape) {
  int64_t elements = 1;
  for (int64_t size : shape) {
    if (ShapedType::isDynamic(size))
      continue;
    if (size < 0)
      return emitOptionalError(location, "a tensor has the sizes [", shape, "]; expected none below 0");
    if (size > kMostElements / elements)
      return emitOptionalError(location, "a tensor has the sizes [", shape, "]; expected at most ", kMostElements,
                               " elements");
    elements *= std::max<int64_t>(size, 1);
  }
  return success();
}

std::optional<SmallVector<int64_t>> edgelm::broadcastShapes(ArrayRef<ArrayRef<int64_t>> shapes) {
  size_t rank = 0;
  for (ArrayRef<int64_t> shape : shapes)
    rank = std::max(rank, shape.size());
  SmallVector<int64_t> result(rank, 1);
  for (ArrayRef<int64_t> shape : shapes) {
    for (size_t i = 0; i < shape.size(); ++i) {
      int64_t &known = result[rank - shape.size() + i];
      int64_t size = shape[i];
      if (size == 1 || size == known)
        continue;
      // A `?` beside a number other than 1 can only be that number or 1.
      if (known == 1 || ShapedType::isDynamic(known))
        known = ShapedType::isDynamic(size) && known != 1 ? known : size;
      else if (!ShapedType::isDynamic(size))
        return std::nullopt;
    }
  }
  return result;
}
