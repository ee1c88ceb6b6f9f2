// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Binds batch and sequence to numbers, and state to emptiness, so that every export becomes one static graph.
#include "Dialect/ModelContext.h"
#include "Dialect/Reference/Tensor.h"
#include "Passes/Fold.h"
#include "Passes/Passes.h"

namespace edgelm {
#define GEN_PASS_DEF_BIND
#include "Passes/Passes.h.inc"
} // namespace edgelm

using namespace mlir;
using namespace edgelm;

static StringRef roleOf(func::FuncOp function, unsigned argument) {
  StringAttr role = function.getArgAttrOfType<StringAttr>(argument, kRoleAttr);
  return role ? role.getValue() : "input";
}

static StringRef nameOf(func::FuncOp function, unsigned argument) {
  StringAttr name = function.getArgAttrOfType<StringAttr>(argument, kNameAttr);
  return name ? name.getValue() : "";
}

static bool isPast(StringRef role) {
  return role == "past_key" || role == "past_value" || role == "past_key_value";
}

/// Every result of every operation gets a number, which is the same in clones of the function.
static void numberOperations(func::FuncOp function) {
  Builder builder(function.getContext());
  int64_t next = 0;
  for (Operation &op : function.front().without_terminator()) {
    op.setAttr(kIdAttr, builder.getI64IntegerAttr(next));
    next += std::max(1u, op.getNumResults());
  }
}

/// `type` of a state with its unknown dimensions replaced: the batch by 1, others, the tokens, by 0. The batch is the
/// first dimension, or the second where the first is keys and values.
static RankedTensorType emptyState(RankedTensorType type, StringRef role) {
  const size_t batch = role == "past_key_value" ? 1 : 0;
  SmallVector<int64_t> shape(type.getShape());
  for (auto [i, dim] : llvm::enumerate(shape))
    if (ShapedType::isDynamic(dim))
      dim = i == batch ? 1 : 0;
  return type.clone(shape);
}

namespace {
struct Bind : edgelm::impl::BindBase<Bind> {
  using BindBase::BindBase;
  void runOnOperation() override;

private:
  LogicalResult bindModel();
  LogicalResult bindDecoder(func::FuncOp function, int64_t length);
  LogicalResult bindArgument(func::FuncOp function, unsigned argument, int64_t length, bool hasPast);
  LogicalResult bindInput(func::FuncOp function, unsigned argument);
  LogicalResult finish(func::FuncOp function);
};
} // namespace

/// Replaces an argument by a constant; the caller erases it.
static void replaceArgument(func::FuncOp function, unsigned argument, const Tensor &tensor) {
  OpBuilder builder = OpBuilder::atBlockBegin(&function.front());
  Location loc = function.getArgument(argument).getLoc();
  ConstantOp constant = ConstantOp::create(builder, loc, tensor.toAttribute());
  // Arguments count from -1 down; operations have the other numbers.
  constant->setAttr(kIdAttr, builder.getI64IntegerAttr(-1 - static_cast<int64_t>(argument)));
  function.getArgument(argument).replaceAllUsesWith(constant);
}

LogicalResult Bind::bindArgument(func::FuncOp function, unsigned argument, int64_t length, bool hasPast) {
  BlockArgument value = function.getArgument(argument);
  RankedTensorType type = dyn_cast<RankedTensorType>(value.getType());
  StringRef role = roleOf(function, argument);
  if (!type)
    return function.emitError("argument \"")
           << nameOf(function, argument) << "\" is no ranked tensor: " << value.getType();
  bool overTokens = role == "tokens" || role == "position_ids" || role == "attention_mask" || role == "token_type_ids";
  if (overTokens && (type.getRank() < 1 || type.getRank() > 2))
    return function.emitError("argument \"") << nameOf(function, argument) << "\" has the role " << role << " and type "
                                             << type << ", expected [batch, sequence]";
  if (overTokens) {
    SmallVector<int64_t> shape(type.getRank(), 1);
    shape.back() = length;
    if (!ShapedType::isDynamic(type.getShape().back()) && type.getShape().back() != length)
      return function.emitError("argument \"") << nameOf(function, argument) << "\" has a fixed length of "
                                               << type.getShape().back() << " beside tokens of any length";
    value.setType(type.clone(shape));
    if (role == "position_ids") {
      std::vector<int64_t> positions(llvm::seq<int64_t>(0, length).begin(), llvm::seq<int64_t>(0, length).end());
      replaceArgument(function, argument, Tensor::fromIntegers(shape, type.getElementType(), positions));
    }
    if (role == "attention_mask" && hasPast)
      replaceArgument(function, argument,
                      Tensor::fromIntegers(shape, type.getElementType(), std::vector<int64_t>(length, 1)));
    return success();
  }
  if (!isPast(role))
    return bindInput(function, argument);
  RankedTensorType empty = emptyState(type, role);
  if (empty.getNumElements() != 0)
    return function.emitError("argument \"") << nameOf(function, argument) << "\" has the role " << role << " and type "
                                             << type << ", expected a dimension of any size for past tokens";
  value.setType(empty);
  replaceArgument(function, argument, Tensor(empty.getShape(), empty.getElementType()));
  return success();
}

