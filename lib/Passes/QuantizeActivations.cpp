// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Puts the quantization of activations in front of linears of a number format.
#include "Dialect/PackedLayout.h"
#include "Passes/Passes.h"

namespace edgelm {
#define GEN_PASS_DEF_QUANTIZEACTIVATIONS
#include "Passes/Passes.h.inc"
} // namespace edgelm

using namespace mlir;
using namespace edgelm;

/// Whether a value was rounded to integers by the export, seen through what only moves its elements.
static bool isQuantized(Value value) {
  Operation *op = value.getDefiningOp();
  if (ConcatOp concat = dyn_cast_or_null<ConcatOp>(op))
    return llvm::all_of(concat.getInputs(), isQuantized);
  if (isa_and_nonnull<ReshapeOp, TransposeOp, SliceOp, PadOp>(op))
    return isQuantized(op->getOperand(0));
  return isa_and_nonnull<DequantizeOp>(op);
}

namespace {
struct QuantizeActivations : edgelm::impl::QuantizeActivationsBase<QuantizeActivations> {
  using QuantizeActivationsBase::QuantizeActivationsBase;

  void runOnOperation() override {
    for (func::FuncOp function : getOperation().getOps<func::FuncOp>()) {
      if (function.isExternal())
        continue;
      // In the order of the block, so that the first reader's operation is in front of all others.
      DenseMap<std::pair<Value, Type>, Value> quantized;
      for (LinearOp linear : function.front().getOps<LinearOp>()) {
        QType format = dyn_cast<QType>(tensorType(linear.getWeights().front()).getElementType());
        RankedTensorType type = tensorType(linear.getInput());
        if (!format || !type.getElementType().isF32() || isQuantized(linear.getInput()))
          continue;
        const FormatRow &row = format.row();
        Type element = Int8RowsType::get(&getContext(), row.activationGroup(), row.hasRowSums,
                                         /*paired=*/paired && takesPairedRows(row));
        Value &rows = quantized[{linear.getInput(), element}];
        if (!rows) {
          OpBuilder builder(linear);
          rows = QuantizeRowsOp::create(builder, linear.getLoc(), type.clone(element), linear.getInput());
          ++numQuantized;
        }
        linear.getInputMutable().assign(rows);
      }
    }
  }
};
} // namespace
