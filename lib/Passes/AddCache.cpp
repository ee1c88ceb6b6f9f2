// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Turns the whole-sequence function into entry points over a key/value state.
#include "Passes/LastRow.h"
#include "Passes/Match.h"
#include "Passes/Passes.h"
#include "Passes/TokenRewriter.h"

#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringSwitch.h"

namespace edgelm {
#define GEN_PASS_DEF_ADDCACHE
#include "Passes/Passes.h.inc"
} // namespace edgelm

using namespace mlir;
using namespace edgelm;

namespace {

enum class Kind { Decoder, Encoder, Other };

StringRef roleOf(func::FuncOp function, unsigned argument) {
  auto role = function.getArgAttrOfType<StringAttr>(argument, kRoleAttr);
  return role ? role.getValue() : StringRef();
}

StringRef resultRoleOf(func::FuncOp function, unsigned result) {
  auto role = function.getResultAttrOfType<StringAttr>(result, kRoleAttr);
  return role ? role.getValue() : StringRef();
}

std::optional<BlockArgument> tokensOf(func::FuncOp main) {
  for (BlockArgument argument : main.getArguments())
    if (roleOf(main, argument.getArgNumber()) == "tokens")
      return argument;
  return std::nullopt;
}

/// What an entry has as arguments and results, in order.
struct Signature {
  SmallVector<Type> types;
  SmallVector<DictionaryAttr> attributes;
  void add(Builder &builder, Type type, Attribute name, StringRef role) {
    NamedAttrList list;
    if (name)
      list.set(kNameAttr, name);
    list.set(kRoleAttr, builder.getStringAttr(role));
    types.push_back(type);
    attributes.push_back(list.getDictionary(builder.getContext()));
  }
};

struct AddCache : edgelm::impl::AddCacheBase<AddCache> {
  using AddCacheBase::AddCacheBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    main = module.lookupSymbol<func::FuncOp>("main");
    if (!main || main.isExternal() || !llvm::hasSingleElement(main.getBody())) {
      module.emitError("expects a function @main of one block; run edgelm-bind first");
      return signalPassFailure();
    }
    cacheType = llvm::StringSwitch<Type>(kv)
                    .Case("f32", Float32Type::get(&getContext()))
                    .Case("f16", Float16Type::get(&getContext()))
                    .Case("int8", Int8CacheType::get(&getContext()))
                    .Default(nullptr);
    if (!cacheType) {
      module.emitError("cannot keep keys and values in '") << kv << "'; expected f32, f16 or int8";
      return signalPassFailure();
    }
    if (failed(collect()))
      return signalPassFailure();
    for (StringRef name : {"probe", "context"})
      if (auto clone = module.lookupSymbol<func::FuncOp>(name))
        clone.erase();
    LogicalResult built = kind == Kind::Decoder   ? buildDecoder()
                          : kind == Kind::Encoder ? buildEncoder()
                                                  : renameMain();
    if (failed(built))
      return signalPassFailure();
  }

  /// Sees what the function is, and which of its operations the wanted results need.
  LogicalResult collect() {
    caches.clear();
    needed.clear();
    wanted.clear();
    tokens = tokensOf(main).value_or(BlockArgument());
    Operation *terminator = main.front().getTerminator();
    for (unsigned i = 0; i < main.getNumResults(); ++i)
      if (!resultRoleOf(main, i).starts_with("present_"))
        wanted.push_back(i);
    llvm::DenseSet<Operation *> seen;
    SmallVector<Operation *> pending;
    auto require = [&](Value value) {
      if (Operation *op = value.getDefiningOp(); op && seen.insert(op).second)
        pending.push_back(op);
    };
    for (unsigned i : wanted)
      require(terminator->getOperand(i));
    while (!pending.empty())
      for (Value operand : pending.pop_back_val()->getOperands())
        require(operand);
    for (Operation &op : main.front()) {
      if (!seen.contains(&op))
        continue;
      needed.push_back(&op);
      if (auto attention = dyn_cast<AttentionOp>(op)) {
        caches.push_back(attention);
      } else if (auto mask = dyn_cast<MaskOp>(op)) {
        return mask.emitError("a ")
               << stringifyMaskKind(mask.getMask().getKind())
               << " mask is left that no attention has taken up; remarks of edgelm-raise-attention say why";
      }
    }
    kind = !tokens ? Kind::Other : isEncoder(main) ? Kind::Encoder : Kind::Decoder;
    if (tokens)
      sequence = tensorType(tokens).getShape().back();
    return success();
  }

