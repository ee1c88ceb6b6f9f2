// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Follows elements through movement and linear arithmetic.
#include "Passes/ElementMap.h"
#include "Dialect/Reference/Evaluate.h"
#include "Passes/Match.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"

using namespace mlir;

namespace edgelm {

namespace {
constexpr size_t kMaxTerms = 4;

bool isConstant(Value value) {
  return isa_and_nonnull<ConstantOp>(value.getDefiningOp());
}

/// Operations that place elements of their first operands; the others must be constants.
bool isMove(Operation *op) {
  if (isa<ConcatOp>(op))
    return true;
  if (!isa<ReshapeOp, TransposeOp, BroadcastOp, SliceOp, TileOp, GatherOp, UnsqueezeOp, SqueezeOp>(op))
    return false;
  return llvm::all_of(op->getOperands().drop_front(), isConstant);
}

bool isFloatCast(Operation *op) {
  return isa<CastOp>(op) && hasFloatElements(op->getOperand(0)) && hasFloatElements(op->getResult(0));
}

/// The values that a value is made of, found without looking at elements. A sum of two values that have nothing in
/// common (a residual) is a source of its own, and so is a product of two that are both no constants.
class Roots {
public:
  llvm::DenseSet<Value> of(Value value) {
    auto found = known.find(value);
    if (found != known.end())
      return found->second;
    llvm::DenseSet<Value> roots = compute(value);
    known[value] = roots;
    return roots;
  }

private:
  llvm::DenseSet<Value> compute(Value value) {
    Operation *op = value.getDefiningOp();
    if (op && (isConstant(value) || isa<PositionRowsOp>(op)))
      return {};
    if (!op || !isFollowed(op))
      return {value};
    llvm::DenseSet<Value> all;
    bool isProduct = isa<BinaryOp>(op) && !llvm::is_contained({"add", "sub"}, cast<BinaryOp>(op).getFn());
    bool isDisjoint = isa<BinaryOp>(op);
    for (Value operand : op->getOperands()) {
      llvm::DenseSet<Value> roots = of(operand);
      isDisjoint &= !roots.empty() && llvm::none_of(roots, [&](Value root) { return all.contains(root); });
      if (isProduct && !roots.empty() && !all.empty())
        return {value};
      all.insert(roots.begin(), roots.end());
    }
    // The first operand meets an empty set, so that only the second one decides.
    if (isDisjoint)
      return {value};
    return all;
  }

  llvm::DenseMap<Value, llvm::DenseSet<Value>> known;
};
} // namespace

bool isFollowed(Operation *op) {
  if (isMove(op) || isFloatCast(op))
    return true;
  if (auto unary = dyn_cast<UnaryOp>(op))
    return unary.getFn() == "neg";
  if (auto binary = dyn_cast<BinaryOp>(op))
    return hasFloatElements(binary) && llvm::is_contained({"add", "sub", "mul", "div"}, binary.getFn());
  return false;
}

/// Computes the map of one value.
class ElementMapper {
public:
  std::optional<ElementMap> run(Value value) {
    std::optional<Tensor> ids = idsOf(value);
    if (!ids)
      return std::nullopt;
    map.ids = ids->toIntegers();
    return std::move(map);
  }

private:
  int64_t add(Form form) {
    map.forms.push_back(std::move(form));
    return static_cast<int64_t>(map.forms.size()) - 1;
  }

  static Tensor tensorOf(Value value, ArrayRef<int64_t> ids) {
    return Tensor::fromIntegers(tensorType(value).getShape(), IntegerType::get(value.getContext(), 64), ids);
  }

  std::optional<Tensor> idsOf(Value value) {
    if (auto found = known.find(value); found != known.end())
      return found->second;
    std::optional<Tensor> ids = compute(value);
    if (ids)
      known[value] = *ids;
    return ids;
  }

  std::optional<Tensor> compute(Value value) {
    if (!tensorType(value).hasStaticShape())
      return std::nullopt;
    Operation *op = value.getDefiningOp();
    if (op && isConstant(value))
      return constant(cast<ConstantOp>(op));
    if (auto rows = dyn_cast_if_present<PositionRowsOp>(op))
      return positionRows(rows);
    if (roots.of(value).contains(value))
      return source(value);
    SmallVector<Tensor> operands;
    for (auto [i, operand] : llvm::enumerate(op->getOperands())) {
      // Indices and repeats keep their values; a constant among the parts of a concatenation has forms.
      bool isParameter = i > 0 && !isa<ConcatOp, BinaryOp>(op);
      std::optional<Tensor> ids = isParameter ? parameter(operand) : idsOf(operand);
      if (!ids)
        return std::nullopt;
      operands.push_back(*ids);
    }
    if (isMove(op)) {
      FailureOr<SmallVector<Tensor>> moved = evaluate(op, operands);
      return succeeded(moved) ? std::optional(moved->front()) : std::nullopt;
    }
    if (isa<CastOp>(op))
      return operands[0];
    if (isa<UnaryOp>(op))
      return negated(operands[0]);
    return combined(cast<BinaryOp>(op), operands[0], operands[1]);
  }

  static std::optional<Tensor> parameter(Value value) {
    auto dense = dyn_cast<DenseElementsAttr>(value.getDefiningOp<ConstantOp>().getValue());
    return dense ? std::optional(Tensor::fromAttribute(dense)) : std::nullopt;
  }

  Tensor source(Value value) {
    std::vector<int64_t> ids;
    for (int64_t i = 0, e = tensorType(value).getNumElements(); i < e; ++i)
      ids.push_back(add({Term{static_cast<int32_t>(map.sources.size()), -1, i}}));
    map.sources.push_back(value);
    return tensorOf(value, ids);
  }

