// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Puts the quantization of activations in front of linears of a number format.
#include "Passes/Passes.h"

namespace edgelm {
#define GEN_PASS_DEF_QUANTIZEACTIVATIONS
#include "Passes/Passes.h.inc"
} // namespace edgelm

using namespace mlir;
using namespace edgelm;

/// Whether a value was rounded to integers by the export, seen through what only renames it.
static bool isQuantized(Value value) {
  while (ReshapeOp reshape = value.getDefiningOp<ReshapeOp>())
    value = reshape.getInput();
  return value.getDefiningOp<DequantizeOp>() != nullptr;
}

namespace {
struct QuantizeActivations : edgelm::impl::QuantizeActivationsBase<QuantizeActivations> {
  void runOnOperation() override {
    for (func::FuncOp function : getOperation().getOps<func::FuncOp>()) {
      if (function.isExternal())
        continue;
      // In the order of the block, so that the first reader's operation is in front of all others.
      DenseMap<std::pair<Value, int64_t>, Value> quantized;
      for (LinearOp linear : function.front().getOps<LinearOp>()) {
        QType format = dyn_cast<QType>(tensorType(linear.getWeights().front()).getElementType());
        RankedTensorType type = tensorType(linear.getInput());
        if (!format || !type.getElementType().isF32() || isQuantized(linear.getInput()))
          continue;
        int64_t group = format.row().activationGroup();
        Value &rows = quantized[{linear.getInput(), group}];
        if (!rows) {
          OpBuilder builder(linear);
          RankedTensorType result = type.clone(Int8RowsType::get(&getContext(), group));
          rows = QuantizeRowsOp::create(builder, linear.getLoc(), result, linear.getInput());
          ++numQuantized;
        }
        linear.getInputMutable().assign(rows);
      }
    }
  }
};
} // namespace
