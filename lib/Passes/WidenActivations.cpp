// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Computes in f32 whatever the export computes in a narrower float type; weights keep theirs.
#include "Passes/Match.h"
#include "Passes/Passes.h"

namespace edgelm {
#define GEN_PASS_DEF_WIDENACTIVATIONS
#include "Passes/Passes.h.inc"
} // namespace edgelm

using namespace mlir;
using namespace edgelm;

namespace {

bool isNarrowFloat(Type type) {
  auto element = dyn_cast<FloatType>(getElementTypeOrSelf(type));
  return element && element.getWidth() < 32;
}

Type widened(Type type) {
  if (!isNarrowFloat(type))
    return type;
  return cast<RankedTensorType>(type).clone(Float32Type::get(type.getContext()));
}

/// Parameters keep their type: scales of quantized weights too.
bool readsParametersAsTheyAre(Operation *op) {
  return isa<CastOp, DequantizeOp, DequantizeBlocksOp, QuantizeOp, LinearOp, EmbedOp>(op);
}

struct WidenActivations : edgelm::impl::WidenActivationsBase<WidenActivations> {
  void runOnOperation() override {
    for (func::FuncOp function : getOperation().getOps<func::FuncOp>())
      if (!function.isExternal())
        widen(function);
  }

  void widen(func::FuncOp function) {
    for (BlockArgument argument : function.getArguments())
      argument.setType(widened(argument.getType()));
    for (Operation &op : llvm::make_early_inc_range(function.front()))
      widen(op);
    Operation *terminator = function.front().getTerminator();
    widenParameters(*terminator);
    function.setType(
        FunctionType::get(&getContext(), function.front().getArgumentTypes(), terminator->getOperandTypes()));
    eraseUnused(function);
  }

  void widen(Operation &op) {
    if (isa<func::ReturnOp>(op) || llvm::all_of(op.getResults(), [](Value v) { return isTrained(v); }))
      return;
    if (!readsParametersAsTheyAre(&op))
      widenParameters(op);
    for (Value result : op.getResults())
      result.setType(widened(result.getType()));
    auto cast = dyn_cast<CastOp>(op);
    if (!cast)
      return;
    cast.setTo(getElementTypeOrSelf(cast.getType()));
    if (cast.getInput().getType() != cast.getType())
      return;
    cast.replaceAllUsesWith(cast.getInput());
    cast.erase();
    ++numCastsDropped;
  }

  /// Trained operands of an operation that computes in f32 are converted in front of it; constants are rewritten.
  void widenParameters(Operation &op) {
    for (OpOperand &operand : op.getOpOperands()) {
      if (!isNarrowFloat(operand.get().getType()))
        continue;
      OpBuilder builder(&op);
      if (auto constant = operand.get().getDefiningOp<ConstantOp>())
        if (auto dense = dyn_cast<DenseElementsAttr>(constant.getValue())) {
          operand.set(ConstantOp::create(builder, constant.getLoc(), widenedConstant(dense)));
          continue;
        }
      Type wide = widened(operand.get().getType());
      operand.set(CastOp::create(builder, op.getLoc(), wide, operand.get(), builder.getF32Type()));
    }
  }

  static DenseElementsAttr widenedConstant(DenseElementsAttr narrow) {
    return cast<DenseElementsAttr>(narrow.mapValues(Float32Type::get(narrow.getContext()), [](const APFloat &number) {
      APFloat wide = number;
      bool losesInfo;
      wide.convert(APFloat::IEEEsingle(), APFloat::rmNearestTiesToEven, &losesInfo);
      return wide.bitcastToAPInt();
    }));
  }
};
} // namespace
