// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Demand-driven and whole evaluation of a block.
#include "Dialect/Reference/Evaluator.h"
#include "Dialect/Reference/Evaluate.h"

using namespace mlir;
using namespace edgelm;

LogicalResult Evaluator::evaluateOne(Operation *op) {
  SmallVector<Tensor> operands;
  for (Value operand : op->getOperands())
    operands.push_back(known.lookup(operand));
  FailureOr<SmallVector<Tensor>> results = evaluate(op, operands);
  if (failed(results))
    return failure();
  for (auto [value, tensor] : llvm::zip_equal(op->getResults(), *results))
    known[value] = std::move(tensor);
  return success();
}

FailureOr<Tensor> Evaluator::valueOf(Value value) {
  SmallVector<Value> pending = {value};
  while (!pending.empty()) {
    Value next = pending.back();
    if (known.contains(next)) {
      pending.pop_back();
      continue;
    }
    Operation *op = next.getDefiningOp();
    if (!op)
      return body.getParentOp()->emitError("cannot evaluate: argument ")
             << cast<BlockArgument>(next).getArgNumber() << " has no value";
    size_t before = pending.size();
    for (Value operand : op->getOperands())
      if (!known.contains(operand))
        pending.push_back(operand);
    if (pending.size() == before && failed(evaluateOne(op)))
      return failure();
  }
  return known[value];
}

FailureOr<SmallVector<Tensor>> Evaluator::run() {
  llvm::DenseMap<Value, unsigned> usesLeft;
  for (Operation &op : body)
    for (Value operand : op.getOperands())
      ++usesLeft[operand];
  for (Operation &op : body.without_terminator()) {
    if (failed(evaluateOne(&op)))
      return failure();
    for (Value operand : op.getOperands())
      if (--usesLeft[operand] == 0)
        known.erase(operand);
    for (Value result : op.getResults())
      if (result.use_empty())
        known.erase(result);
  }
  SmallVector<Tensor> results;
  for (Value operand : body.getTerminator()->getOperands())
    results.push_back(known.lookup(operand));
  return results;
}
