// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Finds trained matrices, decides about their formats and inserts `edgelm.quantize_weight`.
#include "Dialect/Storage.h"
#include "Passes/Passes.h"
#include "Passes/Sources.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/Support/Regex.h"

namespace edgelm {
#define GEN_PASS_DEF_ASSIGNFORMATS
#include "Passes/Passes.h.inc"
} // namespace edgelm

using namespace mlir;
using namespace edgelm;

namespace {

/// One operand that reads a matrix.
struct Use {
  OpOperand *operand;
  int64_t axis; ///< of the operand, along which K lies
};

/// A trained matrix W[N, K] and who reads it.
struct Matrix {
  Source source;
  int64_t n, k;
  SmallVector<std::string> names; ///< its own and those of its nodes
  SmallVector<Use> uses;
  bool isEmbedding = false, isHead = false;
  const FormatRow *format = nullptr; ///< null: as stored

  /// Whether it was quantized when it was exported.
  bool isCoded() const { return isa<CodesAttr>(source.bytes); }
};

/// REGEX=FORMAT.
struct Rule {
  std::string text;
  llvm::Regex expression;
  const FormatRow *format;
  bool hasMatched = false;
};

struct AssignFormats : edgelm::impl::AssignFormatsBase<AssignFormats> {
  using AssignFormatsBase::AssignFormatsBase;
  void runOnOperation() override;

private:
  /// An option is wrong, wherever the model came from.
  InFlightDiagnostic emitUsageError(const Twine &text) { return emitError(UnknownLoc::get(&getContext()), text); }
  FailureOr<const FormatRow *> parseFormat(StringRef name, StringRef option);
  FailureOr<std::vector<Rule>> parseRules();
  void collect(func::FuncOp function);
  void note(OpOperand &operand, int64_t axis, bool isHead);
  LogicalResult decide();
  LogicalResult check(const Matrix &matrix);
  void assign(Matrix &matrix);

  /// By bytes and by whether they lie as [K, N].
  llvm::MapVector<std::pair<Attribute, unsigned>, Matrix> matrices;
};

} // namespace

FailureOr<const FormatRow *> AssignFormats::parseFormat(StringRef name, StringRef option) {
  if (name.empty())
    return static_cast<const FormatRow *>(nullptr);
  if (const FormatRow *row = findFormat({name.data(), name.size()}))
    return row;
  emitUsageError("unknown format '") << name << "' in " << option << "; known formats: " << formatNames();
  return failure();
}

FailureOr<std::vector<Rule>> AssignFormats::parseRules() {
  std::vector<Rule> rules;
  for (const std::string &text : map) {
    auto [expression, name] = StringRef(text).rsplit('=');
    if (expression.empty() || name.empty())
      return emitUsageError("expected REGEX=FORMAT as a rule for matrices by name, found '") << text << "'";
    FailureOr<const FormatRow *> format = parseFormat(name, "'" + text + "'");
    if (failed(format))
      return failure();
    // Not std::regex: LLD's archive has its templates without exceptions, and an invalid expression would abort.
    llvm::Regex parsed(expression);
    std::string reason;
    if (!parsed.isValid(reason))
      return emitUsageError("'") << expression << "' is no valid POSIX extended expression: " << reason;
    rules.push_back({text, std::move(parsed), *format});
  }
  return rules;
}

/// The linears that a result is made by, through what only rearranges or finishes it.
static void findHeads(Value value, DenseSet<Operation *> &heads) {
  Operation *op = value.getDefiningOp();
  if (isa_and_nonnull<LinearOp>(op))
    heads.insert(op);
  else if (isa_and_nonnull<BinaryOp, CastOp, ReshapeOp, SelectRowOp, SliceOp, UnaryOp>(op))
    for (Value operand : op->getOperands())
      findHeads(operand, heads);
}

static void addNames(Location loc, SmallVectorImpl<std::string> &names) {
  loc->walk([&](Location part) {
    NameLoc name = dyn_cast<NameLoc>(part);
    if (name && !llvm::is_contained(names, name.getName().str()))
      names.push_back(name.getName().str());
    return WalkResult::advance();
  });
}

void AssignFormats::note(OpOperand &operand, int64_t axis, bool isHead) {
  std::optional<Source> source = findSource(operand.get());
  bool isMatrix = source && source->type.getRank() == 2;
  if (!isMatrix || !isa<FloatType, QType>(source->type.getElementType()))
    return;
  // Somebody has chosen its format.
  if (source->format && source->format != source->type.getElementType())
    return;
  bool liesTransposed = source->transposed != (axis == 0);
  auto [entry, isNew] =
      matrices.try_emplace(std::pair(source->bytes, unsigned(liesTransposed)),
                           Matrix{*source, source->type.getDimSize(1 - axis), source->type.getDimSize(axis), {}, {}});
  Matrix &matrix = entry->second;
  addNames(source->loc, matrix.names);
  addNames(operand.getOwner()->getLoc(), matrix.names);
  matrix.uses.push_back({&operand, axis});
  matrix.isEmbedding |= isa<EmbedOp>(operand.getOwner());
  matrix.isHead |= isHead;
}

void AssignFormats::collect(func::FuncOp function) {
  DenseSet<Operation *> heads;
  for (OpOperand &result : function.front().getTerminator()->getOpOperands()) {
    StringAttr role = function.getResultAttrOfType<StringAttr>(result.getOperandNumber(), kRoleAttr);
    if (role && role.getValue() == "logits")
      findHeads(result.get(), heads);
  }
  for (Operation &op : function.front()) {
    if (EmbedOp embed = dyn_cast<EmbedOp>(op))
      note(embed.getTableMutable(), 1, false);
    if (LinearOp linear = dyn_cast<LinearOp>(op))
      for (auto [operand, transposed] : llvm::zip_equal(linear.getWeightsMutable(), linear.getTransposed()))
        note(operand, transposed ? 0 : 1, heads.contains(linear));
  }
}

