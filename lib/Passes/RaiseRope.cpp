// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Recognises rotary embeddings by following elements: however pairs are split, rotated and joined.
#include "Passes/Heads.h"
#include "Passes/Match.h"
#include "Passes/Passes.h"
#include "Passes/RotaryColumns.h"

#include <cmath>
#include <map>

namespace edgelm {
#define GEN_PASS_DEF_RAISEROPE
#include "Passes/Passes.h.inc"
} // namespace edgelm

using namespace mlir;
using namespace edgelm;

namespace {

/// What an element of a token is: itself, or turned with its partner.
struct Turned {
  int64_t feature = -1;      ///< of the source: its own one
  int64_t partner = -1;      ///< the feature it is paired with, -1 when it passes
  SignedColumn cosine, sine; ///< of the pair, for the lower feature
  bool operator==(const Turned &) const = default;
};

struct Rope {
  Heads heads;
  bool interleaved = false;
  SmallVector<SignedColumn> cosine, sine;
};

/// Tries to read a value as a rotary embedding of heads of its single source.
class Recogniser {
public:
  Recogniser(Value value, const ElementMap &map) : shape(tensorType(value).getShape()), map(map), columns(map) {}

  /// The reason why not, or null on success.
  const char *run() {
    if (map.numSources() != 1 || map.numTables() == 0 || shape.size() < 2)
      return "is not made of one value and position tables";
    if (const char *reason = findTokens())
      return reason;
    rope.heads.headDim = shape.back();
    rope.heads.tokens = shape[valueAxis];
    int64_t readers = map.size() / (rope.heads.headDim * rope.heads.tokens);
    SmallVector<int64_t> bases;
    for (int64_t reader = 0; reader < readers; ++reader) {
      std::vector<Turned> head;
      if (const char *reason = readHead(reader, head))
        return reason;
      bases.push_back(head[0].feature);
      if (const char *reason = reader == 0 ? layOut(head) : sameAsFirst(head))
        return reason;
    }
    if (!fillHeads(rope.heads, bases) || rope.heads.repeats != 1)
      return "has heads that do not lie at equal distances";
    return nullptr;
  }

  const Rope &get() const { return rope; }
  int64_t getValueAxis() const { return valueAxis; }

  /// The `[context, pairs]` table of some columns.
  DenseElementsAttr tableOf(MLIRContext *context, ArrayRef<SignedColumn> wanted) const {
    SmallVector<float> numbers;
    for (int64_t row = 0; row < columns.context(); ++row)
      for (SignedColumn column : wanted)
        numbers.push_back(static_cast<float>(columns.valueOf(column, row)));
    auto type =
        RankedTensorType::get({columns.context(), static_cast<int64_t>(wanted.size())}, Float32Type::get(context));
    return DenseElementsAttr::get(type, ArrayRef<float>(numbers));
  }

private:
  /// The tokens of the source and of the value, from the rows that the tables are read at; the common factor.
  const char *findTokens() {
    TokenAxis ofSource(map.source(0));
    SmallVector<bool> possible(shape.size() - 1, true);
    double factor = 0;
    bool isTurned = false;
    for (int64_t i = 0; i < map.size(); ++i)
      for (const Term &term : map.at(i)) {
        if (term.source < 0)
          return "adds something that is not a multiple of its source";
        if (factor != 0 && std::fabs(term.factor) != factor)
          return "scales its elements by different factors";
        factor = std::fabs(term.factor);
        if (term.table < 0)
          continue;
        isTurned = true;
        ofSource.see(term.element, term.row);
        int64_t rest = i / shape.back();
        for (size_t axis = shape.size() - 1; axis-- > 0; rest /= shape[axis])
          if (rest % shape[axis] != term.row)
            possible[axis] = false;
      }
    const bool *found = llvm::find(possible, true);
    rope.heads.source = map.source(0);
    rope.heads.tokenAxis = ofSource.get();
    rope.heads.factor = factor;
    if (!isTurned || rope.heads.tokenAxis < 0 || found == possible.end())
      return "does not turn each token by its own position";
    valueAxis = found - possible.begin();
    return nullptr;
  }

