// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Merges the linears that read one token's activations.
#include "Passes/Passes.h"
#include "llvm/ADT/MapVector.h"

namespace edgelm {
#define GEN_PASS_DEF_FUSEPROJECTIONS
#include "Passes/Passes.h.inc"
} // namespace edgelm

using namespace mlir;
using namespace edgelm;

/// A slice starts at a multiple of a cache line, or the memory plan could not make it a name only.
static constexpr int64_t floatsOfLine = 16;

/// Whether `value` is computed from weights alone, so that it may be computed earlier.
static bool isTrained(Value value) {
  Operation *op = value.getDefiningOp();
  if (!op)
    return false;
  return isa<CodedWeightOp, ConstantOp, WeightOp>(op) ||
         (isa<CastOp, QuantizeWeightOp, TransposeOp, ReshapeOp>(op) && llvm::all_of(op->getOperands(), isTrained));
}

/// Moves the trained `value` in front of `place`.
static void hoist(Value value, Operation *place) {
  Operation *op = value.getDefiningOp();
  if (op->isBeforeInBlock(place))
    return;
  for (Value operand : op->getOperands())
    hoist(operand, place);
  op->moveBefore(place);
}

static bool isPlain(LinearOp linear) {
  return !linear.getGlu() && !linear.getActivation() && !linear.getResidual() &&
         llvm::all_of(linear.getWeights(), isTrained) && llvm::all_of(linear.getBiases(), isTrained);
}

/// Output features.
static int64_t featuresOf(LinearOp linear) {
  return tensorType(linear.getResult()).getShape().back();
}

/// The number format of the weights, or null.
static Type formatOf(LinearOp linear) {
  return dyn_cast<QType>(tensorType(linear.getWeights().front()).getElementType());
}

/// One linear for all of `group`, and a slice for each.
static void merge(ArrayRef<LinearOp> group) {
  LinearOp first = group.front();
  SmallVector<Value> weights, biases;
  SmallVector<bool> transposed;
  SmallVector<Location> locs;
  int64_t features = 0;
  for (LinearOp linear : group) {
    for (Value value : linear->getOperands().drop_front())
      hoist(value, first);
    llvm::append_range(weights, linear.getWeights());
    llvm::append_range(biases, linear.getBiases());
    llvm::append_range(transposed, linear.getTransposed());
    locs.push_back(linear.getLoc());
    features += featuresOf(linear);
  }
  OpBuilder builder(first);
  RankedTensorType type = tensorType(first.getResult());
  SmallVector<int64_t> shape(type.getShape());
  shape.back() = features;
  LinearOp merged = LinearOp::create(builder, builder.getFusedLoc(locs), type.clone(shape), first.getInput(), weights,
                                     biases, /*residual=*/Value(), transposed, /*activation=*/StringAttr(), false);
  SmallVector<int64_t> starts(shape.size(), 0), steps(shape.size(), 1);
  for (LinearOp linear : group) {
    RankedTensorType part = tensorType(linear.getResult());
    builder.setInsertionPoint(linear);
    SliceOp slice = SliceOp::create(builder, linear.getLoc(), part, merged.getResult(), ValueRange(),
                                    builder.getDenseI64ArrayAttr(starts), builder.getDenseI64ArrayAttr(part.getShape()),
                                    builder.getDenseI64ArrayAttr(steps));
    starts.back() += part.getShape().back();
    linear.replaceAllUsesWith(slice.getResult());
    linear.erase();
  }
}

namespace {
struct FuseProjections : edgelm::impl::FuseProjectionsBase<FuseProjections> {
  using FuseProjectionsBase::FuseProjectionsBase;

  void runOnOperation() override {
    int64_t unit = std::max<int64_t>(panel, floatsOfLine);
    for (func::FuncOp function : getOperation().getOps<func::FuncOp>()) {
      if (function.isExternal())
        continue;
      // By input, by whether there are biases (a linear has one for each weight or none) and by number format.
      llvm::MapVector<std::tuple<Value, unsigned, Type>, SmallVector<LinearOp>> groups;
      for (LinearOp linear : function.front().getOps<LinearOp>()) {
        RankedTensorType input = tensorType(linear.getInput());
        bool oneRow = input.hasStaticShape() && input.getNumElements() == input.getShape().back();
        if (oneRow && isPlain(linear) && featuresOf(linear) % unit == 0)
          groups[{linear.getInput(), linear.getBiases().empty(), formatOf(linear)}].push_back(linear);
      }
      for (auto &[key, group] : groups) {
        if (group.size() < 2)
          continue;
        numMerged += group.size();
        merge(group);
      }
    }
  }
};
} // namespace