  LogicalResult buildDecoder() {
    for (AttentionOp attention : caches)
      if (attention.getMask().getKind() == MaskKind::Bidirectional)
        return attention.emitError(
            "attends to later tokens while other attentions are causal, so that no cache can stand for the "
            "tokens before it");
    if (wanted.size() != 1)
      return main.emitError("a decoder has one result besides its state, the logits; found ") << wanted.size();
    if (failed(findContext()))
      return failure();
    struct {
      StringRef name;
      int64_t tokens;
      bool isLastOnly;
    } entries[] = {{"decode", 1, false}, {"prefill", prefillChunk, true}, {"score", prefillChunk, false}};
    for (auto [name, count, isLastOnly] : entries) {
      // Of one token all three would be the same.
      if (count == 1 && name != "decode")
        continue;
      func::FuncOp entry = buildDecoderEntry(name, count);
      if (!entry)
        return failure();
      if (isLastOnly)
        computeLastRow(entry, 0, entry.getArgument(2));
    }
    main.erase();
    return success();
  }

  /// The rows of the position tables, which all have the same number.
  LogicalResult findContext() {
    contextLength = context;
    for (Operation *op : needed) {
      Value table;
      if (auto rows = dyn_cast<PositionRowsOp>(op))
        table = rows.getTable();
      else if (auto rope = dyn_cast<RopeOp>(op))
        table = rope.getCos();
      if (!table)
        continue;
      int64_t rows = tensorType(table).getDimSize(0);
      if (contextLength == 0)
        contextLength = rows;
      if (rows < contextLength)
        return op->emitError("has positions for ") << rows << " tokens, the context is " << contextLength;
    }
    if (kind == Kind::Encoder)
      return success();
    if (contextLength == 0)
      return main.emitError("has no table of positions that says how long the context is; give the option context");
    // The number itself: a diagnostic takes an option for a character.
    int64_t chunk = prefillChunk;
    if (chunk < 1 || chunk > contextLength)
      return main.emitError("cannot prefill ") << chunk << " tokens at once in a context of " << contextLength
                                               << "; expected a number from 1 to the context";
    return success();
  }

