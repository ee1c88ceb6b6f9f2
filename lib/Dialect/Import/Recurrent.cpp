// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// ONNX recurrent cells, written out step by step: RNN, GRU, LSTM.
#include "Dialect/Import/NodeBinder.h"
#include "Dialect/KnownValues.h"

using namespace mlir;
using namespace edgelm;

/// More steps make more operations than anybody wants to compile.
static constexpr int64_t kMaxSteps = 1024;

static Value part(NodeBinder &node, Value value, int64_t axis, int64_t first, int64_t end) {
  SmallVector<Value> bounds = {node.vector(first), node.vector(end), node.vector(axis), node.vector(1)};
  return node.create<SliceOp>(value, ValueRange(bounds), DenseI64ArrayAttr(), DenseI64ArrayAttr(), DenseI64ArrayAttr());
}

/// Entry `i` along `axis`, without that dimension.
static Value entry(NodeBinder &node, Value value, int64_t axis, int64_t i) {
  return node.create<SqueezeOp>(part(node, value, axis, i, i + 1), ArrayRef<int64_t>{axis});
}

static Value stacked(NodeBinder &node, ArrayRef<Value> values, int64_t axis) {
  SmallVector<Value> parts;
  for (Value value : values)
    parts.push_back(node.create<UnsqueezeOp>(value, ArrayRef<int64_t>{axis}));
  return parts.size() == 1 ? parts[0] : node.create<ConcatOp>(ValueRange(parts), axis);
}

static Value transposed(NodeBinder &node, Value value, ArrayRef<int64_t> perm) {
  return node.create<TransposeOp>(value, perm);
}

namespace {
/// One direction of one node.
class Cell {
public:
  Cell(NodeBinder &node, int64_t direction, ArrayRef<std::string> functions, int64_t gates, int64_t hidden)
      : node(node), direction(direction), hidden(hidden), functions(functions) {
    input = transposed(node, entry(node, node.input(1), 0, direction), {1, 0});
    recurrent = entry(node, node.input(2), 0, direction);
    if (node.input(3)) {
      Value biases = entry(node, node.input(3), 0, direction);
      inputBias = part(node, biases, 0, 0, gates * hidden);
      recurrentBias = part(node, biases, 0, gates * hidden, 2 * gates * hidden);
    }
  }

  /// The part of all steps that no state enters: x [S, B, I] times the weights, [S, B, gates * H].
  Value project(Value x) {
    Value product = node.create<MatMulOp>(x, input);
    return inputBias ? node.binary("add", product, inputBias) : product;
  }
  /// The state times the weights of gates [first, end), with their bias.
  Value recur(Value state, int64_t first, int64_t end) {
    Value rows = part(node, recurrent, 0, first * hidden, end * hidden);
    Value product = node.create<MatMulOp>(state, transposed(node, rows, {1, 0}));
    if (!recurrentBias)
      return product;
    return node.binary("add", product, part(node, recurrentBias, 0, first * hidden, end * hidden));
  }
  Value gate(Value all, int64_t i) { return part(node, all, 1, i * hidden, (i + 1) * hidden); }
  Value activate(int64_t i, Value x) { return node.unary(functions[i], x); }

  NodeBinder &node;
  int64_t direction, hidden;
  ArrayRef<std::string> functions; ///< of this direction, rows of the scalar function table
  Value input, recurrent, inputBias, recurrentBias;
};

/// What a step makes of its input and the states.
using Step = void (*)(Cell &cell, Value x, Value &h, Value &c);
} // namespace

static void stepRnn(Cell &cell, Value x, Value &h, Value &) {
  h = cell.activate(0, cell.node.binary("add", x, cell.recur(h, 0, 1)));
}

