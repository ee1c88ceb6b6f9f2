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

/// Softmax and LogSoftmax (the row's function is "log"). Before opset 13 all dimensions from `axis` (1 unless given)
/// on are one.
static LogicalResult softmax(NodeBinder &node) {
  Value input = node.input(0);
  int64_t rank = rankOf(input);
  bool log = node.function() == "log", isOld = node.opset() < 13;
  int64_t axis = node.axis(node.integer("axis", isOld ? 1 : -1), rank);
  if (!isOld || axis == rank - 1)
    return node.finish(node.create<SoftmaxOp>(input, axis, log));
  Value shape = node.create<ShapeOp>(input, 0, rank), kept = node.create<ShapeOp>(input, 0, axis);
  Value flatShape = node.create<ConcatOp>(ValueRange{kept, node.vector(-1)}, 0);
  Value flat = node.create<ReshapeOp>(input, flatShape, false);
  return node.finish(node.create<ReshapeOp>(node.create<SoftmaxOp>(flat, axis, log), shape, false));
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
    {"", "Softmax", 1, 1, softmax},
    {"", "LogSoftmax", 1, 1, softmax, "log"},
};

ArrayRef<OperatorRow> edgelm::reduceOperators() {
  return rows;
}