  int64_t elementAt(int64_t reader, int64_t token, int64_t i) const {
    int64_t inner = 1;
    for (size_t axis = valueAxis + 1; axis + 1 < shape.size(); ++axis)
      inner *= shape[axis];
    return ((reader / inner * shape[valueAxis] + token) * inner + reader % inner) * shape.back() + i;
  }

  /// The elements of one head, which must be the same for every token.
  const char *readHead(int64_t reader, std::vector<Turned> &head) {
    for (int64_t token = 0; token < rope.heads.tokens; ++token) {
      std::vector<Turned> ofToken;
      if (const char *reason = readToken(reader, token, ofToken))
        return reason;
      if (token == 0)
        head = std::move(ofToken);
      else if (ofToken != head)
        return "treats tokens differently";
    }
    return nullptr;
  }

  struct Side {
    int64_t index;              ///< within the head
    SignedColumn ofLow, ofHigh; ///< what the features of the pair are multiplied by
  };

  const char *readToken(int64_t reader, int64_t token, std::vector<Turned> &head) {
    TokenAxis axis(map.source(0));
    head.resize(rope.heads.headDim);
    std::map<std::pair<int64_t, int64_t>, SmallVector<Side, 2>> pairs;
    for (int64_t i = 0; i < rope.heads.headDim; ++i) {
      const Form &form = map.at(elementAt(reader, token, i));
      if (form.size() == 1 && form[0].table < 0) {
        if (form[0].factor < 0)
          return "negates an element";
        head[i].feature = axis.featureOf(form[0].element, rope.heads.tokenAxis);
        continue;
      }
      if (form.size() != 2)
        return "has an element that is not made of a pair";
      Term low = form[0], high = form[1];
      int64_t lowFeature = axis.featureOf(low.element, rope.heads.tokenAxis);
      int64_t highFeature = axis.featureOf(high.element, rope.heads.tokenAxis);
      if (lowFeature > highFeature) {
        std::swap(low, high);
        std::swap(lowFeature, highFeature);
      }
      std::optional<SignedColumn> ofLow = columns.of(low), ofHigh = columns.of(high);
      if (!ofLow || !ofHigh)
        return "reads a table that depends on the input";
      if (low.row != token || high.row != token)
        return "reads the position of another token";
      pairs[{lowFeature, highFeature}].push_back({i, *ofLow, *ofHigh});
    }
    for (auto &[features, sides] : pairs) {
      if (sides.size() != 2)
        return "uses a pair once";
      // result[low] = low * cos - high * sin, result[high] = high * cos + low * sin
      Side *low = &sides[0], *high = &sides[1];
      auto isTurn = [&] { return low->ofLow == high->ofHigh && low->ofHigh == -high->ofLow; };
      if (!isTurn())
        std::swap(low, high);
      if (!isTurn())
        return "does not turn a pair";
      head[low->index] = {features.first, features.second, low->ofLow, high->ofLow};
      head[high->index] = {features.second, features.first, low->ofLow, high->ofLow};
    }
    return nullptr;
  }

  /// Finds which elements are paired, and keeps the columns of the pairs in order.
  const char *layOut(const std::vector<Turned> &head) {
    first = head;
    int64_t base = head[0].feature, rotated = 0;
    for (auto [i, element] : llvm::enumerate(head)) {
      if (element.feature != base + static_cast<int64_t>(i))
        return "changes the order of elements";
      rotated += element.partner >= 0;
    }
    rope.interleaved = rotated > 2 && head[0].partner == base + 1;
    for (int64_t pair = 0; pair < rotated / 2; ++pair) {
      int64_t low = rope.interleaved ? 2 * pair : pair, high = rope.interleaved ? low + 1 : low + rotated / 2;
      if (head[low].partner != base + high)
        return "pairs elements in a way that is neither interleaved nor by halves";
      rope.cosine.push_back(head[low].cosine);
      rope.sine.push_back(head[low].sine);
    }
    return rotated == 0 ? "turns nothing" : nullptr;
  }

