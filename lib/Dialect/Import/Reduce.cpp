// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// ONNX reductions, running sums and softmax.
#include "Dialect/Import/NodeBinder.h"

using namespace mlir;
using namespace edgelm;

static int64_t rankOf(Value value) {
  return tensorType(value).getRank();
}

/// The row's function is the reduction. Axes are an attribute, later (ReduceSum 13, the others 18) an input.
static LogicalResult reduce(NodeBinder &node) {
  Value input = node.input(0);
  SmallVector<int64_t> axes = node.integers("axes");
  if (node.input(1))
    axes = node.constantInput(1, "axes");
  if (axes.empty() && node.integer("noop_with_empty_axes", 0))
    return node.finish(input);
  axes = node.axes(axes, rankOf(input));
  return node.finish(node.create<ReduceOp>(node.function(), input, axes, node.integer("keepdims", 1) != 0));
}

static LogicalResult argReduce(NodeBinder &node) {
  int64_t axis = node.axis(node.integer("axis", 0), rankOf(node.input(0)));
  bool keepDims = node.integer("keepdims", 1), last = node.integer("select_last_index", 0);
  return node.finish(node.create<ArgReduceOp>(node.function(), node.input(0), axis, keepDims, last));
}

static LogicalResult cumSum(NodeBinder &node) {
  SmallVector<int64_t> axis = node.constantInput(1, "axis");
  if (axis.size() != 1)
    return node.emitError() << "expected one axis, found " << axis.size();
  bool exclusive = node.integer("exclusive", 0), reverse = node.integer("reverse", 0);
  int64_t front = node.axis(axis.front(), rankOf(node.input(0)));
  return node.finish(node.create<CumSumOp>(node.input(0), front, exclusive, reverse));
}

/// As many numbers side by side can be ranked: each is compared with every other.
static constexpr int64_t kMaxRanked = 4096;

/// TopK: the rank of a number is how many come before it, which are the larger ones and the equal ones of lower index.
/// The result's place j has the index whose rank is j.
static LogicalResult topK(NodeBinder &node) {
  Type i64 = node.types().getI64Type();
  int64_t rank = rankOf(node.input(0)), axis = node.axis(node.integer("axis", -1), rank);
  if (rank == 0)
    return failure();
  SmallVector<int64_t> perm = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  std::swap(perm[axis], perm[rank - 1]);
  Value x = node.create<TransposeOp>(node.input(0), perm);
  int64_t size = tensorType(node.input(0)).getDimSize(axis);
  if (!ShapedType::isDynamic(size) && size > kMaxRanked)
    return node.emitError() << "expected at most " << kMaxRanked << " numbers to choose from, found " << size;
  SmallVector<int64_t> k = {node.integer("k", 1)};
  if (node.opset() >= 10)
    k = node.constantInput(1, "K");
  if (k.size() != 1 || k.front() < 1 || (!ShapedType::isDynamic(size) && k.front() > size))
    return node.emitError() << "expected one K of 1 to the size of dimension " << axis << " of "
                            << node.input(0).getType();
  Value zero = node.scalar(0, i64), one = node.scalar(1, i64);
  Value count = node.create<SqueezeOp>(node.create<ShapeOp>(x, rank - 1, rank), ArrayRef<int64_t>{0});
  Value places = node.create<IotaOp>(zero, count, one);
  Value self = node.create<UnsqueezeOp>(x, ArrayRef<int64_t>{rank}),
        other = node.create<UnsqueezeOp>(x, ArrayRef<int64_t>{rank - 1});
  bool largest = node.integer("largest", 1);
  Value strictly = node.create<CompareOp>(largest ? "gt" : "lt", other, self);
  Value orEqual = node.create<CompareOp>(largest ? "ge" : "le", other, self);
  Value isEarlier = node.create<CompareOp>("lt", places, node.create<UnsqueezeOp>(places, ArrayRef<int64_t>{1}));
  Value before = node.create<SelectOp>(isEarlier, orEqual, strictly);
  Value ranks = node.create<ReduceOp>("sum", node.cast(before, i64), ArrayRef<int64_t>{rank}, false);
  Value wanted =
      node.create<UnsqueezeOp>(node.create<IotaOp>(zero, node.scalar(k.front(), i64), one), ArrayRef<int64_t>{1});
  Value isWanted = node.create<CompareOp>("eq", node.create<UnsqueezeOp>(ranks, ArrayRef<int64_t>{rank - 1}), wanted);
  Value indices = node.create<ArgReduceOp>("max", node.cast(isWanted, i64), rank, false, false);
  Value values = node.create<GatherElementsOp>(x, indices, rank - 1);
  return node.finish({node.create<TransposeOp>(values, perm), node.create<TransposeOp>(indices, perm)});
}

