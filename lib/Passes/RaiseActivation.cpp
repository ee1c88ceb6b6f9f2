// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Recognises scalar functions by value: elementwise chains become one row of the scalar function table.
#include "Dialect/ScalarFunctions.h"
#include "Passes/Match.h"
#include "Passes/Passes.h"
#include "llvm/ADT/SetVector.h"
#include <cmath>

namespace edgelm {
#define GEN_PASS_DEF_RAISEACTIVATION
#include "Passes/Passes.h.inc"
} // namespace edgelm

using namespace mlir;
using namespace edgelm;

namespace {

/// Where functions are compared: dense around 0, where activations bend, and a few points where they have settled.
const double kSamples[] = {-30,  -12, -9,   -7,   -5.5, -4.5,  -4,   -3.5, -3,   -2.7, -2.4, -2.1, -1.8, -1.5,
                           -1.2, -1,  -0.8, -0.6, -0.4, -0.25, -0.1, 0.05, 0.15, 0.3,  0.45, 0.6,  0.8,  1.01,
                           1.25, 1.5, 1.75, 2,    2.3,  2.6,   3,    3.4,  3.8,  4.5,  6,    8,    11,   28};
/// The closest two rows that exports use, `gelu` and `gelu_tanh`, are 4.7e-4 apart; constants written in f16 move a
/// function by 2e-4.
constexpr double kTolerance = 2e-4;
/// A function that is written with more operations than this is none that the table holds.
constexpr size_t kMaxOperations = 24;

bool isElementwise(Operation *op) {
  if (!isa_and_nonnull<UnaryOp, BinaryOp, CompareOp, SelectOp, CastOp>(op))
    return false;
  return !isa<CastOp>(op) || (hasFloatElements(op->getOperand(0)) && hasFloatElements(op->getResult(0)));
}

/// The function that `root` is of `leaf`, at one point; nothing when an operation has no meaning on floats.
std::optional<double> sample(Value value, Value leaf, double x, llvm::DenseMap<Value, double> &known) {
  if (value == leaf)
    return x;
  if (std::optional<double> constant = numberOf(value))
    return constant;
  if (auto found = known.find(value); found != known.end())
    return found->second;
  Operation *op = value.getDefiningOp();
  if (!isElementwise(op))
    return std::nullopt;
  SmallVector<double, 3> operands;
  for (Value operand : op->getOperands()) {
    std::optional<double> number = sample(operand, leaf, x, known);
    if (!number)
      return std::nullopt;
    operands.push_back(*number);
  }
  std::optional<double> result;
  if (auto unary = dyn_cast<UnaryOp>(op)) {
    const UnaryFunction *row = lookupUnary(unary.getFn());
    ArrayRef<double> params = unary.getParams().empty() ? row->defaults : unary.getParams();
    if (row->onFloat)
      result = row->onFloat(operands[0], params);
  } else if (auto binary = dyn_cast<BinaryOp>(op)) {
    if (const BinaryFunction *row = lookupBinary(binary.getFn()); row->onFloat)
      result = row->onFloat(operands[0], operands[1]);
  } else if (auto compare = dyn_cast<CompareOp>(op)) {
    double a = operands[0], b = operands[1];
    StringRef p = compare.getPredicate();
    result = p == "eq"   ? a == b
             : p == "ne" ? a != b
             : p == "lt" ? a < b
             : p == "le" ? a <= b
             : p == "gt" ? a > b
                         : a >= b;
  } else if (isa<SelectOp>(op)) {
    result = operands[0] != 0 ? operands[1] : operands[2];
  } else {
    result = operands[0];
  }
  if (result)
    known[value] = *result;
  return result;
}

bool agree(double found, double expected) {
  if (std::isnan(found) || std::isnan(expected) || std::isinf(expected))
    return std::isnan(found) == std::isnan(expected) && (!std::isinf(expected) || found == expected);
  return std::fabs(found - expected) <= kTolerance * std::fmax(1.0, std::fabs(expected));
}

/// The row that `root` is of `leaf`, or an empty name.
StringRef recognise(Value root, Value leaf) {
  SmallVector<std::pair<double, double>> points;
  for (double x : kSamples) {
    llvm::DenseMap<Value, double> known;
    std::optional<double> y = sample(root, leaf, x, known);
    if (!y)
      return {};
    points.push_back({x, *y});
  }
  for (const UnaryFunction &row : unaryFunctions())
    if (row.isActivation &&
        llvm::all_of(points, [&](auto point) { return agree(point.second, row.onFloat(point.first, row.defaults)); }))
      return row.name;
  return {};
}

struct Match {
  StringRef fn;
  Value leaf;
};

/// The value of a set that is computed last, so that it is no operand of the others.
Value latest(ArrayRef<Value> values) {
  return *llvm::max_element(values, [](Value a, Value b) {
    Operation *first = a.getDefiningOp(), *second = b.getDefiningOp();
    return second && (!first || first->isBeforeInBlock(second));
  });
}

/// Walks from `root` towards its operands; wherever everything above hangs on one value alone, that value may be the
/// argument of a function of the table. The farthest one wins.
Match matchFunction(Value root) {
  Match best;
  llvm::SetVector<Value> frontier;
  frontier.insert(root);
  for (size_t expanded = 0; expanded < kMaxOperations; ++expanded) {
    Value next = latest(frontier.getArrayRef());
    if (!isElementwise(next.getDefiningOp()))
      break;
    frontier.remove(next);
    for (Value operand : next.getDefiningOp()->getOperands())
      if (!numberOf(operand))
        frontier.insert(operand);
    if (frontier.empty())
      break;
    if (frontier.size() > 1 || frontier[0].getType() != root.getType())
      continue;
    if (StringRef fn = recognise(root, frontier[0]); !fn.empty())
      best = {fn, frontier[0]};
  }
  return best;
}

struct RaiseActivation : edgelm::impl::RaiseActivationBase<RaiseActivation> {
  void runOnOperation() override {
    for (func::FuncOp function : getOperation().getOps<func::FuncOp>())
      if (!function.isExternal())
        raise(function);
  }

  void raise(func::FuncOp function) {
    // From the end, so that the largest expression is seen before its parts.
    for (Operation &op : llvm::make_early_inc_range(llvm::reverse(function.front()))) {
      if (isOpTriviallyDead(&op)) {
        op.erase();
        continue;
      }
      if (!isElementwise(&op) || isa<CastOp>(op) || !hasFloatElements(op.getResult(0)))
        continue;
      Match match = matchFunction(op.getResult(0));
      if (match.fn.empty())
        continue;
      if (auto unary = dyn_cast<UnaryOp>(op); unary && unary.getFn() == match.fn && unary.getInput() == match.leaf)
        continue;
      OpBuilder builder(&op);
      op.replaceAllUsesWith(
          ValueRange{UnaryOp::create(builder, op.getLoc(), op.getResult(0).getType(), match.fn, match.leaf)});
      op.erase();
      ++numRaised;
    }
  }
};
} // namespace
