// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// ONNX pooling, and the windows of convolutions too. The windows of a tensor are strided slices of it, one for each place
// in the window: a pooling is their maximum or mean.
#include "Dialect/Import/Windows.h"

#include <cmath>
#include <limits>

using namespace mlir;
using namespace edgelm;

SmallVector<int64_t> edgelm::integersOr(NodeBinder &node, StringRef name, size_t count, int64_t fallback) {
  SmallVector<int64_t> values = node.integers(name);
  if (values.empty())
    values.assign(count, fallback);
  auto isOutside = [&](int64_t value) { return value < fallback || value > INT32_MAX; };
  if (values.size() != count || llvm::any_of(values, isOutside)) {
    node.emitError() << "expected " << count << " numbers of " << fallback << " to " << INT32_MAX << " in " << name;
    values.assign(count, fallback);
  }
  return values;
}

/// Pads for `auto_pad`, and those that `ceil_mode` adds; both depend on the size.
static LogicalResult fitToSize(NodeBinder &node, ArrayRef<int64_t> sizes, Windows &windows) {
  StringRef mode = node.text("auto_pad", "NOTSET");
  bool isSame = mode == "SAME_UPPER" || mode == "SAME_LOWER", ceil = node.integer("ceil_mode", 0);
  if (!isSame && mode != "NOTSET" && mode != "VALID")
    return node.emitError() << "found auto_pad \"" << mode << "\"; expected NOTSET, VALID, SAME_UPPER or SAME_LOWER";
  for (size_t d = 0; d < windows.kernel.size() && (isSame || ceil); ++d) {
    int64_t size = sizes[d], stride = windows.strides[d];
    if (ShapedType::isDynamic(size))
      return node.emitError() << "expected a known size in dimension " << d + 2 << " for auto_pad and ceil_mode";
    if (isSame) {
      int64_t total = std::max<int64_t>(0, ((size + stride - 1) / stride - 1) * stride + windows.reach(d) + 1 - size);
      windows.begin[d] = (total + (mode == "SAME_LOWER")) / 2;
      windows.end[d] = total - windows.begin[d];
      continue;
    }
    int64_t room = size + windows.begin[d] + windows.end[d] - windows.reach(d) - 1;
    int64_t last = (room + stride - 1) / stride * stride;
    // A window that begins behind the tensor is none.
    if (last >= size + windows.begin[d])
      last -= stride;
    windows.beyond[d] = std::max<int64_t>(0, last - room);
  }
  return success();
}

FailureOr<Windows> edgelm::windowsOf(NodeBinder &node, ArrayRef<int64_t> kernel) {
  RankedTensorType type = tensorType(node.input(0));
  size_t count = kernel.size();
  int64_t places = 1;
  for (int64_t size : kernel)
    places = size < 1 || size > kMaxPlaces || places > kMaxPlaces ? kMaxPlaces + 1 : places * size;
  if (places > kMaxPlaces)
    return node.emitError() << "found the window [" << kernel << "]; expected sizes of at least 1 and at most "
                            << kMaxPlaces << " places";
  if (type.getRank() != int64_t(count) + 2 || count == 0)
    return node.emitError() << "expected a tensor of batch, channels and " << count << " more dimensions, found "
                            << type;
  Windows windows;
  windows.kernel.assign(kernel.begin(), kernel.end());
  windows.strides = integersOr(node, "strides", count, 1);
  windows.dilations = integersOr(node, "dilations", count, 1);
  SmallVector<int64_t> pads = integersOr(node, "pads", 2 * count, 0);
  if (node.text("auto_pad", "NOTSET") != "NOTSET")
    pads.assign(2 * count, 0);
  windows.begin.assign(pads.begin(), pads.begin() + count);
  windows.end.assign(pads.begin() + count, pads.end());
  windows.beyond.assign(count, 0);
  if (failed(fitToSize(node, type.getShape().drop_front(2), windows)))
    return failure();
  return windows;
}

