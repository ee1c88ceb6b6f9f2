// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Folds a function in one sweep: types, then simpler forms, then values.
#include "Passes/Fold.h"
#include "Dialect/EdgeLMDialect.h"
#include "Dialect/InferTypes.h"
#include "Dialect/Reference/Evaluator.h"
#include "Passes/Simplify.h"
#include "Passes/WeightViews.h"

using namespace mlir;
using namespace edgelm;

/// Shape arithmetic is no longer than this.
static constexpr int64_t kShapeElements = 64;
/// The largest constant that is made of a weight, and of anything else.
static constexpr int64_t kFromWeightElements = 64 * 1024, kConstantElements = 1024 * 1024;

namespace {
/// Where the elements of a value come from.
enum class Origin { Arguments, Constants, Weights };

class Folder {
public:
  Folder(func::FuncOp function, FoldScope scope, FoldCounts &counts)
      : body(function.front()), builder(function), evaluator(body), scope(scope), counts(counts) {}

  LogicalResult run();

private:
  /// Refines, simplifies and folds one operation, and then those that replace it.
  LogicalResult visit(Operation *op);
  FailureOr<bool> replaceBySimpler(Operation *op);
  LogicalResult replaceByConstants(Operation *op);
  FailureOr<bool> replaceOne(Operation *op);
  bool replaceShape(ShapeOp op);
  void replaceSplit(SplitOp op);
  bool shouldFold(Operation *op) const;
  Origin originOf(Operation *op) const;
  Value makeConstant(Operation *op, Tensor tensor);
  /// Replaces one result; a new operation gets the identity of what it replaces.
  void replace(OpResult result, Value replacement, bool isNew);
  void erase(Operation *op);

  Block &body;
  OpBuilder builder;
  Evaluator evaluator;
  FoldScope scope;
  FoldCounts &counts;
  llvm::DenseMap<Value, Origin> origins;
  SmallVector<Operation *> created; ///< operations that replaced another one and are still to be visited
};
} // namespace

Origin Folder::originOf(Operation *op) const {
  if (isa<WeightOp>(op))
    return Origin::Weights;
  // What classification named stays: it stands for other lengths, too.
  if (isa<PositionRowsOp, MaskOp>(op))
    return Origin::Arguments;
  if (op->getNumOperands() == 0)
    return isa<ConstantOp>(op) ? Origin::Constants : Origin::Arguments;
  Origin origin = Origin::Constants;
  for (Value operand : op->getOperands()) {
    auto known = origins.find(operand);
    if (known == origins.end() || known->second == Origin::Arguments)
      return Origin::Arguments;
    if (known->second == Origin::Weights)
      origin = Origin::Weights;
  }
  return origin;
}

/// Whether a tensor may hold trained parameters of a layer rather than a table of indices or booleans.
static bool isParameterType(RankedTensorType type) {
  if (!type.getElementType().isIntOrFloat())
    return isa<QType>(type.getElementType());
  return isa<FloatType>(type.getElementType()) || type.getElementTypeBitWidth() == 8 ||
         type.getElementTypeBitWidth() == 4;
}

/// Whether the operation only rearranges or rescales a trained matrix, which stays what it is: whoever packs weights reads it.
static bool keepsTrainedMatrix(Operation *op, llvm::function_ref<bool(Value)> isFromWeights) {
  if (isa<GatherOp, GatherElementsOp, GatherNDOp>(op))
    return false;
  return llvm::any_of(op->getOperands(), [&](Value operand) {
    RankedTensorType type = tensorType(operand), result = tensorType(op->getResult(0));
    bool isMatrix = llvm::count_if(type.getShape(), [](int64_t size) { return size > 1; }) >= 2;
    return isFromWeights(operand) && isMatrix && isParameterType(type) &&
           type.getNumElements() <= result.getNumElements();
  });
}

bool Folder::shouldFold(Operation *op) const {
  Origin origin = originOf(op);
  if (origin == Origin::Arguments)
    return false;
  int64_t elements = 0;
  for (Value result : op->getResults()) {
    if (!tensorType(result).getElementType().isIntOrIndexOrFloat())
      return false; // no constant holds codes
    if (!tensorType(result).hasStaticShape())
      return true; // types depend on the value
    elements += tensorType(result).getNumElements();
  }
  if (elements <= kShapeElements)
    return true;
  if (scope == FoldScope::Shapes)
    return false;
  if (origin == Origin::Constants)
    return elements <= kConstantElements;
  return elements <= kFromWeightElements &&
         !keepsTrainedMatrix(op, [&](Value operand) { return origins.lookup(operand) == Origin::Weights; });
}

Value Folder::makeConstant(Operation *op, Tensor tensor) {
  builder.setInsertionPoint(op);
  ConstantOp constant = ConstantOp::create(builder, op->getLoc(), tensor.toAttribute());
  evaluator.set(constant, std::move(tensor));
  origins[constant] = Origin::Constants;
  return constant;
}

void Folder::replace(OpResult result, Value replacement, bool isNew) {
  IntegerAttr id = result.getOwner()->getAttrOfType<IntegerAttr>(kIdAttr);
  if (id && isNew)
    replacement.getDefiningOp()->setAttr(kIdAttr, builder.getI64IntegerAttr(id.getInt() + result.getResultNumber()));
  result.replaceAllUsesWith(replacement);
}

