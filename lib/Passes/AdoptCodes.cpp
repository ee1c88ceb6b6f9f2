// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Keeps the codes and scales of matrices that were quantized when they were exported.
#include "Dialect/CodedRows.h"
#include "Dialect/Storage.h"
#include "Passes/CodeSources.h"
#include "Passes/Match.h"
#include "Passes/Passes.h"

namespace edgelm {
#define GEN_PASS_DEF_ADOPTCODES
#include "Passes/Passes.h.inc"
} // namespace edgelm

using namespace mlir;
using namespace edgelm;

namespace {
struct AdoptCodes : edgelm::impl::AdoptCodesBase<AdoptCodes> {
  using AdoptCodesBase::AdoptCodesBase;

  void runOnOperation() override {
    adopted.clear();
    WalkResult result = getOperation().walk([&](Operation *op) {
      if (EmbedOp embed = dyn_cast<EmbedOp>(op))
        return adopt(embed.getTableMutable(), /*transposed=*/false);
      LinearOp linear = dyn_cast<LinearOp>(op);
      if (!linear)
        return WalkResult::advance();
      SmallVector<bool> transposed(linear.getTransposed());
      for (auto [index, operand] : llvm::enumerate(linear.getWeightsMutable())) {
        if (adopt(operand, transposed[index]).wasInterrupted())
          return WalkResult::interrupt();
        if (operand.get().getDefiningOp<CodedWeightOp>())
          transposed[index] = false;
      }
      linear.setTransposed(transposed);
      return WalkResult::advance();
    });
    if (result.wasInterrupted())
      return signalPassFailure();
    for (func::FuncOp function : getOperation().getOps<func::FuncOp>())
      if (!function.isExternal())
        eraseUnused(function);
  }

private:
  WalkResult adopt(OpOperand &operand, bool transposed);
  FailureOr<Type> elementTypeOf(CodesAttr codes, int64_t n, int64_t k, Location loc);

  /// By codes and by how they are seen; what the matrix becomes.
  llvm::DenseMap<std::pair<Attribute, Type>, Type> adopted;
};
} // namespace

/// The smallest format that has the codes and scales of a matrix as they are, or f32.
FailureOr<Type> AdoptCodes::elementTypeOf(CodesAttr codes, int64_t n, int64_t k, Location loc) {
  FailureOr<CodedRows> rows = CodedRows::open(codes, k, modelDirOf(getOperation()), [&] { return emitError(loc); });
  if (failed(rows))
    return failure();
  const FormatRow *best = nullptr;
  for (const FormatRow &row : formatTable())
    if (rows->fits(row) && (!best || row.bitsPerWeight(k) < best->bitsPerWeight(k)))
      best = &row;
  rows->release(&getContext());
  if (best) {
    ++numAdopted;
    return Type(QType::get(&getContext(), {best->name.data(), best->name.size()}));
  }
  ++numWidened;
  emitRemark(loc) << "no number format has the codes and scales of this matrix; it is stored as f32, which is exact";
  return Type(Float32Type::get(&getContext()));
}

/// Replaces a dequantized operand, [N, K] or `transposed`, by its codes as [N, K].
WalkResult AdoptCodes::adopt(OpOperand &operand, bool transposed) {
  Value value = withoutFloatCasts(operand.get());
  CodesAttr codes;
  if (DequantizeOp op = value.getDefiningOp<DequantizeOp>())
    codes = codesOf({op.getInput(), op.getScale(), op.getZeroPoint()}, 0, op.getAxis(), op.getBlockSize(), transposed);
  else if (DequantizeBlocksOp op = value.getDefiningOp<DequantizeBlocksOp>(); op && !transposed)
    codes = codesOf({op.getCodes(), op.getScales(), op.getZeroPoints()}, op.getBits(), 1, op.getBlockSize(), false,
                    op.getCodebookAttr());
  RankedTensorType type = tensorType(operand.get());
  if (!codes || type.getRank() != 2)
    return WalkResult::advance();
  int64_t n = type.getDimSize(transposed ? 1 : 0), k = type.getDimSize(transposed ? 0 : 1);
  Location loc = value.getLoc();
  RankedTensorType floats = RankedTensorType::get({n, k}, Float32Type::get(&getContext()));
  auto [known, isNew] = adopted.try_emplace({codes, floats});
  if (isNew) {
    FailureOr<Type> element = elementTypeOf(codes, n, k, loc);
    if (failed(element))
      return WalkResult::interrupt();
    known->second = floats.clone(*element);
  }
  OpBuilder builder(operand.getOwner());
  operand.set(CodedWeightOp::create(builder, loc, known->second, codes));
  return WalkResult::advance();
}
