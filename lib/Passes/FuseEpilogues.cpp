// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Moves activations, gates and residual additions into the linears before them.
#include "Passes/Passes.h"

namespace edgelm {
#define GEN_PASS_DEF_FUSEEPILOGUES
#include "Passes/Passes.h.inc"
} // namespace edgelm

using namespace mlir;
using namespace edgelm;

/// The linear that makes `value` for one user only and has no epilogue yet.
static LinearOp openLinear(Value value) {
  LinearOp linear = value.getDefiningOp<LinearOp>();
  if (!linear || !value.hasOneUse() || linear.getGlu() || linear.getResidual())
    return {};
  return linear;
}

/// A new linear like `linear` at the place of `user`, which it replaces.
static LinearOp replaceUser(Operation *user, LinearOp linear, ValueRange weights, Value residual, StringAttr activation,
                            bool glu) {
  OpBuilder builder(user);
  SmallVector<bool> transposed(linear.getTransposed());
  transposed.resize(weights.size(), transposed.front());
  Location loc = builder.getFusedLoc({linear.getLoc(), user->getLoc()});
  LinearOp fused = LinearOp::create(builder, loc, user->getResult(0).getType(), linear.getInput(), weights,
                                    linear.getBiases(), residual, transposed, activation, glu);
  user->getResult(0).replaceAllUsesWith(fused.getResult());
  user->erase();
  return fused;
}

/// fn(linear(x))
static bool fuseActivation(UnaryOp unary) {
  LinearOp linear = openLinear(unary.getInput());
  // Parameters have no place in a linear.
  if (!linear || linear.getActivation() || !unary.getParams().empty())
    return false;
  replaceUser(unary, linear, linear.getWeights(), {}, unary.getFnAttr(), false);
  linear.erase();
  return true;
}

/// fn(linear(x, gate)) * linear(x, up)
static bool fuseGlu(GluOp glu) {
  LinearOp gate = openLinear(glu.getGate()), up = openLinear(glu.getUp());
  if (!gate || !up || gate.getActivation() || up.getActivation() || gate.getInput() != up.getInput())
    return false;
  bool oneEach = gate.getWeights().size() == 1 && up.getWeights().size() == 1 && gate.getBiases().empty() &&
                 up.getBiases().empty();
  if (!oneEach || gate.getWeights()[0].getType() != up.getWeights()[0].getType() ||
      gate.getTransposed() != up.getTransposed())
    return false;
  replaceUser(glu, gate, {gate.getWeights()[0], up.getWeights()[0]}, {}, glu.getFnAttr(), true);
  gate.erase();
  up.erase();
  return true;
}

/// linear(x) + residual
static bool fuseResidual(BinaryOp binary) {
  if (binary.getFn() != "add" || binary.getLhs().getType() != binary.getRhs().getType())
    return false;
  // Of two candidates the later one: its result is needed last.
  LinearOp left = openLinear(binary.getLhs()), right = openLinear(binary.getRhs());
  LinearOp linear = left && right ? (left->isBeforeInBlock(right) ? right : left) : (left ? left : right);
  // One value added to itself has two uses, so it is no candidate.
  if (!linear)
    return false;
  Value residual = linear == left ? binary.getRhs() : binary.getLhs();
  replaceUser(binary, linear, linear.getWeights(), residual, linear.getActivationAttr(), false);
  linear.erase();
  return true;
}

namespace {
struct FuseEpilogues : edgelm::impl::FuseEpiloguesBase<FuseEpilogues> {
  void runOnOperation() override {
    for (func::FuncOp function : getOperation().getOps<func::FuncOp>()) {
      if (function.isExternal())
        continue;
      for (Operation &op : llvm::make_early_inc_range(function.front())) {
        bool fused = false;
        if (UnaryOp unary = dyn_cast<UnaryOp>(op))
          fused = fuseActivation(unary);
        else if (GluOp glu = dyn_cast<GluOp>(op))
          fused = fuseGlu(glu);
        else if (BinaryOp binary = dyn_cast<BinaryOp>(op))
          fused = fuseResidual(binary);
        numFused += fused;
      }
    }
  }
};
} // namespace