/// What `function` makes of the input along `axis`. Before opset 13 all dimensions from `axis` (1 unless given) on are one.
static LogicalResult alongAxis(NodeBinder &node, llvm::function_ref<Value(Value, int64_t)> function) {
  Value input = node.input(0);
  int64_t rank = rankOf(input);
  bool isOld = node.opset() < 13;
  int64_t axis = node.axis(node.integer("axis", isOld ? 1 : -1), rank);
  if (!isOld || axis == rank - 1)
    return node.finish(function(input, axis));
  Value shape = node.create<ShapeOp>(input, 0, rank), kept = node.create<ShapeOp>(input, 0, axis);
  Value flatShape = node.create<ConcatOp>(ValueRange{kept, node.vector(-1)}, 0);
  Value flat = node.create<ReshapeOp>(input, flatShape, false);
  return node.finish(node.create<ReshapeOp>(function(flat, axis), shape, false));
}

/// Softmax and LogSoftmax (the row's function is "log").
static LogicalResult softmax(NodeBinder &node) {
  bool log = node.function() == "log";
  return alongAxis(node, [&](Value x, int64_t axis) { return node.create<SoftmaxOp>(x, axis, log); });
}

/// 1 at the first of the greatest elements, 0 elsewhere.
static LogicalResult hardmax(NodeBinder &node) {
  return alongAxis(node, [&](Value x, int64_t axis) -> Value {
    Type i64 = node.types().getI64Type();
    Value greatest = node.create<ArgReduceOp>("max", x, axis, /*keep_dims=*/true, /*select_last=*/false);
    Value size = node.create<SqueezeOp>(node.create<ShapeOp>(x, axis, axis + 1), ArrayRef<int64_t>{0});
    Value places = node.create<IotaOp>(node.scalar(0, i64), size, node.scalar(1, i64));
    SmallVector<int64_t> shape(rankOf(x) - axis, 1);
    shape[0] = -1;
    places = node.create<ReshapeOp>(places, node.vector(shape), false);
    return node.cast(node.create<CompareOp>("eq", greatest, places), tensorType(x).getElementType());
  });
}

static const OperatorRow rows[] = {
    {"", "ReduceSum", 1, 1, reduce, "sum"},
    {"", "ReduceMean", 1, 1, reduce, "mean"},
    {"", "ReduceMax", 1, 1, reduce, "max"},
    {"", "ReduceMin", 1, 1, reduce, "min"},
    {"", "ReduceProd", 1, 1, reduce, "prod"},
    {"", "ReduceSumSquare", 1, 1, reduce, "sum_square"},
    {"", "ReduceL1", 1, 1, reduce, "l1"},
    {"", "ReduceL2", 1, 1, reduce, "l2"},
    {"", "ReduceLogSum", 1, 1, reduce, "log_sum"},
    {"", "ReduceLogSumExp", 1, 1, reduce, "log_sum_exp"},
    {"", "ArgMax", 1, 1, argReduce, "max"},
    {"", "ArgMin", 1, 1, argReduce, "min"},
    {"", "CumSum", 11, 2, cumSum},
    {"", "TopK", 1, 1, topK},
    {"", "TopK", 10, 2, topK},
    {"", "Softmax", 1, 1, softmax},
    {"", "LogSoftmax", 1, 1, softmax, "log"},
    {"", "Hardmax", 1, 1, hardmax},
};

ArrayRef<OperatorRow> edgelm::reduceOperators() {
  return rows;
}
