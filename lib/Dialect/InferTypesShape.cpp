// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Result types of operations that change the shape; shape operands count as far as they are known.
#include "Dialect/EdgeLMDialect.h"
#include "Dialect/KnownValues.h"
#include "Dialect/Sizes.h"

#include "mlir/IR/Diagnostics.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace edgelm;
using OptionalLocation = std::optional<Location>;
using Shape = SmallVector<int64_t>;
using Types = SmallVectorImpl<Type>;

static constexpr int64_t kUnknown = ShapedType::kDynamic;

static bool known(int64_t size) {
  return size != kUnknown;
}

/// Most dimensions that a shape operand may give: no model has a tenth of them.
static constexpr int64_t kMostDimensions = 64;

/// Elements of a shape operand, unknown ones where only its length is known. Without a length the rank is unknown: an
/// error.
static FailureOr<Shape> shapeOperand(OptionalLocation location, StringRef what, Value operand) {
  if (std::optional<Shape> values = knownValues(operand))
    return *values;
  RankedTensorType type = tensorType(operand);
  if (type.getRank() == 1 && !type.isDynamicDim(0) && type.getDimSize(0) <= kMostDimensions)
    return Shape(type.getDimSize(0), kUnknown);
  return emitOptionalError(location, "the rank of the result is unknown: found ", what, " of type ", type,
                           ", expected a vector of a known length, at most ", kMostDimensions);
}

static LogicalResult checkAxis(OptionalLocation location, RankedTensorType type, int64_t axis) {
  if (axis >= 0 && axis < type.getRank())
    return success();
  return emitOptionalError(location, "axis ", axis, " is outside of ", type);
}

LogicalResult ShapeOp::inferReturnTypes(MLIRContext *context, OptionalLocation location, Adaptor adaptor,
                                        Types &types) {
  int64_t start = adaptor.getStart(), end = adaptor.getEnd(), rank = tensorType(adaptor.getInput()).getRank();
  if (start < 0 || start > end || end > rank)
    return emitOptionalError(location, "dimensions ", start, " to ", end, " are outside of ",
                             adaptor.getInput().getType());
  types.push_back(RankedTensorType::get({end - start}, IntegerType::get(context, 64)));
  return success();
}

/// Sizes that a Reshape to `shape` gives: 0 copies, one -1 (or one unknown size of a static input) is what remains.
static FailureOr<Shape> reshapedSizes(OptionalLocation location, RankedTensorType input, Shape shape, bool allowZero) {
  int64_t unknownSizes = 0, rest = 1, open = -1;
  for (auto [i, size] : llvm::enumerate(shape)) {
    if (size == 0 && !allowZero) {
      if (static_cast<int64_t>(i) >= input.getRank())
        return emitOptionalError(location, "dimension ", i, " cannot be copied from ", input);
      size = input.getDimSize(i);
    }
    if (size == -1 || !known(size)) {
      ++unknownSizes;
      open = i;
      size = kUnknown;
    } else if (llvm::MulOverflow(rest, size, rest)) {
      return emitOptionalError(location, "found the shape [", shape, "]; expected at most ", kMostElements,
                               " elements");
    }
  }
  if (failed(checkSizes(location, shape)))
    return failure();
  if (!input.hasStaticShape() || unknownSizes > 1)
    return shape;
  int64_t elements = input.getNumElements();
  bool fits = open == -1 ? rest == elements : rest == 0 ? elements == 0 : elements % rest == 0;
  if (!fits)
    return emitOptionalError(location, "expected a shape of ", elements, " elements for ", input, ", found [", shape,
                             "]");
  if (open != -1)
    shape[open] = rest == 0 ? 0 : elements / rest;
  return shape;
}

LogicalResult ReshapeOp::inferReturnTypes(MLIRContext *, OptionalLocation location, Adaptor adaptor, Types &types) {
  RankedTensorType input = tensorType(adaptor.getInput());
  if (!adaptor.getShape()) {
    types.push_back({});
    return success();
  }
  FailureOr<Shape> shape = shapeOperand(location, "shape", adaptor.getShape());
  if (succeeded(shape))
    shape = reshapedSizes(location, input, *shape, adaptor.getAllowZero());
  if (failed(shape))
    return failure();
  types.push_back(input.clone(*shape));
  return success();
}

