// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// ONNX convolutions and pooling. The windows of a tensor are strided slices of it, one for each place in the window: a
// convolution is their product with the weights, a pooling their maximum or mean.
#include "Dialect/Import/NodeBinder.h"

#include <cmath>
#include <limits>

using namespace mlir;
using namespace edgelm;

namespace {
/// Windows over the dimensions behind batch and channels, an entry for each of them.
struct Windows {
  SmallVector<int64_t> kernel, strides, dilations, begin, end; ///< `begin`, `end`: what is padded
  SmallVector<int64_t> beyond;                                 ///< padded behind that, so that the last window fits

  int64_t places() const {
    int64_t product = 1;
    for (int64_t size : kernel)
      product *= size;
    return product;
  }
  /// From the first column of a window to the last.
  int64_t reach(size_t d) const { return (kernel[d] - 1) * dilations[d]; }
};
} // namespace

/// A window has at most so many places, since each of them becomes operations.
static constexpr int64_t kMaxPlaces = 4096;

static SmallVector<int64_t> integersOr(NodeBinder &node, StringRef name, size_t count, int64_t fallback) {
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

static FailureOr<Windows> windowsOf(NodeBinder &node, ArrayRef<int64_t> kernel) {
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

static Value padded(NodeBinder &node, Value x, ArrayRef<int64_t> begin, ArrayRef<int64_t> end, Value fill) {
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

/// For each place in the window what all windows have there, the last dimension's places first.
static SmallVector<Value> placesOf(NodeBinder &node, Value x, const Windows &windows) {
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

static Value concat(NodeBinder &node, ArrayRef<Value> parts, int64_t axis) {
  return parts.size() == 1 ? parts[0] : node.create<ConcatOp>(ValueRange(parts), axis);
}

/// X, W [M, C / group, kernel], bias [M]: for each window, its C * kernel numbers times those of W.
static LogicalResult convolution(NodeBinder &node) {
  RankedTensorType weights = tensorType(node.input(1));
  int64_t groups = node.integer("group", 1), rank = weights.getRank();
  if (rank < 3 || !weights.hasStaticShape() || groups < 1 || weights.getDimSize(0) % groups)
    return node.emitError() << "expected weights of a known shape for " << groups << " groups, found " << weights;
  int64_t outputs = weights.getDimSize(0), columns = weights.getNumElements() / std::max<int64_t>(outputs, 1);
  FailureOr<Windows> windows = windowsOf(node, weights.getShape().drop_front(2));
  if (failed(windows))
    return failure();
  Value fill = node.scalar(0, weights.getElementType());
  Value x = padded(node, node.input(0), windows->begin, windows->end, fill);
  SmallVector<Value> places = placesOf(node, x, *windows);
  Value first = places.front();
  SmallVector<Value> shape = {node.create<ShapeOp>(first, 0, 1), node.vector(outputs),
                              node.create<ShapeOp>(first, 2, rank)};
  for (Value &place : places)
    place = node.create<UnsqueezeOp>(place, ArrayRef<int64_t>{2});
  Value windowed = concat(node, places, 2), product; // [N, C, kernel, windows]
  if (groups == 1) {
    Value rows = node.create<ReshapeOp>(windowed, node.vector({0, columns, -1}), false);
    Value matrix = node.create<ReshapeOp>(node.input(1), node.vector({outputs, columns}), false);
    product = node.create<MatMulOp>(node.create<TransposeOp>(rows, ArrayRef<int64_t>{0, 2, 1}),
                                    node.create<TransposeOp>(matrix, ArrayRef<int64_t>{1, 0}));
    if (node.input(2))
      product = node.binary("add", product, node.input(2));
    product = node.create<TransposeOp>(product, ArrayRef<int64_t>{0, 2, 1});
  } else {
    Value rows = node.create<ReshapeOp>(windowed, node.vector({0, groups, columns, -1}), false);
    Value matrices = node.create<ReshapeOp>(node.input(1), node.vector({groups, outputs / groups, columns}), false);
    product = node.create<MatMulOp>(matrices, rows);
    if (node.input(2))
      product = node.binary("add", product,
                            node.create<ReshapeOp>(node.input(2), node.vector({groups, outputs / groups, 1}), false));
  }
  return node.finish(node.create<ReshapeOp>(product, node.create<ConcatOp>(ValueRange(shape), 0), false));
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

static LogicalResult maxPool(NodeBinder &node) {
  FailureOr<Windows> windows = windowsOf(node, node.integers("kernel_shape"));
  if (failed(windows))
    return failure();
  Type element = tensorType(node.input(0)).getElementType();
  Value x = padded(node, node.input(0), windows->begin, sum(windows->end, windows->beyond),
                   node.scalar(lowest(element), element));
  return node.finish(combined(node, "max", placesOf(node, x, *windows)));
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

/// X, scale, bias, mean, variance of each channel, as they were trained.
static LogicalResult batchNormalization(NodeBinder &node) {
  if (node.integer("training_mode", 0))
    return node.emitError() << "training mode is not supported";
  RankedTensorType type = tensorType(node.input(0));
  SmallVector<int64_t> shape(std::max<int64_t>(type.getRank() - 1, 1), 1);
  shape[0] = -1;
  auto channels = [&](size_t i) {
    return node.cast(node.create<ReshapeOp>(node.input(i), node.vector(shape), false), type.getElementType());
  };
  Value variance = node.binary("add", channels(4), node.scalar(node.number("epsilon", 1e-5f), type.getElementType()));
  Value factor = node.binary("mul", channels(1), node.unary("rsqrt", variance));
  Value centred = node.binary("sub", node.input(0), channels(3));
  return node.finish(node.binary("add", node.binary("mul", centred, factor), channels(2)));
}

static const OperatorRow rows[] = {
    {"", "Conv", 1, 2, convolution},
    {"", "MaxPool", 1, 1, maxPool},
    {"", "AveragePool", 1, 1, averagePool},
    {"", "GlobalAveragePool", 1, 1, globalPool, "mean"},
    {"", "GlobalMaxPool", 1, 1, globalPool, "max"},
    {"", "BatchNormalization", 9, 5, batchNormalization},
};

ArrayRef<OperatorRow> edgelm::windowOperators() {
  return rows;
}