/// Gates z, r, h.
static void stepGru(Cell &cell, Value x, Value &h, Value &) {
  NodeBinder &node = cell.node;
  Value both = node.binary("add", part(node, x, 1, 0, 2 * cell.hidden), cell.recur(h, 0, 2));
  both = cell.activate(0, both);
  Value update = cell.gate(both, 0), reset = cell.gate(both, 1), candidate;
  if (node.integer("linear_before_reset", 0))
    candidate = node.binary("mul", reset, cell.recur(h, 2, 3));
  else
    candidate = cell.recur(node.binary("mul", reset, h), 2, 3);
  candidate = cell.activate(1, node.binary("add", cell.gate(x, 2), candidate));
  // (1 - z) * candidate + z * h
  h = node.binary("add", candidate, node.binary("mul", update, node.binary("sub", h, candidate)));
}

/// Gates i, o, f, c; with peepholes the first three see the state of the cell.
static void stepLstm(Cell &cell, Value x, Value &h, Value &c) {
  NodeBinder &node = cell.node;
  Value sums = node.binary("add", x, cell.recur(h, 0, 4));
  auto gate = [&](int64_t i, Value seen) {
    Value sum = cell.gate(sums, i);
    if (node.input(7)) {
      Value weights = entry(node, node.input(7), 0, cell.direction);
      sum = node.binary("add", sum,
                        node.binary("mul", part(node, weights, 0, i * cell.hidden, (i + 1) * cell.hidden), seen));
    }
    return cell.activate(0, sum);
  };
  Value enters = node.binary("mul", gate(0, c), cell.activate(1, cell.gate(sums, 3)));
  c = node.binary("add", node.binary("mul", gate(2, c), c), enters);
  h = node.binary("mul", gate(1, c), cell.activate(2, c));
}

namespace {
struct Kind {
  StringLiteral name;
  int64_t gates;
  Step step;
  ArrayRef<StringLiteral> functions;
};
} // namespace

static constexpr StringLiteral kRnnFunctions[] = {"tanh"}, kGruFunctions[] = {"sigmoid", "tanh"},
                               kLstmFunctions[] = {"sigmoid", "tanh", "tanh"};
static const Kind kinds[] = {
    {"RNN", 1, stepRnn, kRnnFunctions}, {"GRU", 3, stepGru, kGruFunctions}, {"LSTM", 4, stepLstm, kLstmFunctions}};

/// The functions of all directions, rows of the scalar function table; empty after an error.
static SmallVector<std::string> functionsOf(NodeBinder &node, const Kind &kind, int64_t directions) {
  SmallVector<std::string> functions = node.texts("activations");
  if (functions.empty())
    for (int64_t d = 0; d < directions; ++d)
      functions.append(kind.functions.begin(), kind.functions.end());
  for (std::string &function : functions) {
    std::string lower = StringRef(function).lower();
    if (lower != "sigmoid" && lower != "tanh" && lower != "relu" && lower != "softplus" && lower != "softsign") {
      node.emitError() << "found the activation \"" << function
                       << "\"; expected Sigmoid, Tanh, Relu, Softplus or Softsign";
      return {};
    }
    function = lower;
  }
  if (int64_t(functions.size()) == directions * int64_t(kind.functions.size()))
    return functions;
  node.emitError() << "expected " << directions * kind.functions.size() << " activations, found " << functions.size();
  return {};
}

/// What each step may change: nothing beyond the length of its sequence. [B, 1], no value where all are `steps` long.
static SmallVector<Value> stepsWithin(NodeBinder &node, Value lengths, int64_t steps) {
  std::optional<SmallVector<int64_t>> known = lengths ? constantValues(lengths) : std::nullopt;
  if (!lengths || (known && llvm::all_of(*known, [&](int64_t length) { return length == steps; })))
    return SmallVector<Value>(steps);
  Value limits = node.create<UnsqueezeOp>(node.cast(lengths, node.types().getI64Type()), ArrayRef<int64_t>{1});
  SmallVector<Value> within;
  for (int64_t t = 0; t < steps; ++t)
    within.push_back(node.create<CompareOp>("gt", limits, node.scalar(t, node.types().getI64Type())));
  return within;
}

/// Attributes that nobody exports.
static LogicalResult refuseRare(NodeBinder &node) {
  if (node.has("clip"))
    return node.emitError() << "clip is not supported";
  if (node.integer("input_forget", 0))
    return node.emitError() << "input_forget is not supported";
  return success();
}