LogicalResult Bind::bindInput(func::FuncOp function, unsigned argument) {
  BlockArgument value = function.getArgument(argument);
  RankedTensorType type = dyn_cast<RankedTensorType>(value.getType());
  if (!type)
    return function.emitError("argument \"")
           << nameOf(function, argument) << "\" is no ranked tensor: " << value.getType();
  ArrayAttr names = function.getArgAttrOfType<ArrayAttr>(argument, kDimsAttr);
  SmallVector<int64_t> shape(type.getShape());
  for (auto [i, dim] : llvm::enumerate(shape)) {
    if (!ShapedType::isDynamic(dim))
      continue;
    StringAttr dimName = names && i < names.size() ? dyn_cast<StringAttr>(names[i]) : StringAttr();
    for (const std::string &entry : dims) {
      auto [key, number] = StringRef(entry).rsplit(':');
      if (dimName && key == dimName.getValue() && number.getAsInteger(10, dim))
        return function.emitError("cannot read \"") << entry << "\" of option dims, expected name:number";
    }
    if (ShapedType::isDynamic(dim) && i == 0)
      dim = 1;
    if (ShapedType::isDynamic(dim))
      return function.emitError("dimension ")
             << i << (dimName ? " (" + dimName.getValue().str() + ")" : "") << " of argument \""
             << nameOf(function, argument)
             << "\" is not fixed; give it with dims=" << (dimName ? dimName.getValue() : "name") << ":number";
  }
  value.setType(type.clone(shape));
  return success();
}

/// Types from the arguments on; afterwards nothing may be unknown.
LogicalResult Bind::finish(func::FuncOp function) {
  FoldCounts counts;
  if (failed(foldConstants(function, FoldScope::Shapes, counts)))
    return failure();
  numFolded += counts.folded;
  for (Operation &op : function.front())
    for (Value result : op.getResults())
      if (!cast<RankedTensorType>(result.getType()).hasStaticShape())
        return op.emitError("the shape of a result depends on the input's values: ") << result.getType();
  return success();
}

LogicalResult Bind::bindDecoder(func::FuncOp function, int64_t length) {
  unsigned count = function.getNumArguments();
  bool hasPast = llvm::any_of(llvm::seq(0u, count), [&](unsigned i) { return isPast(roleOf(function, i)); });
  for (unsigned i = 0; i < count; ++i)
    if (failed(bindArgument(function, i, length, hasPast)))
      return failure();
  llvm::BitVector bound(count);
  for (unsigned i = 0; i < count; ++i) {
    StringRef role = roleOf(function, i);
    bound[i] = isPast(role) || role == "position_ids" || (role == "attention_mask" && hasPast);
  }
  // The state is made anew by edgelm-add-cache.
  llvm::BitVector dropped(function.getNumResults());
  for (unsigned i = 0; i < function.getNumResults(); ++i) {
    StringAttr role = function.getResultAttrOfType<StringAttr>(i, kRoleAttr);
    dropped[i] = role && role.getValue().starts_with("present_");
  }
  if (failed(function.eraseArguments(bound)) || failed(function.eraseResults(dropped)))
    return failure();
  function.front().getTerminator()->eraseOperands(dropped);
  return finish(function);
}

LogicalResult Bind::bindModel() {
  func::FuncOp main = getOperation().lookupSymbol<func::FuncOp>("main");
  if (!main)
    return getOperation().emitError("expects a function @main");
  std::optional<unsigned> tokens;
  for (unsigned i = 0; i < main.getNumArguments(); ++i)
    if (roleOf(main, i) == "tokens")
      tokens = i;
  RankedTensorType type = tokens ? dyn_cast<RankedTensorType>(main.getArgument(*tokens).getType()) : RankedTensorType();
  if (!type || !ShapedType::isDynamic(type.getShape().back())) {
    for (unsigned i = 0; i < main.getNumArguments(); ++i)
      if (failed(bindInput(main, i)))
        return failure();
    return finish(main);
  }
  // The numbers themselves: a diagnostic takes an option for a character.
  int64_t first = mainTokens, second = probeTokens;
  int64_t longest = contextTokens ? int64_t(contextTokens) : defaultContext(getOperation());
  if (std::min(first, second) < 2 || first == second || std::max(first, second) > longest)
    return main.emitError("cannot bind ") << first << " and " << second << " tokens in a context of " << longest
                                          << "; expected two different numbers from 2 to the context";
  numberOperations(main);
  OpBuilder builder(getOperation().getBodyRegion());
  builder.setInsertionPointAfter(main);
  std::pair<StringRef, int64_t> clones[] = {{"probe", probeTokens}, {"context", longest}};
  for (auto [name, length] : clones) {
    func::FuncOp clone = main.clone();
    clone.setName(name);
    clone.setPrivate();
    builder.insert(clone);
    if (failed(bindDecoder(clone, length)))
      return failure();
  }
  return bindDecoder(main, mainTokens);
}

void Bind::runOnOperation() {
  if (failed(bindModel()))
    signalPassFailure();
}