Value edgelm::padded(NodeBinder &node, Value x, ArrayRef<int64_t> begin, ArrayRef<int64_t> end, Value fill) {
  SmallVector<int64_t> pads = {0, 0};
  pads.append(begin.begin(), begin.end());
  pads.append({0, 0});
  pads.append(end.begin(), end.end());
  if (llvm::all_of(pads, [](int64_t pad) { return pad == 0; }))
    return x;
  return node.create<PadOp>(x, Value(), fill, "constant", node.types().getDenseI64ArrayAttr(pads));
}

static SmallVector<int64_t> sum(ArrayRef<int64_t> a, ArrayRef<int64_t> b) {
  return llvm::to_vector(
      llvm::map_range(llvm::zip_equal(a, b), [](auto pair) { return std::get<0>(pair) + std::get<1>(pair); }));
}

SmallVector<Value> edgelm::placesOf(NodeBinder &node, Value x, const Windows &windows) {
  size_t count = windows.kernel.size();
  SmallVector<int64_t> place(count, 0), axes;
  for (size_t d = 0; d < count; ++d)
    axes.push_back(d + 2);
  SmallVector<Value> places;
  for (int64_t i = 0; i < windows.places(); ++i) {
    SmallVector<int64_t> starts, ends;
    for (size_t d = 0; d < count; ++d) {
      starts.push_back(place[d] * windows.dilations[d]);
      int64_t behind = windows.reach(d) - starts.back();
      ends.push_back(behind ? -behind : std::numeric_limits<int64_t>::max());
    }
    SmallVector<Value> bounds = {node.vector(starts), node.vector(ends), node.vector(axes),
                                 node.vector(windows.strides)};
    places.push_back(
        node.create<SliceOp>(x, ValueRange(bounds), DenseI64ArrayAttr(), DenseI64ArrayAttr(), DenseI64ArrayAttr()));
    for (size_t d = count; d-- > 0 && ++place[d] == windows.kernel[d];)
      place[d] = 0;
  }
  return places;
}

Value edgelm::concat(NodeBinder &node, ArrayRef<Value> parts, int64_t axis) {
  return parts.size() == 1 ? parts[0] : node.create<ConcatOp>(ValueRange(parts), axis);
}

/// The least number of a type.
static double lowest(Type type) {
  if (isa<FloatType>(type))
    return -std::numeric_limits<double>::infinity();
  return type.isUnsignedInteger() ? 0 : -std::ldexp(1.0, type.getIntOrFloatBitWidth() - 1);
}

static Value combined(NodeBinder &node, StringRef function, ArrayRef<Value> values) {
  Value result = values.front();
  for (Value value : values.drop_front())
    result = node.binary(function, result, value);
  return result;
}

/// The place of each element in the whole tensor, whose last dimensions count first or, `columnMajor`, the first of them
/// behind the channels.
static Value placesInTensor(NodeBinder &node, RankedTensorType type, bool columnMajor) {
  Type i64 = node.types().getI64Type();
  int64_t rank = type.getRank();
  SmallVector<int64_t> perm = llvm::to_vector(llvm::seq<int64_t>(0, rank)), shape;
  if (columnMajor)
    std::reverse(perm.begin() + 2, perm.end());
  for (int64_t axis : perm)
    shape.push_back(type.getDimSize(axis));
  Value counter =
      node.create<IotaOp>(node.scalar(0, i64), node.scalar(type.getNumElements(), i64), node.scalar(1, i64));
  return node.create<TransposeOp>(node.create<ReshapeOp>(counter, node.vector(shape), false), perm);
}

