// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Rewrites of single operations on static shapes.
#include "Passes/Simplify.h"
#include "Dialect/KnownValues.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace edgelm;

std::optional<double> edgelm::uniformConstant(Value value) {
  ConstantOp constant = value.getDefiningOp<ConstantOp>();
  DenseElementsAttr elements = constant ? dyn_cast<DenseElementsAttr>(constant.getValue()) : DenseElementsAttr();
  if (!elements || !elements.isSplat())
    return std::nullopt;
  if (isa<FloatType>(elements.getElementType()))
    return elements.getSplatValue<APFloat>().convertToDouble();
  return static_cast<double>(elements.getElementType().isInteger(1) ? elements.getSplatValue<bool>()
                                                                    : elements.getSplatValue<APInt>().getSExtValue());
}

/// `input` under the type of `result`; itself where that is its type. A reshape of a reshape skips the first one.
static Value asReshape(Operation *op, Value input, OpBuilder &builder) {
  RankedTensorType type = tensorType(op->getResult(0));
  if (!type.hasStaticShape())
    return {};
  while (ReshapeOp inner = input.getDefiningOp<ReshapeOp>()) {
    if (inner.getShape() || tensorType(inner.getInput()).getElementType() != type.getElementType())
      break;
    input = inner.getInput();
  }
  if (input.getType() == type)
    return input;
  ReshapeOp same = dyn_cast<ReshapeOp>(op);
  if (same && !same.getShape() && same.getInput() == input)
    return {};
  return ReshapeOp::create(builder, op->getLoc(), type, input, Value(), /*allow_zero=*/false);
}

/// A view of dequantized codes dequantizes that view of the codes, where every row keeps its scale.
static Value viewOfCodes(Operation *view, OpBuilder &builder) {
  DequantizeOp op = view->getOperand(0).getDefiningOp<DequantizeOp>();
  Operation *codes = op ? op.getInput().getDefiningOp() : nullptr;
  RankedTensorType type = tensorType(view->getResult(0));
  if (!isa_and_nonnull<WeightOp, ConstantOp>(codes) || op.getBlockSize() != 0 || !type.hasStaticShape())
    return {};
  RankedTensorType from = tensorType(op.getInput());
  bool keepsRows =
      op.getAxis() == 0 && from.getRank() > 0 && type.getRank() > 0 && type.getDimSize(0) == from.getDimSize(0);
  if (tensorType(op.getScale()).getNumElements() != 1 && !keepsRows)
    return {};
  Value moved = ReshapeOp::create(builder, view->getLoc(), type.clone(from.getElementType()), op.getInput(), Value(),
                                  /*allow_zero=*/false);
  return DequantizeOp::create(builder, op.getLoc(), type, moved, op.getScale(), op.getZeroPoint(), /*axis=*/0,
                              /*block_size=*/0);
}

/// Reshape, Unsqueeze, Squeeze.
static Value simplifyView(Operation *op, OpBuilder &builder) {
  Value view = asReshape(op, op->getOperand(0), builder);
  return view ? view : viewOfCodes(op, builder);
}

static Value simplifyTranspose(TransposeOp op, OpBuilder &builder) {
  RankedTensorType input = tensorType(op.getInput());
  if (!input.hasStaticShape())
    return {};
  if (TransposeOp inner = op.getInput().getDefiningOp<TransposeOp>()) {
    SmallVector<int64_t> perm;
    for (int64_t axis : op.getPerm())
      perm.push_back(inner.getPerm()[axis]);
    return TransposeOp::create(builder, op.getLoc(), op.getType(), inner.getInput(), perm);
  }
  // The order of the dimensions other than 1 says whether elements move.
  SmallVector<int64_t> moved;
  for (int64_t axis : op.getPerm())
    if (input.getDimSize(axis) != 1)
      moved.push_back(axis);
  return llvm::is_sorted(moved) ? asReshape(op, op.getInput(), builder) : Value();
}

static Value simplifyBroadcast(BroadcastOp op, OpBuilder &builder) {
  RankedTensorType input = tensorType(op.getInput()), type = tensorType(op.getResult());
  if (!input.hasStaticShape() || !type.hasStaticShape())
    return {};
  if (input.getNumElements() == type.getNumElements())
    return asReshape(op, op.getInput(), builder);
  if (!op.getShape())
    return {};
  return BroadcastOp::create(builder, op.getLoc(), type, op.getInput(), Value());
}

