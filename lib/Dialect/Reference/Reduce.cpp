// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reductions, running sums and softmax. Floats accumulate in double, in index order, and are rounded once.
#include "Dialect/Reference/Families.h"

using namespace mlir;
using namespace edgelm;

namespace {
/// A reduction over doubles or int64: starts at `initial`, takes each element by `step`, ends by `finish`.
struct Reduction {
  llvm::StringLiteral name;
  double initial;
  double (*step)(double sum, double x);
  double (*finish)(double sum, int64_t count);
};
} // namespace

static double plus(double sum, double x) {
  return sum + x;
}
static double same(double sum, int64_t) {
  return sum;
}
static double logarithm(double sum, int64_t) {
  return std::log(sum);
}

static const Reduction reductions[] = {
    {"sum", 0, plus, same},
    {"mean", 0, plus, [](double sum, int64_t count) { return sum / static_cast<double>(count); }},
    {"max", -INFINITY, [](double sum, double x) { return std::isnan(x) || x > sum ? x : sum; }, same},
    {"min", INFINITY, [](double sum, double x) { return std::isnan(x) || x < sum ? x : sum; }, same},
    {"prod", 1, [](double sum, double x) { return sum * x; }, same},
    {"sum_square", 0, [](double sum, double x) { return sum + x * x; }, same},
    {"l1", 0, [](double sum, double x) { return sum + std::fabs(x); }, same},
    {"l2", 0, [](double sum, double x) { return sum + x * x; }, [](double sum, int64_t) { return std::sqrt(sum); }},
    {"log_sum", 0, plus, logarithm},
    {"log_sum_exp", 0, [](double sum, double x) { return sum + std::exp(x); }, logarithm},
};

/// Moves the reduced axes last: every row of the result is what one output element reads.
static Tensor reducedAxesLast(const Tensor &input, ArrayRef<int64_t> axes) {
  ShapeVector perm;
  for (int64_t d = 0; d < input.rank(); ++d)
    if (!llvm::is_contained(axes, d))
      perm.push_back(d);
  llvm::append_range(perm, axes);
  return llvm::is_sorted(perm) ? input : transposed(input, perm);
}

static ShapeVector reducedShape(const Tensor &input, ArrayRef<int64_t> axes, bool keepDims) {
  ShapeVector shape;
  for (int64_t d = 0; d < input.rank(); ++d) {
    if (!llvm::is_contained(axes, d))
      shape.push_back(input.dim(d));
    else if (keepDims)
      shape.push_back(1);
  }
  return shape;
}

TensorOr edgelm::evaluateOp(ReduceOp op, const Operands &in) {
  const Tensor &input = in[op.getInput()];
  ShapeVector axes(op.getAxes());
  if (axes.empty())
    llvm::append_range(axes, llvm::seq<int64_t>(0, input.rank()));
  const Reduction *reduction = llvm::find_if(reductions, [&](const Reduction &row) { return row.name == op.getFn(); });
  if (reduction == std::end(reductions))
    return op.emitError("names the unknown reduction \"") << op.getFn() << "\"";
  std::vector<double> values = reducedAxesLast(input, axes).toDoubles();
  ShapeVector shape = reducedShape(input, axes, op.getKeepDims());
  int64_t count = 1;
  for (int64_t axis : axes)
    count *= input.dim(axis);
  std::vector<double> results(elementCount(shape));
  for (size_t i = 0; i < results.size(); ++i) {
    double sum = reduction->initial;
    for (int64_t j = 0; j < count; ++j)
      sum = reduction->step(sum, values[i * count + j]);
    results[i] = reduction->finish(sum, count);
  }
  return Tensor::fromDoubles(shape, input.elementType(), results);
}

TensorOr edgelm::evaluateOp(ArgReduceOp op, const Operands &in) {
  const Tensor &input = in[op.getInput()];
  int64_t axis = op.getAxis(), count = input.dim(axis);
  if (count == 0)
    return op.emitError("has no element along axis ") << axis;
  std::vector<double> values = reducedAxesLast(input, axis).toDoubles();
  ShapeVector shape = reducedShape(input, axis, op.getKeepDims());
  double sign = op.getFn() == "max" ? 1 : -1;
  std::vector<int64_t> results(elementCount(shape));
  for (size_t i = 0; i < results.size(); ++i) {
    const double *row = values.data() + i * count;
    for (int64_t j = 1; j < count; ++j) {
      double gain = sign * row[j] - sign * row[results[i]];
      if (gain > 0 || (gain == 0 && op.getSelectLast()))
        results[i] = j;
    }
  }
  return Tensor::fromIntegers(shape, resultElementType(op), results);
}

/// Runs over the slices of `axis`: `visit(start, stride)` for every line of elements along it.
template <typename Visitor> static void forEachLine(Shape shape, int64_t axis, Visitor visit) {
  AxisSplit split = splitAt(shape, axis);
  for (int64_t i = 0; i < split.outer; ++i)
    for (int64_t j = 0; j < split.inner; ++j)
      visit(i * split.extent * split.inner + j, split.inner);
}

template <typename Number>
static void runningSums(std::vector<Number> &values, Shape shape, int64_t axis, bool exclusive, bool reverse) {
  int64_t extent = shape[axis];
  forEachLine(shape, axis, [&](int64_t start, int64_t stride) {
    Number sum = 0;
    for (int64_t step = 0; step < extent; ++step) {
      Number &value = values[start + (reverse ? extent - 1 - step : step) * stride];
      Number next = sum + value;
      value = exclusive ? sum : next;
      sum = next;
    }
  });
}

TensorOr edgelm::evaluateOp(CumSumOp op, const Operands &in) {
  const Tensor &input = in[op.getInput()];
  if (isa<FloatType>(input.elementType())) {
    std::vector<double> values = input.toDoubles();
    runningSums(values, input.shape(), op.getAxis(), op.getExclusive(), op.getReverse());
    return Tensor::fromDoubles(input.shape(), input.elementType(), values);
  }
  std::vector<int64_t> values = input.toIntegers();
  runningSums(values, input.shape(), op.getAxis(), op.getExclusive(), op.getReverse());
  return Tensor::fromIntegers(input.shape(), input.elementType(), values);
}

TensorOr edgelm::evaluateOp(SoftmaxOp op, const Operands &in) {
  const Tensor &input = in[op.getInput()];
  std::vector<double> values = input.toDoubles();
  int64_t extent = input.dim(op.getAxis());
  forEachLine(input.shape(), op.getAxis(), [&](int64_t start, int64_t stride) {
    double *line = values.data() + start, greatest = -INFINITY, sum = 0;
    for (int64_t i = 0; i < extent; ++i)
      greatest = std::fmax(greatest, line[i * stride]);
    for (int64_t i = 0; i < extent; ++i)
      sum += std::exp(line[i * stride] - greatest);
    for (int64_t i = 0; i < extent; ++i) {
      double shifted = line[i * stride] - greatest;
      line[i * stride] = op.getLog() ? shifted - std::log(sum) : std::exp(shifted) / sum;
    }
  });
  return Tensor::fromDoubles(input.shape(), input.elementType(), values);
}
