// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Selects the last valid token as early as its value is complete.
#include "Passes/LastRow.h"
#include "Passes/Match.h"

#include "llvm/ADT/DenseSet.h"

using namespace mlir;

namespace edgelm {

namespace {
class RowSelector {
public:
  RowSelector(func::FuncOp entry, Value n) : builder(entry.getContext()), n(n) {
    builder.setInsertionPoint(entry.front().getTerminator());
    // Rows are complete where they are stored for other tokens, and come from where positions or tokens are read.
    for (Operation &op : entry.front())
      if (isa<CacheAppendOp, CachedAttentionOp, RopeOp, PositionRowsOp, EmbedOp>(op))
        require(&op);
  }

  Value rowOf(Value value) {
    if (isTrained(value))
      return value;
    Value &row = rows[value];
    if (row)
      return row;
    Value made = isRequired(value) ? selected(value) : copied(value);
    return rows[value] = made;
  }

private:
  void require(Operation *op) {
    if (!required.insert(op).second)
      return;
    for (Value operand : op->getOperands())
      if (Operation *definition = operand.getDefiningOp())
        require(definition);
  }

  /// Computed for all tokens in any case, or a view of that.
  bool isRequired(Value value) const {
    Operation *op = value.getDefiningOp();
    return !op || required.contains(op) || (isa<ReshapeOp>(op) && isRequired(op->getOperand(0)));
  }

  Value selected(Value value) {
    RankedTensorType type = tensorType(value);
    int64_t tokens = type.getDimSize(0), features = type.getNumElements() / tokens;
    Value rows = reshapeTo(builder, value.getLoc(), value, {tokens, features});
    Value row = SelectRowOp::create(builder, value.getLoc(), type.clone(ArrayRef<int64_t>{1, features}), rows, n);
    return reshapeTo(builder, value.getLoc(), row, rowShape(type));
  }

  Value copied(Value value) {
    Operation *op = value.getDefiningOp();
    SmallVector<Value> operands;
    for (Value operand : op->getOperands())
      operands.push_back(rowOf(operand));
    if (isa<ReshapeOp>(op))
      return reshapeTo(builder, op->getLoc(), operands[0], rowShape(tensorType(value)));
    Operation *copy = builder.clone(*op);
    copy->setOperands(operands);
    for (Value result : copy->getResults())
      result.setType(tensorType(result).clone(rowShape(tensorType(result))));
    if (auto slice = dyn_cast<SliceOp>(copy)) {
      SmallVector<int64_t> sizes(*slice.getSizes());
      sizes[0] = 1;
      slice.setSizes(sizes);
    }
    for (auto [original, result] : llvm::zip_equal(op->getResults(), copy->getResults()))
      if (original != value)
        rows[original] = result;
    return copy->getResult(cast<OpResult>(value).getResultNumber());
  }

  static SmallVector<int64_t> rowShape(RankedTensorType type) {
    SmallVector<int64_t> shape(type.getShape());
    shape[0] = 1;
    return shape;
  }

  OpBuilder builder;
  Value n;
  llvm::DenseSet<Operation *> required;
  llvm::DenseMap<Value, Value> rows;
};
} // namespace

void computeLastRow(func::FuncOp entry, unsigned index, Value n) {
  Operation *terminator = entry.front().getTerminator();
  Value row = RowSelector(entry, n).rowOf(terminator->getOperand(index));
  terminator->setOperand(index, row);
  entry.setType(FunctionType::get(entry.getContext(), entry.getArgumentTypes(), terminator->getOperandTypes()));
  eraseUnused(entry);
}

} // namespace edgelm