  func::FuncOp buildDecoderEntry(StringRef name, int64_t count) {
    OpBuilder builder(main);
    auto scalar = RankedTensorType::get({}, builder.getI32Type());
    Signature arguments, results;
    arguments.add(builder, RankedTensorType::get({count}, builder.getI32Type()),
                  main.getArgAttr(tokens.getArgNumber(), kNameAttr), "tokens");
    arguments.add(builder, scalar, {}, "pos");
    arguments.add(builder, scalar, {}, "n");
    RankedTensorType logits = tensorType(main.front().getTerminator()->getOperand(wanted[0]));
    results.add(builder, RankedTensorType::get({count, logits.getShape().back()}, logits.getElementType()),
                main.getResultAttr(wanted[0], kNameAttr), "logits");
    for (auto [i, attention] : llvm::enumerate(caches))
      for (auto [what, rows] : {std::pair("key", attention.getKey()), std::pair("value", attention.getValue())}) {
        RankedTensorType type = tensorType(rows);
        auto cache = RankedTensorType::get({type.getDimSize(1), contextLength, type.getDimSize(2)}, cacheType);
        StringAttr cacheName = builder.getStringAttr(Twine(what) + "." + Twine(i));
        for (Signature *signature : {&arguments, &results})
          signature->add(builder, cache, cacheName, (Twine(what) + "_cache").str());
      }
    func::FuncOp entry = createEntry(builder, name, arguments, results);
    Value pos = entry.getArgument(1), n = entry.getArgument(2);

    TokenRewriter rewriter(builder, {sequence, count, pos, /*mayMixTokens=*/false});
    if (failed(setArguments(rewriter, entry, Kind::Decoder)))
      return {};
    SmallVector<Value> updated;
    for (Operation *op : needed) {
      auto attention = dyn_cast<AttentionOp>(op);
      if (!attention) {
        if (failed(rewriter.rewrite(op)))
          return {};
        continue;
      }
      Value rows[] = {attention.getKey(), attention.getValue()}, query = attention.getQuery();
      if (!llvm::all_of(ArrayRef<Value>{query, rows[0], rows[1]},
                        [&](Value value) { return rewriter.contains(value) && rewriter.get(value).axis == 0; })) {
        attention.emitError("reads queries, keys or values that are no tokens");
        return {};
      }
      for (Value value : rows) {
        Value cache = entry.getArgument(3 + updated.size());
        updated.push_back(
            CacheAppendOp::create(builder, op->getLoc(), cache.getType(), cache, rewriter.get(value).value, pos, n));
      }
      RankedTensorType type = tensorType(attention.getResult());
      SmallVector<int64_t> shape = {count, type.getDimSize(1), type.getDimSize(2)};
      Value result = CachedAttentionOp::create(builder, op->getLoc(), type.clone(shape), rewriter.get(query).value,
                                               updated.end()[-2], updated.back(), pos, n, attention.getScaleAttr(),
                                               attention.getMaskAttr(), attention.getSoftcapAttr());
      rewriter.set(attention.getResult(), result, 0);
    }
    Value original = main.front().getTerminator()->getOperand(wanted[0]);
    const TokenForm &form = rewriter.get(original);
    if (form.axis < 0 || tensorType(form.value).getRank() != 2) {
      main.emitError("has logits of type ") << original.getType() << " that are no vector for each token";
      return {};
    }
    SmallVector<Value> values = {form.value};
    llvm::append_range(values, updated);
    finish(builder, entry, values);
    return entry;
  }

  LogicalResult buildEncoder() {
    if (failed(findContext()))
      return failure();
    if (contextLength == 0)
      contextLength = sequence;
    OpBuilder builder(main);
    Signature arguments, results;
    for (BlockArgument argument : main.getArguments()) {
      StringRef role = roleOf(main, argument.getArgNumber());
      bool isSequence = role == "tokens" || role == "attention_mask" || role == "token_type_ids";
      Type type = isSequence ? RankedTensorType::get({contextLength}, builder.getI32Type()) : argument.getType();
      arguments.add(builder, type, main.getArgAttr(argument.getArgNumber(), kNameAttr), role);
    }
    arguments.add(builder, RankedTensorType::get({}, builder.getI32Type()), {}, "n");
    for (unsigned i : wanted)
      results.add(builder, main.getResultTypes()[i], main.getResultAttr(i, kNameAttr), "output");
    func::FuncOp entry = createEntry(builder, "encode", arguments, results);
    TokenRewriter rewriter(builder, {sequence, contextLength, Value(), /*mayMixTokens=*/true});
    if (failed(setArguments(rewriter, entry, Kind::Encoder)))
      return failure();
    for (Operation *op : needed)
      if (failed(rewriteEncoderOperation(builder, rewriter, op)))
        return failure();
    SmallVector<Value> values;
    for (unsigned i : wanted)
      values.push_back(rewriter.whole(main.front().getTerminator()->getOperand(i)));
    finish(builder, entry, values);
    main.erase();
    return success();
  }

