// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// ONNX operators that take or write parts of tensors.
#include "Dialect/Import/NodeBinder.h"

using namespace mlir;
using namespace edgelm;

static int64_t rankOf(Value value) {
  return tensorType(value).getRank();
}

/// Slice; the bounds are attributes before opset 10, then inputs, of which axes and steps may be left out.
static LogicalResult slice(NodeBinder &node) {
  if (node.opset() < 10) {
    SmallVector<int64_t> starts = node.integers("starts"), axes = node.integers("axes");
    if (axes.empty())
      axes = llvm::to_vector(llvm::seq<int64_t>(0, starts.size()));
    Value steps = node.vector(SmallVector<int64_t>(starts.size(), 1));
    return node.finish(node.create<SliceOp>(
        node.input(0), ValueRange{node.vector(starts), node.vector(node.integers("ends")), node.vector(axes), steps},
        DenseI64ArrayAttr(), DenseI64ArrayAttr(), DenseI64ArrayAttr()));
  }
  RankedTensorType starts = tensorType(node.input(1));
  if (starts.getRank() != 1 || starts.isDynamicDim(0))
    return node.emitError() << "expected starts of a known length, found " << starts;
  int64_t count = starts.getDimSize(0);
  Value axes = node.input(3), steps = node.input(4);
  if (!axes)
    axes = node.vector(llvm::to_vector(llvm::seq<int64_t>(0, count)));
  if (!steps)
    steps = node.vector(SmallVector<int64_t>(count, 1));
  return node.finish(node.create<SliceOp>(node.input(0), ValueRange{node.input(1), node.input(2), axes, steps},
                                          DenseI64ArrayAttr(), DenseI64ArrayAttr(), DenseI64ArrayAttr()));
}

/// Split; sizes are an attribute before opset 13, then an input.
static LogicalResult split(NodeBinder &node) {
  Value sizes = node.input(1);
  if (node.opset() < 13 && node.has("split"))
    sizes = node.vector(node.integers("split"));
  int64_t axis = node.axis(node.integer("axis", 0), rankOf(node.input(0)));
  return node.finish(node.createMany<SplitOp>(node.numOutputs(), node.input(0), sizes, axis));
}

/// Pads for all dimensions from those of `axes` (opset 18): before all, then after all.
static Value padsOfAxes(NodeBinder &node, int64_t rank) {
  SmallVector<int64_t> axes = node.constantInput(3, "axes"), pads = node.constantInput(1, "pads");
  SmallVector<int64_t> all(2 * rank, 0);
  for (size_t i = 0; i < axes.size() && pads.size() == 2 * axes.size(); ++i) {
    int64_t axis = node.axis(axes[i], rank);
    all[axis] = pads[i];
    all[axis + rank] = pads[i + axes.size()];
  }
  return node.vector(all);
}

static LogicalResult pad(NodeBinder &node) {
  Value pads = node.input(1), value = node.input(2);
  if (node.opset() < 11) {
    pads = node.vector(node.integers("pads"));
    value = node.scalar(node.number("value", 0), tensorType(node.input(0)).getElementType());
  } else if (!pads) {
    return node.emitError() << "expected pads";
  } else if (node.input(3)) {
    pads = padsOfAxes(node, rankOf(node.input(0)));
  }
  StringRef mode = node.text("mode", "constant");
  return node.finish(node.create<PadOp>(node.input(0), pads, value, mode, DenseI64ArrayAttr()));
}

static LogicalResult gather(NodeBinder &node) {
  int64_t axis = node.axis(node.integer("axis", 0), rankOf(node.input(0)));
  return node.finish(node.create<GatherOp>(node.input(0), node.input(1), axis));
}

static LogicalResult gatherElements(NodeBinder &node) {
  int64_t axis = node.axis(node.integer("axis", 0), rankOf(node.input(0)));
  return node.finish(node.create<GatherElementsOp>(node.input(0), node.input(1), axis));
}

static LogicalResult gatherND(NodeBinder &node) {
  return node.finish(node.create<GatherNDOp>(node.input(0), node.input(1), node.integer("batch_dims", 0)));
}

/// What updates do to what is there, a row of the scalar function table; empty: they replace it.
static FailureOr<StringAttr> reductionOf(NodeBinder &node) {
  StringRef reduction = node.text("reduction", "none");
  if (reduction == "none")
    return StringAttr();
  if (!llvm::is_contained({"add", "mul", "min", "max"}, reduction))
    return node.emitError() << "found reduction \"" << reduction << "\"; expected none, add, mul, min or max";
  return node.types().getStringAttr(reduction);
}

static LogicalResult scatterND(NodeBinder &node) {
  FailureOr<StringAttr> reduction = reductionOf(node);
  if (failed(reduction))
    return failure();
  return node.finish(node.create<ScatterNDOp>(node.input(0), node.input(1), node.input(2), *reduction));
}