/// The maximum of each window and, as a second output, the place in the tensor of the first element that is it.
static LogicalResult maxPool(NodeBinder &node) {
  FailureOr<Windows> windows = windowsOf(node, node.integers("kernel_shape"));
  if (failed(windows))
    return failure();
  RankedTensorType type = tensorType(node.input(0));
  Type element = type.getElementType(), i64 = node.types().getI64Type();
  SmallVector<int64_t> behind = sum(windows->end, windows->beyond);
  Value x = padded(node, node.input(0), windows->begin, behind, node.scalar(lowest(element), element));
  SmallVector<Value> values = placesOf(node, x, *windows);
  if (node.numOutputs() < 2)
    return node.finish(combined(node, "max", values));
  if (!type.hasStaticShape())
    return node.emitError() << "expected a tensor of a known shape for its second output, found " << type;
  // What is padded is at no place, and any element is better.
  Value nowhere = node.scalar(-1, i64), all = placesInTensor(node, type, node.integer("storage_order", 0));
  SmallVector<Value> indices = placesOf(node, padded(node, all, windows->begin, behind, nowhere), *windows);
  Value best = values.front(), place = indices.front();
  for (auto [value, index] : llvm::drop_begin(llvm::zip_equal(values, indices))) {
    Value isFirst =
        node.binary("and", node.create<CompareOp>("eq", place, nowhere), node.create<CompareOp>("ne", index, nowhere));
    Value isBetter = node.binary("or", node.create<CompareOp>("gt", value, best), isFirst);
    best = node.create<SelectOp>(isBetter, value, best);
    place = node.create<SelectOp>(isBetter, index, place);
  }
  return node.finish({best, place});
}

/// The mean of each window, of what is padded only with `count_include_pad`.
static LogicalResult averagePool(NodeBinder &node) {
  FailureOr<Windows> windows = windowsOf(node, node.integers("kernel_shape"));
  if (failed(windows))
    return failure();
  Value x = node.input(0);
  RankedTensorType type = tensorType(x);
  Value zero = node.scalar(0, type.getElementType()), one = node.scalar(1, type.getElementType());
  SmallVector<int64_t> behind = sum(windows->end, windows->beyond);
  Value total = combined(node, "add", placesOf(node, padded(node, x, windows->begin, behind, zero), *windows));
  auto none = [](ArrayRef<int64_t> pads) { return llvm::all_of(pads, [](int64_t pad) { return pad == 0; }); };
  if (none(windows->begin) && none(behind))
    return node.finish(node.binary("div", total, node.scalar(windows->places(), type.getElementType())));
  SmallVector<Value> shape = {node.vector({1, 1}), node.create<ShapeOp>(x, 2, type.getRank())};
  Value counted = node.create<BroadcastOp>(one, node.create<ConcatOp>(ValueRange(shape), 0));
  bool countsPads = node.integer("count_include_pad", 0);
  counted = padded(node, counted, windows->begin, windows->end, countsPads ? one : zero);
  counted = padded(node, counted, SmallVector<int64_t>(behind.size(), 0), windows->beyond, zero);
  return node.finish(node.binary("div", total, combined(node, "add", placesOf(node, counted, *windows))));
}

/// One window over everything behind batch and channels; the row's function is the reduction.
static LogicalResult globalPool(NodeBinder &node) {
  int64_t rank = tensorType(node.input(0)).getRank();
  SmallVector<int64_t> axes = llvm::to_vector(llvm::seq<int64_t>(std::min<int64_t>(2, rank), rank));
  if (axes.empty())
    return node.emitError() << "expected batch, channels and more dimensions, found " << node.input(0).getType();
  return node.finish(node.create<ReduceOp>(node.function(), node.input(0), axes, true));
}

static const OperatorRow rows[] = {
    {"", "MaxPool", 1, 1, maxPool},
    {"", "AveragePool", 1, 1, averagePool},
    {"", "GlobalAveragePool", 1, 1, globalPool, "mean"},
    {"", "GlobalMaxPool", 1, 1, globalPool, "max"},
};

ArrayRef<OperatorRow> edgelm::windowOperators() {
  return rows;
}
