// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The token axis of operations that move, join and reduce elements.
#include "Passes/Match.h"
#include "Passes/TokenRewriter.h"

using namespace mlir;

namespace edgelm {

static bool areOnes(ArrayRef<int64_t> dims) {
  return llvm::all_of(dims, [](int64_t dim) { return dim == 1; });
}

const char *TokenRewriter::reduce(Operation *op, ArrayRef<int64_t> axes) {
  const TokenForm &input = forms[op->getOperand(0)];
  if (axes.empty() || llvm::any_of(axes, [&](int64_t axis) { return axis <= input.axis; }))
    return "reduces over tokens";
  ArrayRef<int64_t> shape = tensorType(op->getResult(0)).getShape();
  Operation *copy = clone(op, input.value, typeOf(shape, input.axis, op->getResult(0).getType()));
  SmallVector<int64_t> shifted;
  for (int64_t axis : axes)
    shifted.push_back(axis - input.axis);
  if (auto reduction = dyn_cast<ReduceOp>(copy))
    reduction.setAxes(shifted);
  else
    cast<ArgReduceOp>(copy).setAxis(shifted[0]);
  set(op->getResult(0), copy->getResult(0), input.axis);
  return nullptr;
}

const char *TokenRewriter::softmax(SoftmaxOp op) {
  const TokenForm &input = forms[op.getInput()];
  int64_t axis = op.getAxis();
  if (axis <= input.axis)
    return "normalises over tokens";
  Operation *copy = clone(op, input.value, input.value.getType());
  cast<SoftmaxOp>(copy).setAxis(axis - input.axis);
  set(op, copy->getResult(0), input.axis);
  return nullptr;
}

const char *TokenRewriter::reshape(ReshapeOp op) {
  const TokenForm &input = forms[op.getInput()];
  ArrayRef<int64_t> shape = tensorType(op.getResult()).getShape();
  // A number for each token stays one, whatever the export does with the one for all.
  if (tensorType(op.getInput()).getNumElements() == 1) {
    set(op, input);
    return nullptr;
  }
  const int64_t *token = llvm::find_if(shape, [](int64_t dim) { return dim != 1; });
  if (token == shape.end() || *token != options.sequence)
    return "joins tokens with features";
  int64_t axis = token - shape.begin();
  set(op, reshapeTo(builder, op.getLoc(), input.value, typeOf(shape, axis, op.getType()).getShape()), axis);
  return nullptr;
}

const char *TokenRewriter::transpose(TransposeOp op) {
  const TokenForm &input = forms[op.getInput()];
  ArrayRef<int64_t> shape = tensorType(op.getResult()).getShape();
  int64_t axis = llvm::find(op.getPerm(), input.axis) - op.getPerm().begin();
  if (!areOnes(shape.take_front(axis)))
    return "moves features before tokens";
  SmallVector<int64_t> perm = {0}, dims = {options.tokens};
  for (int64_t from : op.getPerm())
    if (from > input.axis) {
      perm.push_back(from - input.axis);
      dims.push_back(input.shape[from]);
    }
  Value value = input.value;
  if (!llvm::is_sorted(perm))
    value = TransposeOp::create(builder, op.getLoc(), tensorType(value).clone(dims), value, perm);
  set(op, reshapeTo(builder, op.getLoc(), value, typeOf(shape, axis, op.getType()).getShape()), axis);
  return nullptr;
}

const char *TokenRewriter::slice(SliceOp op) {
  const TokenForm &input = forms[op.getInput()];
  if (!op.getStarts())
    return "has bounds that are not known";
  ArrayRef<int64_t> starts = *op.getStarts(), sizes = *op.getSizes(), steps = *op.getSteps();
  if (starts[input.axis] != 0 || sizes[input.axis] != options.sequence || steps[input.axis] != 1)
    return "takes some of the tokens";
  SmallVector<int64_t> newStarts = {0}, newSizes = {options.tokens}, newSteps = {1};
  llvm::append_range(newStarts, starts.drop_front(input.axis + 1));
  llvm::append_range(newSizes, sizes.drop_front(input.axis + 1));
  llvm::append_range(newSteps, steps.drop_front(input.axis + 1));
  Value value = SliceOp::create(builder, op.getLoc(), typeOf(tensorType(op).getShape(), input.axis, op.getType()),
                                input.value, ValueRange(), builder.getDenseI64ArrayAttr(newStarts),
                                builder.getDenseI64ArrayAttr(newSizes), builder.getDenseI64ArrayAttr(newSteps));
  set(op, value, input.axis);
  return nullptr;
}

const char *TokenRewriter::concat(ConcatOp op) {
  int64_t axis = forms[op.getInputs()[0]].axis;
  SmallVector<Value> parts;
  for (Value input : op.getInputs()) {
    if (forms[input].axis < 0 || forms[input].axis != axis)
      return "joins tokens with something else";
    parts.push_back(forms[input].value);
  }
  if (static_cast<int64_t>(op.getAxis()) <= axis)
    return "joins tokens of several sequences";
  Value value = ConcatOp::create(builder, op.getLoc(), typeOf(tensorType(op).getShape(), axis, op.getType()), parts,
                                 op.getAxis() - axis);
  set(op, value, axis);
  return nullptr;
}

const char *TokenRewriter::broadcast(BroadcastOp op) {
  const TokenForm &input = forms[op.getInput()];
  ArrayRef<int64_t> shape = tensorType(op.getResult()).getShape();
  int64_t axis = input.axis + shape.size() - input.shape.size();
  if (op.getShape() || !areOnes(shape.take_front(axis)))
    return "repeats tokens";
  set(op, BroadcastOp::create(builder, op.getLoc(), typeOf(shape, axis, op.getType()), input.value, Value()), axis);
  return nullptr;
}

/// One token of a whole sequence, as the export wants it.
Value TokenRewriter::tokenAt(GatherOp op, const TokenForm &input, int64_t row) {
  RankedTensorType type = tensorType(input.value);
  SmallVector<int64_t> starts(type.getRank(), 0), sizes(type.getShape()), steps(type.getRank(), 1);
  starts[0] = row < 0 ? row + type.getDimSize(0) : row;
  sizes[0] = 1;
  Value token = SliceOp::create(builder, op.getLoc(), type.clone(sizes), input.value, ValueRange(),
                                builder.getDenseI64ArrayAttr(starts), builder.getDenseI64ArrayAttr(sizes),
                                builder.getDenseI64ArrayAttr(steps));
  return reshapeTo(builder, op.getLoc(), token, tensorType(op.getResult()).getShape());
}

const char *TokenRewriter::gather(GatherOp op) {
  const TokenForm &input = forms[op.getInput()], &indices = forms[op.getIndices()];
  int64_t axis = op.getAxis();
  std::optional<double> row = numberOf(op.getIndices());
  if (options.mayMixTokens && input.axis == axis && row && tensorType(op.getIndices()).getNumElements() == 1) {
    set(op, tokenAt(op, input, static_cast<int64_t>(*row)), -1);
    return nullptr;
  }
  bool isTable = input.axis < 0 && indices.axis >= 0 && axis == 0;
  bool isFeature = input.axis >= 0 && indices.axis < 0 && axis > input.axis;
  if (!isTable && !isFeature)
    return "picks tokens by index";
  int64_t token = isTable ? indices.axis : input.axis;
  Value value = GatherOp::create(builder, op.getLoc(), typeOf(tensorType(op).getShape(), token, op.getType()),
                                 input.value, indices.value, isTable ? 0 : axis - input.axis);
  set(op, value, token);
  return nullptr;
}

} // namespace edgelm