  std::optional<Tensor> constant(ConstantOp op) {
    auto dense = dyn_cast<DenseElementsAttr>(op.getValue());
    if (!dense)
      return std::nullopt;
    std::vector<int64_t> ids;
    for (double number : Tensor::fromAttribute(dense).toDoubles())
      ids.push_back(add(number == 0 ? Form() : Form{Term{-1, -1, 0, 0, 0, number}}));
    return tensorOf(op, ids);
  }

  Tensor positionRows(PositionRowsOp op) {
    RankedTensorType type = tensorType(op.getResult());
    int64_t axis = op.getAxis(), tokens = type.getDimSize(axis), inner = 1;
    for (int64_t dim : type.getShape().drop_front(axis + 1))
      inner *= dim;
    std::vector<int64_t> ids;
    for (int64_t i = 0, e = type.getNumElements(); i < e; ++i) {
      int64_t row = i / inner % tokens, column = i / inner / tokens * inner + i % inner;
      ids.push_back(add({Term{-1, static_cast<int32_t>(map.tables.size()), 0, row, column}}));
    }
    map.tables.push_back(op.getTable());
    return tensorOf(op, ids);
  }

  Tensor negated(const Tensor &ids) {
    std::vector<int64_t> result;
    for (int64_t id : ids.toIntegers()) {
      Form form = map.forms[id];
      for (Term &term : form)
        term.factor = -term.factor;
      result.push_back(add(std::move(form)));
    }
    return Tensor::fromIntegers(ids.shape(), ids.elementType(), result);
  }

  std::optional<Tensor> combined(BinaryOp op, const Tensor &lhs, const Tensor &rhs) {
    std::vector<int64_t> result, left = spread(lhs, op), right = spread(rhs, op);
    for (auto [a, b] : llvm::zip_equal(left, right)) {
      // Copies, because `add` moves the forms.
      std::optional<Form> form = combine(op.getFn(), Form(map.forms[a]), Form(map.forms[b]));
      if (!form || form->size() > kMaxTerms)
        return std::nullopt;
      result.push_back(add(std::move(*form)));
    }
    return tensorOf(op, result);
  }

  /// The ids under the broadcast shape of the result.
  static std::vector<int64_t> spread(const Tensor &ids, Value result) {
    std::vector<int64_t> values = ids.toIntegers(), all;
    ArrayRef<int64_t> shape = tensorType(result).getShape();
    ArrayRef<int64_t> own = ids.shape();
    for (int64_t i = 0, e = tensorType(result).getNumElements(); i < e; ++i) {
      int64_t rest = i, index = 0, stride = 1;
      for (size_t axis = 0; axis < shape.size(); ++axis) {
        int64_t coordinate = rest % shape[shape.size() - 1 - axis];
        rest /= shape[shape.size() - 1 - axis];
        if (axis >= own.size())
          continue;
        int64_t dim = own[own.size() - 1 - axis];
        index += dim == 1 ? 0 : coordinate * stride;
        stride *= dim;
      }
      all.push_back(values[index]);
    }
    return all;
  }

  static std::optional<Form> combine(StringRef fn, Form a, Form b) {
    if (fn == "add" || fn == "sub") {
      for (Term term : b) {
        term.factor = fn == "sub" ? -term.factor : term.factor;
        a.push_back(term);
      }
      return a;
    }
    if (fn == "div") {
      if (b.size() != 1 || b[0].source >= 0 || b[0].table >= 0)
        return std::nullopt;
      for (Term &term : a)
        term.factor /= b[0].factor;
      return a;
    }
    Form product;
    for (const Term &x : a)
      for (const Term &y : b) {
        if ((x.source >= 0 && y.source >= 0) || (x.table >= 0 && y.table >= 0))
          return std::nullopt;
        Term term = x.source >= 0 ? x : y;
        const Term &rows = x.table >= 0 ? x : y;
        term.table = rows.table;
        term.row = rows.row;
        term.column = rows.column;
        term.factor = x.factor * y.factor;
        product.push_back(term);
      }
    return product;
  }

  ElementMap map;
  Roots roots;
  llvm::DenseMap<Value, Tensor> known;
};

std::optional<ElementMap> ElementMap::of(Value value) {
  return ElementMapper().run(value);
}

bool ElementMap::isIdentity() const {
  if (sources.size() != 1 || size() != tensorType(sources[0]).getNumElements())
    return false;
  for (int64_t i = 0; i < size(); ++i)
    if (const Form &form = at(i);
        form.size() != 1 || form[0].source != 0 || form[0].table >= 0 || form[0].factor != 1 || form[0].element != i)
      return false;
  return true;
}

void simplifyMoves(Operation *function) {
  for (Block &block : function->getRegion(0))
    for (Operation &op : block) {
      if (isMove(&op))
        continue;
      for (OpOperand &operand : op.getOpOperands()) {
        Operation *move = operand.get().getDefiningOp();
        if (!isa_and_nonnull<ReshapeOp, TransposeOp, BroadcastOp, SliceOp, ConcatOp>(move) || !isMove(move) ||
            !tensorType(operand.get()).hasStaticShape() || isTrained(operand.get()))
          continue;
        std::optional<ElementMap> map = ElementMap::of(operand.get());
        if (!map || !map->isIdentity() || map->source(0) == operand.get() ||
            tensorType(map->source(0)).getElementType() != tensorType(operand.get()).getElementType())
          continue;
        OpBuilder builder(&op);
        operand.set(reshapeTo(builder, move->getLoc(), map->source(0), tensorType(operand.get()).getShape()));
      }
    }
  eraseUnused(function);
}

} // namespace edgelm