void Folder::erase(Operation *op) {
  for (Value result : op->getResults()) {
    evaluator.forget(result);
    origins.erase(result);
  }
  op->erase();
}

void Folder::replaceSplit(SplitOp op) {
  builder.setInsertionPoint(op);
  RankedTensorType input = tensorType(op.getInput());
  SmallVector<int64_t> starts(input.getRank(), 0), steps(input.getRank(), 1);
  for (OpResult part : op->getResults()) {
    RankedTensorType type = tensorType(part);
    SliceOp slice =
        SliceOp::create(builder, op.getLoc(), type, op.getInput(), ValueRange(), builder.getDenseI64ArrayAttr(starts),
                        builder.getDenseI64ArrayAttr(type.getShape()), builder.getDenseI64ArrayAttr(steps));
    created.push_back(slice);
    replace(part, slice, /*isNew=*/true);
    starts[op.getAxis()] += type.getDimSize(op.getAxis());
  }
}

LogicalResult Folder::replaceByConstants(Operation *op) {
  for (OpResult result : op->getResults()) {
    FailureOr<Tensor> tensor = evaluator.valueOf(result);
    if (failed(tensor))
      return failure();
    replace(result, makeConstant(op, *tensor), /*isNew=*/true);
  }
  ++counts.folded;
  return success();
}

bool Folder::replaceShape(ShapeOp op) {
  ArrayRef<int64_t> dims = tensorType(op.getInput()).getShape().slice(op.getStart(), op.getEnd() - op.getStart());
  if (llvm::is_contained(dims, ShapedType::kDynamic))
    return false;
  Tensor tensor = Tensor::fromIntegers({static_cast<int64_t>(dims.size())}, builder.getIntegerType(64), dims);
  replace(op->getResult(0), makeConstant(op, tensor), /*isNew=*/true);
  ++counts.folded;
  return true;
}

FailureOr<bool> Folder::replaceBySimpler(Operation *op) {
  if (op->getNumResults() != 1)
    return false;
  builder.setInsertionPoint(op);
  Operation *before = op->getPrevNode();
  FailureOr<Value> simpler = simplify(op, builder);
  if (!*simpler)
    simpler = asWeight(op, builder);
  if (failed(simpler))
    return failure();
  if (!*simpler)
    return false;
  bool isNew = op->getPrevNode() != before;
  for (Operation *next = before ? before->getNextNode() : &body.front(); next != op; next = next->getNextNode())
    created.push_back(next);
  replace(op->getResult(0), *simpler, isNew);
  ++counts.simplified;
  return true;
}

FailureOr<bool> Folder::replaceOne(Operation *op) {
  if (isa<ConstantOp, WeightOp>(op))
    return false;
  if (ShapeOp shape = dyn_cast<ShapeOp>(op))
    if (replaceShape(shape))
      return true;
  bool fold = shouldFold(op);
  if (scope == FoldScope::Shapes) {
    if (fold && failed(replaceByConstants(op)))
      return failure();
    return fold;
  }
  SplitOp split = dyn_cast<SplitOp>(op);
  if (split && llvm::all_of(op->getResults(), [](Value part) { return tensorType(part).hasStaticShape(); })) {
    replaceSplit(split);
    ++counts.simplified;
    return true;
  }
  // A part of a weight is better a weight than a constant.
  if (!fold || originOf(op) == Origin::Weights) {
    FailureOr<bool> simpler = replaceBySimpler(op);
    if (failed(simpler) || *simpler)
      return simpler;
  }
  if (!fold)
    return false;
  if (failed(replaceByConstants(op)))
    return failure();
  return true;
}

LogicalResult Folder::visit(Operation *op) {
  if (isOpTriviallyDead(op)) {
    ++counts.erased;
    erase(op);
    return success();
  }
  if (failed(refineResultTypes(op)))
    return failure();
  FailureOr<bool> replaced = replaceOne(op);
  if (failed(replaced))
    return failure();
  if (*replaced) {
    erase(op);
    return success();
  }
  for (Value result : op->getResults())
    origins[result] = originOf(op);
  return success();
}

LogicalResult Folder::run() {
  for (Operation &op : llvm::make_early_inc_range(body.without_terminator())) {
    if (failed(visit(&op)))
      return failure();
    while (!created.empty()) {
      SmallVector<Operation *> next;
      std::swap(next, created);
      for (Operation *replacement : next)
        if (failed(visit(replacement)))
          return failure();
    }
  }
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(body))) {
    if (!isOpTriviallyDead(&op))
      continue;
    ++counts.erased;
    erase(&op);
  }
  return success();
}

LogicalResult edgelm::foldConstants(func::FuncOp function, FoldScope scope, FoldCounts &counts) {
  if (failed(Folder(function, scope, counts).run()))
    return failure();
  updateFunctionType(function);
  return success();
}

void edgelm::updateFunctionType(func::FuncOp function) {
  Block &body = function.front();
  function.setFunctionType(
      FunctionType::get(function.getContext(), body.getArgumentTypes(), body.getTerminator()->getOperandTypes()));
}