/// ScatterElements: the index tuple of each update is its own place with the index in place of that along `axis`.
static LogicalResult scatterElements(NodeBinder &node) {
  FailureOr<StringAttr> reduction = reductionOf(node);
  if (failed(reduction))
    return failure();
  Type i64 = node.types().getI64Type();
  Value indices = node.cast(node.input(1), i64);
  int64_t rank = rankOf(node.input(0)), axis = node.axis(node.integer("axis", 0), rank);
  if (rankOf(indices) != rank)
    return node.emitError() << "expected indices of rank " << rank << ", found " << indices.getType();
  Value all = node.create<ShapeOp>(indices, 0, rank);
  SmallVector<Value> tuple;
  for (int64_t d = 0; d < rank; ++d) {
    Value places = indices;
    if (d != axis) {
      Value size = node.create<SqueezeOp>(node.create<ShapeOp>(indices, d, d + 1), ArrayRef<int64_t>{0});
      Value counter = node.create<IotaOp>(node.scalar(0, i64), size, node.scalar(1, i64));
      SmallVector<int64_t> shape(rank, 1);
      shape[d] = -1;
      places = node.create<BroadcastOp>(node.create<ReshapeOp>(counter, node.vector(shape), false), all);
    }
    tuple.push_back(node.create<UnsqueezeOp>(places, ArrayRef<int64_t>{rank}));
  }
  Value tuples = tuple.size() == 1 ? tuple[0] : node.create<ConcatOp>(ValueRange(tuple), rank);
  return node.finish(node.create<ScatterNDOp>(node.input(0), tuples, node.input(2), *reduction));
}

/// The first elements along the time axis, as many as the sequence of each batch entry is long, from the last to the first.
static LogicalResult reverseSequence(NodeBinder &node) {
  Value x = node.input(0);
  Type i64 = node.types().getI64Type();
  int64_t rank = rankOf(x), batch = node.integer("batch_axis", 1), time = node.integer("time_axis", 0);
  if (rank < 2 || batch + time != 1 || batch * time != 0)
    return node.emitError() << "expected the axes 0 and 1 of a tensor that has them, found batch_axis = " << batch
                            << " and time_axis = " << time;
  auto along = [&](Value vector, int64_t axis) {
    SmallVector<int64_t> shape(rank, 1);
    shape[axis] = -1;
    return node.create<ReshapeOp>(vector, node.vector(shape), false);
  };
  Value count = node.create<SqueezeOp>(node.create<ShapeOp>(x, time, time + 1), ArrayRef<int64_t>{0});
  Value place = along(node.create<IotaOp>(node.scalar(0, i64), count, node.scalar(1, i64)), time);
  Value length = along(node.cast(node.input(1), i64), batch);
  Value mirrored = node.binary("sub", node.binary("sub", length, node.scalar(1, i64)), place);
  Value from = node.create<SelectOp>(node.create<CompareOp>("lt", place, length), mirrored, place);
  from = node.create<BroadcastOp>(from, node.create<ShapeOp>(x, 0, rank));
  return node.finish(node.create<GatherElementsOp>(x, from, time));
}

/// The entries along an axis, or without one all elements, where the condition holds.
static LogicalResult compress(NodeBinder &node) {
  Value x = node.input(0);
  int64_t axis = 0;
  if (node.has("axis"))
    axis = node.axis(node.integer("axis", 0), rankOf(x));
  else
    x = node.create<ReshapeOp>(x, node.vector(-1), false);
  SmallVector<int64_t> chosen;
  for (auto [place, holds] : llvm::enumerate(node.constantInput(1, "condition")))
    if (holds)
      chosen.push_back(place);
  return node.finish(node.create<GatherOp>(x, node.vector(chosen), axis));
}

/// Indices, depth, [off, on]: the new dimension at `axis` is compared with each index, which counts from the back when
/// negative.
static LogicalResult oneHot(NodeBinder &node) {
  Type i64 = node.types().getI64Type();
  Value index = node.cast(node.input(0), i64), values = node.input(2);
  int64_t rank = rankOf(index) + 1, axis = node.axis(node.integer("axis", -1), rank);
  // A number, or a vector of one.
  Value limit = node.create<ReshapeOp>(node.cast(node.input(1), i64), node.vector({}), false);
  Value zero = node.scalar(0, i64);
  Value fromBack = node.create<CompareOp>("lt", index, zero);
  index = node.create<SelectOp>(fromBack, node.binary("add", index, limit), index);
  Value counter = node.create<IotaOp>(zero, limit, node.scalar(1, i64));
  SmallVector<int64_t> shape(rank, 1);
  shape[axis] = -1;
  Value hot = node.create<CompareOp>("eq", node.create<UnsqueezeOp>(index, ArrayRef<int64_t>{axis}),
                                     node.create<ReshapeOp>(counter, node.vector(shape), false));
  Value off = node.create<GatherOp>(values, zero, 0), on = node.create<GatherOp>(values, node.scalar(1, i64), 0);
  return node.finish(node.create<SelectOp>(hot, on, off));
}

static const OperatorRow rows[] = {
    {"", "Slice", 1, 1, slice},
    {"", "Slice", 10, 3, slice},
    {"", "Split", 2, 1, split},
    {"", "Pad", 2, 1, pad},
    {"", "Gather", 1, 2, gather},
    {"", "GatherElements", 11, 2, gatherElements},
    {"", "GatherND", 11, 2, gatherND},
    {"", "ScatterND", 11, 3, scatterND},
    {"", "OneHot", 9, 3, oneHot},
    {"", "ReverseSequence", 10, 2, reverseSequence},
    {"", "Compress", 9, 2, compress},
    {"", "ScatterElements", 11, 3, scatterElements},
    {"", "Scatter", 9, 3, scatterElements},
};

ArrayRef<OperatorRow> edgelm::sliceOperators() {
  return rows;
}