LogicalResult AssignFormats::decide() {
  FailureOr<const FormatRow *> all = parseFormat(format, "'format'"), ofTable = parseFormat(embedding, "'embedding'"),
                               ofHead = parseFormat(head, "'head'");
  FailureOr<std::vector<Rule>> rules = parseRules();
  if (failed(all) || failed(ofTable) || failed(ofHead) || failed(rules))
    return failure();
  bool hasTable = false, hasHead = false;
  for (auto &[key, matrix] : matrices) {
    hasTable |= matrix.isEmbedding;
    hasHead |= matrix.isHead;
    matrix.format = *all;
    if (matrix.isEmbedding && *ofTable)
      matrix.format = *ofTable;
    if (matrix.isHead && *ofHead)
      matrix.format = *ofHead;
    for (Rule &rule : *rules) {
      auto finds = [&](const std::string &name) { return rule.expression.match(name); };
      if (!llvm::any_of(matrix.names, finds))
        continue;
      matrix.format = rule.format;
      rule.hasMatched = true;
    }
  }
  if (*ofTable && !hasTable)
    return emitUsageError("the model has no embedding table, for which the format ") << embedding << " was asked";
  if (*ofHead && !hasHead)
    return emitUsageError("the model has no matrix that makes logits, for which the format ") << head << " was asked";
  for (const Rule &rule : *rules)
    if (!rule.hasMatched)
      return emitUsageError("no matrix or node has a name that '") << rule.text << "' finds";
  return success();
}

/// Element type of a format.
static Type typeOf(const FormatRow &format, MLIRContext *context) {
  StringRef name(format.name.data(), format.name.size());
  if (!format.isFloat())
    return QType::get(context, name);
  if (name == "f16")
    return Float16Type::get(context);
  if (name == "bf16")
    return BFloat16Type::get(context);
  return Float32Type::get(context);
}

LogicalResult AssignFormats::check(const Matrix &matrix) {
  const FormatRow &row = *matrix.format;
  StringRef name(row.name.data(), row.name.size());
  std::string advice = "; give it another format with --quant-map '" +
                       (matrix.names.empty() ? "REGEX" : matrix.names.front()) + "=FORMAT'";
  auto emit = [&] {
    return emitError(matrix.source.loc) << "a matrix of " << matrix.n << " rows of " << matrix.k << " columns ";
  };
  if (row.group > matrix.k)
    return emit() << "has no group of " << row.group << " columns, as " << name << " has them" << advice;
  Type stored = matrix.source.type.getElementType(), type = typeOf(row, &getContext());
  if (matrix.isCoded() && stored != type && !requantize)
    return emitError(matrix.source.loc)
           << "a matrix that was quantized when it was exported, now " << stored
           << ", would be quantized a second time, to " << name
           << "; leave its format out, choose other matrices with --quant-map, or give --requantize";
  if (stored.isF64())
    stored = Float32Type::get(&getContext());
  // A table of floats that no linear reads lies as it is.
  bool hasPanels = isa<QType>(stored) ||
                   llvm::any_of(matrix.uses, [](const Use &use) { return isa<LinearOp>(use.operand->getOwner()); });
  int64_t before = packedBytes(RankedTensorType::get({matrix.n, matrix.k}, stored), hasPanels ? int64_t(panel) : 0);
  int64_t after = packedBytes(RankedTensorType::get({matrix.n, matrix.k}, type),
                              isa<QType>(type) || hasPanels ? int64_t(panel) : 0);
  if (after > before)
    return emit() << "takes " << after << " bytes in " << name << ", more than the " << before << " that it takes in "
                  << stored << advice;
  return success();
}

/// Activations that were rounded for the format that a matrix had are again what they were.
static void dropRounding(Operation *user) {
  LinearOp linear = dyn_cast<LinearOp>(user);
  QuantizeRowsOp rows = linear ? linear.getInput().getDefiningOp<QuantizeRowsOp>() : QuantizeRowsOp();
  if (!rows)
    return;
  linear.getInputMutable().assign(rows.getInput());
  if (rows->use_empty())
    rows.erase();
}

void AssignFormats::assign(Matrix &matrix) {
  Type type = typeOf(*matrix.format, &getContext());
  if (type == matrix.source.type.getElementType())
    return;
  ++numAssigned;
  DenseMap<std::pair<Value, int64_t>, Value> made;
  for (Use &use : matrix.uses) {
    Value &quantized = made[{use.operand->get(), use.axis}];
    if (!quantized) {
      OpBuilder builder(&getContext());
      builder.setInsertionPointAfterValue(use.operand->get());
      if (CodedWeightOp coded = use.operand->get().getDefiningOp<CodedWeightOp>())
        use.operand->set(CodedWeightOp::create(
            builder, coded.getLoc(), tensorType(coded.getResult()).clone(builder.getF32Type()), coded.getSource()));
      RankedTensorType result = tensorType(use.operand->get()).clone(type);
      quantized =
          QuantizeWeightOp::create(builder, matrix.source.loc, result, use.operand->get(), use.axis, FloatAttr());
    }
    use.operand->set(quantized);
    dropRounding(use.operand->getOwner());
  }
}

void AssignFormats::runOnOperation() {
  matrices.clear();
  for (func::FuncOp function : getOperation().getOps<func::FuncOp>())
    if (!function.isExternal())
      collect(function);
  if (failed(decide()))
    return signalPassFailure();
  for (auto &[key, matrix] : matrices) {
    if (!matrix.format)
      continue;
    if (failed(check(matrix)))
      return signalPassFailure();
    assign(matrix);
  }
}