static Value simplifySlice(SliceOp op, OpBuilder &builder) {
  RankedTensorType input = tensorType(op.getInput()), type = tensorType(op.getResult());
  if (!input.hasStaticShape() || !type.hasStaticShape())
    return {};
  if (op.getStarts())
    return input == type && llvm::all_of(*op.getSteps(), [](int64_t step) { return step == 1; }) ? op.getInput()
                                                                                                 : Value();
  SmallVector<int64_t> bounds[4]; // starts, ends, axes, steps
  for (auto [bound, operand] : llvm::zip_equal(bounds, op.getBounds())) {
    std::optional<SmallVector<int64_t>> known = constantValues(operand);
    if (!known)
      return {};
    bound = *known;
  }
  SmallVector<int64_t> starts(input.getRank(), 0), steps(input.getRank(), 1);
  for (auto [start, axis, step] : llvm::zip(bounds[0], bounds[2], bounds[3])) {
    int64_t d = axis < 0 ? axis + input.getRank() : axis, dim = input.getDimSize(d);
    int64_t from = start < 0 ? start + dim : start;
    starts[d] = std::clamp<int64_t>(from, 0, std::max<int64_t>(step > 0 ? dim : dim - 1, 0));
    steps[d] = step;
  }
  return SliceOp::create(builder, op.getLoc(), type, op.getInput(), ValueRange(), builder.getDenseI64ArrayAttr(starts),
                         builder.getDenseI64ArrayAttr(type.getShape()), builder.getDenseI64ArrayAttr(steps));
}

static Value simplifyPad(PadOp op, OpBuilder &builder) {
  if (op.getPads() || !tensorType(op.getResult()).hasStaticShape())
    return {};
  std::optional<SmallVector<int64_t>> pads = constantValues(op.getBy());
  if (!pads)
    return {};
  return PadOp::create(builder, op.getLoc(), op.getType(), op.getInput(), Value(), op.getValue(), op.getModeAttr(),
                       builder.getDenseI64ArrayAttr(*pads));
}

static Value simplifyConcat(ConcatOp op, OpBuilder &builder) {
  SmallVector<Value> parts;
  for (Value input : op.getInputs()) {
    RankedTensorType type = tensorType(input);
    if (!type.hasStaticShape() || type.getNumElements() > 0)
      parts.push_back(input);
  }
  if (parts.size() == 1 && parts[0].getType() == op.getType())
    return parts[0];
  if (parts.empty() || parts.size() == op.getInputs().size())
    return {};
  return ConcatOp::create(builder, op.getLoc(), op.getType(), parts, op.getAxis());
}

/// x + 0, x - 0, x * 1, x / 1, x ^ 1.
static Value simplifyBinary(BinaryOp op) {
  StringRef fn = op.getFn();
  bool additive = fn == "add" || fn == "sub", multiplicative = fn == "mul" || fn == "div" || fn == "pow";
  if (!additive && !multiplicative)
    return {};
  double neutral = additive ? 0 : 1;
  if (op.getLhs().getType() == op.getType() && uniformConstant(op.getRhs()) == neutral)
    return op.getLhs();
  bool commutes = fn == "add" || fn == "mul";
  if (commutes && op.getRhs().getType() == op.getType() && uniformConstant(op.getLhs()) == neutral)
    return op.getRhs();
  return {};
}

/// A condition that is the same everywhere.
static Value simplifySelect(SelectOp op, OpBuilder &builder) {
  std::optional<double> condition = uniformConstant(op.getCondition());
  if (!condition || !tensorType(op.getResult()).hasStaticShape())
    return {};
  Value chosen = *condition != 0 ? op.getLhs() : op.getRhs();
  if (chosen.getType() == op.getType())
    return chosen;
  return BroadcastOp::create(builder, op.getLoc(), op.getType(), chosen, Value());
}

Value edgelm::simplify(Operation *op, OpBuilder &builder) {
  return llvm::TypeSwitch<Operation *, Value>(op)
      .Case<ReshapeOp, UnsqueezeOp, SqueezeOp>([&](Operation *view) { return simplifyView(view, builder); })
      .Case([&](TransposeOp transpose) { return simplifyTranspose(transpose, builder); })
      .Case([&](BroadcastOp broadcast) { return simplifyBroadcast(broadcast, builder); })
      .Case([&](SliceOp slice) { return simplifySlice(slice, builder); })
      .Case([&](PadOp pad) { return simplifyPad(pad, builder); })
      .Case([&](ConcatOp concat) { return simplifyConcat(concat, builder); })
      .Case([&](BinaryOp binary) { return simplifyBinary(binary); })
      .Case([&](SelectOp select) { return simplifySelect(select, builder); })
      .Case<CastOp, TileOp>(
          [&](auto same) { return same.getInput().getType() == same.getType() ? Value(same.getInput()) : Value(); })
      .Default([](Operation *) { return Value(); });
}