LogicalResult ReshapeOp::verify() {
  RankedTensorType input = tensorType(getInput()), result = tensorType(getResult());
  if (input.getElementType() != result.getElementType())
    return emitOpError("expects the element type of ") << input << ", found " << result;
  if (input.hasStaticShape() && result.hasStaticShape() && input.getNumElements() != result.getNumElements())
    return emitOpError("expects a shape of ")
           << input.getNumElements() << " elements for " << input << ", found " << result;
  return success();
}

LogicalResult UnsqueezeOp::inferReturnTypes(MLIRContext *, OptionalLocation location, Adaptor adaptor, Types &types) {
  RankedTensorType input = tensorType(adaptor.getInput());
  Shape shape(input.getShape());
  for (int64_t axis : adaptor.getAxes()) {
    if (axis < 0 || axis > static_cast<int64_t>(shape.size()))
      return emitOptionalError(location, "axis ", axis, " is outside of the result of inserting dimensions into ",
                               input);
    shape.insert(shape.begin() + axis, 1);
  }
  types.push_back(input.clone(shape));
  return success();
}

LogicalResult SqueezeOp::inferReturnTypes(MLIRContext *, OptionalLocation location, Adaptor adaptor, Types &types) {
  RankedTensorType input = tensorType(adaptor.getInput());
  if (adaptor.getAxes().empty() && !input.hasStaticShape())
    return emitOptionalError(location, "the rank of the result is unknown: ", input, " is squeezed without axes");
  for (int64_t axis : adaptor.getAxes())
    if (failed(checkAxis(location, input, axis)))
      return failure();
    else if (known(input.getDimSize(axis)) && input.getDimSize(axis) != 1)
      return emitOptionalError(location, "dimension ", axis, " of ", input,
                               " cannot be removed; expected size 1, found ", input.getDimSize(axis));
  Shape shape;
  for (auto [i, size] : llvm::enumerate(input.getShape())) {
    bool removed =
        adaptor.getAxes().empty() ? size == 1 : llvm::is_contained(adaptor.getAxes(), static_cast<int64_t>(i));
    if (!removed)
      shape.push_back(size);
  }
  types.push_back(input.clone(shape));
  return success();
}

LogicalResult TransposeOp::inferReturnTypes(MLIRContext *, OptionalLocation location, Adaptor adaptor, Types &types) {
  RankedTensorType input = tensorType(adaptor.getInput());
  SmallVector<int64_t> sorted(adaptor.getPerm());
  llvm::sort(sorted);
  if (!llvm::equal(sorted, llvm::seq<int64_t>(0, input.getRank())))
    return emitOptionalError(location, "perm [", adaptor.getPerm(), "] is no permutation of the dimensions of ", input);
  Shape shape;
  for (int64_t source : adaptor.getPerm())
    shape.push_back(input.getDimSize(source));
  types.push_back(input.clone(shape));
  return success();
}

LogicalResult BroadcastOp::inferReturnTypes(MLIRContext *, OptionalLocation location, Adaptor adaptor, Types &types) {
  RankedTensorType input = tensorType(adaptor.getInput());
  if (!adaptor.getShape()) {
    types.push_back({});
    return success();
  }
  FailureOr<Shape> wanted = shapeOperand(location, "shape", adaptor.getShape());
  if (failed(wanted))
    return failure();
  std::optional<Shape> shape = broadcastShapes({input.getShape(), *wanted});
  if (shape && failed(checkSizes(location, *shape)))
    return failure();
  if (!shape)
    return emitOptionalError(location, input, " cannot be broadcast to [", *wanted, "]; expected equal sizes or 1");
  types.push_back(input.clone(*shape));
  return success();
}

LogicalResult BroadcastOp::verify() {
  RankedTensorType input = tensorType(getInput()), result = tensorType(getResult());
  std::optional<Shape> shape = broadcastShapes({input.getShape(), result.getShape()});
  if (input.getElementType() != result.getElementType() || !shape || !areCompatible(result, result.clone(*shape)))
    return emitOpError("cannot broadcast ") << input << " to " << result << "; expected equal sizes or 1";
  return success();
}