/// X [S, B, I], W [D, gates * H, I], R [D, gates * H, H], B, sequence_lens, initial_h [D, B, H], initial_c, P; with
/// `layout` 1 the batch comes first. Outputs Y [S, D, B, H] and the last states.
static LogicalResult recurrent(NodeBinder &node) {
  const Kind &kind = *llvm::find_if(kinds, [&](const Kind &row) { return row.name == node.function(); });
  StringRef direction = node.text("direction", "forward");
  bool bothWays = direction == "bidirectional", batchFirst = node.integer("layout", 0);
  int64_t directions = bothWays ? 2 : 1;
  RankedTensorType type = tensorType(node.input(0)), weights = tensorType(node.input(2));
  if (failed(refuseRare(node)))
    return failure();
  SmallVector<std::string> functions = functionsOf(node, kind, directions);
  if (functions.empty())
    return failure();
  bool fits = weights.getRank() == 3 && weights.hasStaticShape() && weights.getDimSize(0) == directions &&
              weights.getDimSize(1) == kind.gates * weights.getDimSize(2);
  if (!fits || type.getRank() != 3)
    return node.emitError() << "expected an input of rank 3 and recurrent weights of " << directions
                            << " directions and " << kind.gates << " gates, found " << type << " and " << weights;
  int64_t steps = type.getDimSize(batchFirst ? 1 : 0), hidden = weights.getDimSize(2);
  if (ShapedType::isDynamic(steps) || steps < 1 || steps > kMaxSteps)
    return node.emitError() << "expected a sequence of a known length of 1 to " << kMaxSteps << ", found " << type;
  Value x = batchFirst ? transposed(node, node.input(0), {1, 0, 2}) : node.input(0);
  auto initial = [&](size_t i, int64_t d) -> Value {
    if (node.input(i))
      return entry(node, node.input(i), batchFirst ? 1 : 0, d);
    SmallVector<Value> shape = {node.create<ShapeOp>(x, 1, 2), node.vector(hidden)};
    return node.create<BroadcastOp>(node.scalar(0, type.getElementType()), node.create<ConcatOp>(ValueRange(shape), 0));
  };
  SmallVector<Value> sequences, lastH, lastC, within = stepsWithin(node, node.input(4), steps);
  for (int64_t d = 0; d < directions; ++d) {
    size_t perDirection = kind.functions.size();
    Cell cell(node, d, ArrayRef(functions).slice(d * perDirection, perDirection), kind.gates, hidden);
    Value projected = cell.project(x), h = initial(5, d), c = kind.gates == 4 ? initial(6, d) : Value();
    bool backward = direction == "reverse" || d == 1;
    SmallVector<Value> states(steps);
    for (int64_t i = 0; i < steps; ++i) {
      int64_t t = backward ? steps - 1 - i : i;
      Value oldH = h, oldC = c, none = node.scalar(0, type.getElementType());
      kind.step(cell, entry(node, projected, 0, t), h, c);
      states[t] = within[t] ? node.create<SelectOp>(within[t], h, none) : h;
      if (within[t])
        h = node.create<SelectOp>(within[t], h, oldH);
      if (within[t] && c)
        c = node.create<SelectOp>(within[t], c, oldC);
    }
    sequences.push_back(stacked(node, states, 0));
    lastH.push_back(h);
    lastC.push_back(c);
  }
  Value all = stacked(node, sequences, 1); // [S, D, B, H]
  SmallVector<Value> outputs = {batchFirst ? transposed(node, all, {2, 0, 1, 3}) : all,
                                stacked(node, lastH, batchFirst ? 1 : 0)};
  if (kind.gates == 4)
    outputs.push_back(stacked(node, lastC, batchFirst ? 1 : 0));
  return node.finish(outputs);
}

static const OperatorRow rows[] = {
    {"", "RNN", 7, 3, recurrent, "RNN"},
    {"", "GRU", 7, 3, recurrent, "GRU"},
    {"", "LSTM", 7, 3, recurrent, "LSTM"},
};

ArrayRef<OperatorRow> edgelm::recurrentOperators() {
  return rows;
}