  LogicalResult rewriteEncoderOperation(OpBuilder &builder, TokenRewriter &rewriter, Operation *op) {
    auto attention = dyn_cast<AttentionOp>(op);
    if (!attention)
      return rewriter.rewrite(op);
    Value keyMask = attention.getKeyMask() ? rewriter.get(attention.getKeyMask()).value : Value();
    SmallVector<Value> operands;
    for (Value operand : {attention.getQuery(), attention.getKey(), attention.getValue()}) {
      // What an operation mixed is no longer proven to be tokens, but has their layout.
      operands.push_back(rewriter.whole(operand));
      if (tensorType(operands.back()).getDimSize(0) != contextLength)
        return attention.emitError("reads queries, keys or values that are no tokens");
    }
    RankedTensorType type = tensorType(attention.getResult());
    SmallVector<int64_t> shape = {tensorType(operands[0]).getDimSize(0), type.getDimSize(1), type.getDimSize(2)};
    Value result =
        AttentionOp::create(builder, op->getLoc(), type.clone(shape), operands[0], operands[1], operands[2], keyMask,
                            attention.getScaleAttr(), attention.getMaskAttr(), attention.getSoftcapAttr());
    rewriter.set(attention.getResult(), result, 0);
    return success();
  }

  LogicalResult renameMain() {
    main.setName("invoke");
    for (Operation &op : main.front())
      op.removeAttr(kIdAttr);
    return success();
  }

  /// Gives the arguments of `main` that are left their form in the entry.
  LogicalResult setArguments(TokenRewriter &rewriter, func::FuncOp entry, Kind entryKind) {
    for (BlockArgument argument : main.getArguments()) {
      unsigned i = argument.getArgNumber();
      StringRef role = roleOf(main, i);
      bool isSequence = role == "tokens" || role == "attention_mask" || role == "token_type_ids";
      if (entryKind == Kind::Encoder)
        rewriter.set(argument, entry.getArgument(i), isSequence ? tensorType(argument).getRank() - 1 : -1);
      else if (role == "tokens")
        rewriter.set(argument, entry.getArgument(0), tensorType(argument).getRank() - 1);
    }
    if (entryKind == Kind::Encoder)
      return success();
    // One sequence needs no padding, so that the key mask of a causal attention is all ones and goes.
    for (Operation *op : needed)
      for (Value operand : op->getOperands())
        if (auto argument = dyn_cast<BlockArgument>(operand); argument && argument != tokens && !isa<AttentionOp>(op))
          return op->emitError("reads the argument ") << main.getArgAttr(argument.getArgNumber(), kNameAttr)
                                                      << ", which a decoder's entry points do not have";
    return success();
  }

  func::FuncOp createEntry(OpBuilder &builder, StringRef name, const Signature &arguments, const Signature &results) {
    builder.setInsertionPoint(main);
    auto entry =
        func::FuncOp::create(builder, main.getLoc(), name, builder.getFunctionType(arguments.types, results.types));
    entry.setAllArgAttrs(arguments.attributes);
    entry.setAllResultAttrs(results.attributes);
    builder.setInsertionPointToStart(entry.addEntryBlock());
    return entry;
  }

  static void finish(OpBuilder &builder, func::FuncOp entry, ValueRange values) {
    func::ReturnOp::create(builder, entry.getLoc(), values);
    entry.setType(FunctionType::get(entry.getContext(), entry.getArgumentTypes(), values.getTypes()));
    eraseUnused(entry);
  }

  func::FuncOp main;
  BlockArgument tokens;
  int64_t sequence = 0, contextLength = 0;
  Kind kind = Kind::Other;
  Type cacheType;
  SmallVector<unsigned> wanted;    ///< results that are not state
  SmallVector<Operation *> needed; ///< what they depend on, in order
  SmallVector<AttentionOp> caches; ///< each has a key and a value cache
};
} // namespace

bool edgelm::isEncoder(func::FuncOp main) {
  if (!tokensOf(main))
    return false;
  for (unsigned i = 0; i < main.getNumArguments(); ++i)
    if (roleOf(main, i).starts_with("past_"))
      return false;
  for (unsigned i = 0; i < main.getNumResults(); ++i)
    if (resultRoleOf(main, i).starts_with("present_"))
      return false;
  WalkResult walk = main.walk([](Operation *op) {
    auto attention = dyn_cast<AttentionOp>(op);
    bool looksBack = isa<MaskOp>(op) || (attention && attention.getMask().getKind() != MaskKind::Bidirectional);
    return looksBack ? WalkResult::interrupt() : WalkResult::advance();
  });
  return !walk.wasInterrupted();
}