LogicalResult TileOp::inferReturnTypes(MLIRContext *, OptionalLocation location, Adaptor adaptor, Types &types) {
  RankedTensorType input = tensorType(adaptor.getInput());
  FailureOr<Shape> repeats = shapeOperand(location, "repeats", adaptor.getRepeats());
  if (failed(repeats))
    return failure();
  if (static_cast<int64_t>(repeats->size()) != input.getRank())
    return emitOptionalError(location, "expected ", input.getRank(), " repeats for ", input, ", found ",
                             repeats->size());
  Shape shape;
  if (failed(checkSizes(location, *repeats)))
    return failure();
  for (auto [size, count] : llvm::zip_equal(input.getShape(), *repeats)) {
    int64_t product = kUnknown;
    if (known(size) && known(count) && llvm::MulOverflow(size, count, product))
      product = std::numeric_limits<int64_t>::max();
    shape.push_back(product);
  }
  if (failed(checkSizes(location, shape)))
    return failure();
  types.push_back(input.clone(shape));
  return success();
}

LogicalResult ConcatOp::inferReturnTypes(MLIRContext *, OptionalLocation location, Adaptor adaptor, Types &types) {
  if (adaptor.getInputs().empty())
    return emitOptionalError(location, "expected at least one operand");
  RankedTensorType first = tensorType(adaptor.getInputs().front());
  int64_t axis = adaptor.getAxis(), total = 0;
  if (failed(checkAxis(location, first, axis)))
    return failure();
  Shape shape(first.getShape());
  for (Value input : adaptor.getInputs()) {
    RankedTensorType type = tensorType(input);
    bool fits = type.getRank() == first.getRank() && type.getElementType() == first.getElementType();
    for (int64_t i = 0; fits && i < type.getRank(); ++i) {
      int64_t size = type.getDimSize(i);
      if (i == axis)
        continue;
      fits = !known(size) || !known(shape[i]) || size == shape[i];
      shape[i] = known(shape[i]) ? shape[i] : size;
    }
    if (!fits)
      return emitOptionalError(location, "expected operands that agree but in dimension ", axis, ", found ", first,
                               " and ", type);
    total = known(total) && known(type.getDimSize(axis)) ? total + type.getDimSize(axis) : kUnknown;
  }
  shape[axis] = total;
  types.push_back(first.clone(shape));
  return success();
}

/// Number of elements that ONNX Slice takes of `size` ones.
static int64_t slicedSize(int64_t size, int64_t start, int64_t end, int64_t step) {
  if (!known(size) || !known(start) || !known(end) || !known(step) || step == 0)
    return kUnknown;
  int64_t least = step > 0 ? 0 : -1, most = step > 0 ? size : size - 1;
  start = std::clamp<int64_t>(start < 0 ? start + size : start, step > 0 ? 0 : std::min<int64_t>(0, most), most);
  end = std::clamp(end < 0 ? end + size : end, least, most);
  int64_t distance = step > 0 ? end - start : start - end, stride = std::abs(step);
  return distance <= 0 ? 0 : (distance - 1) / stride + 1;
}

LogicalResult SliceOp::inferReturnTypes(MLIRContext *, OptionalLocation location, Adaptor adaptor, Types &types) {
  RankedTensorType input = tensorType(adaptor.getInput());
  if (adaptor.getSizes()) {
    types.push_back(input.clone(*adaptor.getSizes()));
    return success();
  }
  if (adaptor.getBounds().size() != 4)
    return emitOptionalError(location, "expected the bounds starts, ends, axes and steps");
  SmallVector<Shape, 4> bounds;
  for (Value operand : adaptor.getBounds()) {
    FailureOr<Shape> values = shapeOperand(location, "bound", operand);
    if (failed(values) || (!bounds.empty() && values->size() != bounds.front().size()))
      return failed(values) ? failure() : emitOptionalError(location, "expected bounds of one length");
    bounds.push_back(*values);
  }
  Shape shape(input.getShape());
  for (size_t i = 0; i < bounds.front().size(); ++i) {
    int64_t axis = bounds[2][i];
    if (!known(axis)) {
      shape.assign(input.getRank(), kUnknown);
      break;
    }
    axis = axis < 0 ? axis + input.getRank() : axis;
    if (failed(checkAxis(location, input, axis)))
      return failure();
    shape[axis] = slicedSize(input.getDimSize(axis), bounds[0][i], bounds[1][i], bounds[3][i]);
  }
  types.push_back(input.clone(shape));
  return success();
}