  const char *sameAsFirst(const std::vector<Turned> &head) const {
    int64_t shift = head[0].feature - first[0].feature;
    for (auto [a, b] : llvm::zip_equal(head, first)) {
      Turned moved = a;
      moved.feature -= shift;
      moved.partner -= a.partner < 0 ? 0 : shift;
      if (!(moved == b))
        return "treats heads differently";
    }
    return nullptr;
  }

  SmallVector<int64_t> shape;
  const ElementMap &map;
  RotaryColumns columns;
  int64_t valueAxis = 0;
  std::vector<Turned> first;
  Rope rope;
};

struct RaiseRope : edgelm::impl::RaiseRopeBase<RaiseRope> {
  void runOnOperation() override {
    for (func::FuncOp function : getOperation().getOps<func::FuncOp>()) {
      if (function.isExternal() || function.getOps<PositionRowsOp>().empty())
        continue;
      raise(function);
      simplifyMoves(function);
    }
  }

  void raise(func::FuncOp function) {
    tables.clear();
    // From the end, so that a partial rotation is seen with the elements that pass.
    for (Operation &op : llvm::make_early_inc_range(llvm::reverse(function.front()))) {
      if (isOpTriviallyDead(&op)) {
        op.erase();
        continue;
      }
      auto binary = dyn_cast<BinaryOp>(op);
      bool joins = isa<ConcatOp>(op) || (binary && (binary.getFn() == "add" || binary.getFn() == "sub"));
      if (!joins || !isFollowed(&op) || !tensorType(op.getResult(0)).getElementType().isF32() ||
          !readsPositions(op.getResult(0)))
        continue;
      std::optional<ElementMap> map = ElementMap::of(op.getResult(0));
      if (map)
        replace(function, op, *map);
    }
  }

  /// A cheap look before elements are followed.
  static bool readsPositions(Value value) {
    SmallVector<Value> pending = {value};
    llvm::DenseSet<Value> seen;
    while (!pending.empty() && seen.size() < 64) {
      Value next = pending.pop_back_val();
      Operation *op = next.getDefiningOp();
      if (isa_and_nonnull<PositionRowsOp>(op))
        return true;
      if (op && isFollowed(op) && seen.insert(next).second)
        llvm::append_range(pending, op->getOperands());
    }
    return false;
  }

  void replace(func::FuncOp function, Operation &op, const ElementMap &map) {
    Recogniser recogniser(op.getResult(0), map);
    if (recogniser.run())
      return;
    const Rope &rope = recogniser.get();
    OpBuilder builder(&op);
    Location loc = op.getLoc();
    Value input = takeHeads(builder, loc, rope.heads);
    if (!input)
      return;
    Value cosine = shared(function, recogniser.tableOf(&getContext(), rope.cosine));
    Value sine = shared(function, recogniser.tableOf(&getContext(), rope.sine));
    Value turned = RopeOp::create(builder, loc, input.getType(), input, cosine, sine, Value(), rope.interleaved);
    if (rope.heads.factor != 1) {
      auto scalar = RankedTensorType::get({}, builder.getF32Type());
      Value factor =
          ConstantOp::create(builder, loc, DenseElementsAttr::get(scalar, static_cast<float>(rope.heads.factor)));
      turned = BinaryOp::create(builder, loc, turned.getType(), "mul", turned, factor);
    }
    op.replaceAllUsesWith(
        ValueRange{putHeads(builder, loc, turned, tensorType(op.getResult(0)), recogniser.getValueAxis())});
    op.erase();
    ++numRaised;
  }

  /// Equal tables are one constant.
  Value shared(func::FuncOp function, DenseElementsAttr attribute) {
    Value &value = tables[attribute];
    if (!value) {
      OpBuilder builder = OpBuilder::atBlockBegin(&function.front());
      value = ConstantOp::create(builder, function.getLoc(), attribute);
    }
    return value;
  }

  llvm::DenseMap<Attribute, Value> tables;
};
} // namespace