LogicalResult PadOp::inferReturnTypes(MLIRContext *, OptionalLocation location, Adaptor adaptor, Types &types) {
  RankedTensorType input = tensorType(adaptor.getInput());
  int64_t rank = input.getRank();
  FailureOr<Shape> pads =
      adaptor.getPads() ? Shape(*adaptor.getPads()) : shapeOperand(location, "pads", adaptor.getBy());
  if (failed(pads))
    return failure();
  if (static_cast<int64_t>(pads->size()) != 2 * rank)
    return emitOptionalError(location, "expected ", 2 * rank, " pads for ", input, ", found ", pads->size());
  Shape shape;
  for (int64_t pad : *pads)
    if (known(pad) && (pad > kMostElements || pad < -kMostElements))
      return emitOptionalError(location, "found a pad of ", pad, "; expected at most ", kMostElements);
  for (int64_t i = 0; i < rank; ++i) {
    int64_t before = (*pads)[i], after = (*pads)[i + rank], size = input.getDimSize(i);
    shape.push_back(known(before) && known(after) && known(size) ? before + size + after : kUnknown);
  }
  if (failed(checkSizes(location, shape)))
    return failure();
  types.push_back(input.clone(shape));
  return success();
}

LogicalResult IotaOp::inferReturnTypes(MLIRContext *, OptionalLocation, Adaptor adaptor, Types &types) {
  int64_t length = kUnknown;
  std::optional<Shape> start = constantValues(adaptor.getStart()), limit = constantValues(adaptor.getLimit()),
                       delta = constantValues(adaptor.getDelta());
  if (start && limit && delta && start->size() == 1 && limit->size() == 1 && delta->size() == 1 &&
      delta->front() != 0) {
    int64_t distance = 0, stride = std::abs(delta->front());
    bool upwards = delta->front() > 0;
    if (llvm::SubOverflow(upwards ? limit->front() : start->front(), upwards ? start->front() : limit->front(),
                          distance))
      distance = limit->front() > start->front() == upwards ? std::numeric_limits<int64_t>::max() : 0;
    length = distance <= 0 ? 0 : (distance - 1) / stride + 1;
  }
  types.push_back(RankedTensorType::get({length}, tensorType(adaptor.getStart()).getElementType()));
  return success();
}

LogicalResult FillOp::inferReturnTypes(MLIRContext *, OptionalLocation location, Adaptor adaptor, Types &types) {
  FailureOr<Shape> shape = shapeOperand(location, "shape", adaptor.getShape());
  if (failed(shape) || failed(checkSizes(location, *shape)))
    return failure();
  types.push_back(RankedTensorType::get(*shape, adaptor.getValue().getElementType()));
  return success();
}

LogicalResult SplitOp::inferReturnTypes(MLIRContext *, OptionalLocation location, ValueRange operands,
                                        DictionaryAttr attributes, OpaqueProperties properties, RegionRange regions,
                                        Types &types) {
  return emitOptionalError(location, "the number of parts is that of the results");
}

LogicalResult SplitOp::refineReturnTypes(MLIRContext *, OptionalLocation location, ValueRange operands,
                                         DictionaryAttr attributes, OpaqueProperties properties, RegionRange regions,
                                         Types &types) {
  Adaptor adaptor(operands, attributes, properties, regions);
  RankedTensorType input = tensorType(adaptor.getInput());
  int64_t axis = adaptor.getAxis(), parts = types.size();
  if (failed(checkAxis(location, input, axis)))
    return failure();
  int64_t total = input.getDimSize(axis);
  Shape sizes(parts, kUnknown);
  if (!adaptor.getSizes() && known(total) && parts > 0) {
    int64_t part = (total + parts - 1) / parts;
    for (int64_t i = 0; i < parts; ++i)
      sizes[i] = std::clamp<int64_t>(total - i * part, 0, part);
  } else if (adaptor.getSizes()) {
    sizes = knownValues(adaptor.getSizes()).value_or(sizes);
  }
  for (int64_t size : sizes)
    if (failed(checkSizes(location, size)))
      return failure();
  bool allKnown = known(total) && llvm::all_of(sizes, known);
  if (static_cast<int64_t>(sizes.size()) != parts || (allKnown && llvm::sum_of(sizes, int64_t(0)) != total))
    return emitOptionalError(location, "expected ", parts, " sizes that sum up to ", total, ", found [", sizes, "]");
  SmallVector<Type> inferred;
  for (int64_t size : sizes) {
    Shape shape(input.getShape());
    shape[axis] = size;
    inferred.push_back(input.clone(shape));
  }
  return mergeTypes(location, getOperationName(), inferred, types);
}
