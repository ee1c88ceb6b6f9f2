// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Names the masks of attention scores by their values, and makes tables of what depends on positions.
#include "Dialect/Reference/Tensor.h"
#include "Passes/Fold.h"
#include "Passes/MaskKinds.h"
#include "Passes/Passes.h"
#include "Passes/PositionTables.h"
#include "mlir/IR/Dominance.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/CSE.h"

#include <cmath>

namespace edgelm {
#define GEN_PASS_DEF_CLASSIFYMASKS
#include "Passes/Passes.h.inc"
} // namespace edgelm

using namespace mlir;
using namespace edgelm;

namespace {
/// A site of @main and what its mask is.
struct Classified {
  MaskSite site;
  MaskClaim claim;
  double scale = 1;
  bool hidesPadding = false;
};

struct ClassifyMasks : edgelm::impl::ClassifyMasksBase<ClassifyMasks> {
  void runOnOperation() override;

private:
  LogicalResult classify(const BoundClones &clones);
  FailureOr<SmallVector<Classified>> classifySites(const BoundClones &clones);
  LogicalResult bindKeyMask(const BoundClones &clones);
};
} // namespace

/// Whether zeros of the key mask hide just these keys. Rows of which nothing would be left do not count: some exporters
/// unmask them.
static FailureOr<bool> hidesPadding(func::FuncOp function, const MaskSite &site, const EffectiveMask &base) {
  if (!site.readsKeyMask)
    return false;
  int64_t tokens = base.tokens;
  std::vector<int64_t> right(tokens, 1), left(tokens, 1), scattered(tokens, 1);
  right[tokens - 1] = left[0] = left[1] = scattered[1] = scattered[tokens - 2] = 0;
  bool hidesAny = false;
  for (const std::vector<int64_t> &keyMask : {right, left, scattered}) {
    FailureOr<EffectiveMask> padded = probeMask(function, site, tokens, keyMask);
    if (failed(padded))
      return failure();
    for (int64_t row = 0; row < base.heads * tokens; ++row) {
      bool anyLeft = false;
      for (int64_t key = 0; key < tokens; ++key)
        anyLeft |= !base.hidden[row * tokens + key] && keyMask[key];
      for (int64_t key = 0; key < tokens && anyLeft; ++key) {
        bool expected = base.hidden[row * tokens + key] || !keyMask[key];
        hidesAny |= expected && !base.hidden[row * tokens + key];
        SoftmaxOp softmax = site.softmax;
        if (expected != static_cast<bool>(padded->hidden[row * tokens + key]))
          return softmax.emitError("the attention mask argument is no padding mask of keys here: with a 0 at key ")
                 << (llvm::find(keyMask, 0) - keyMask.begin()) << ", query " << row % tokens
                 << (expected ? " still sees key " : " no longer sees key ") << key;
      }
    }
  }
  return hidesAny;
}

static FailureOr<Classified> classifyAt(func::FuncOp function, const MaskSite &site, int64_t tokens) {
  FailureOr<EffectiveMask> mask = probeMask(function, site, tokens, std::vector<int64_t>(tokens, 1));
  if (failed(mask))
    return failure();
  FailureOr<MaskClaim> claim = classifyMask(*mask, site.softmax);
  if (failed(claim))
    return failure();
  FailureOr<bool> padding = hidesPadding(function, site, *mask);
  if (failed(padding))
    return failure();
  return Classified{site, *claim, mask->scale, *padding};
}

FailureOr<SmallVector<Classified>> ClassifyMasks::classifySites(const BoundClones &clones) {
  SmallVector<MaskSite> sites = findMaskSites(clones.main, clones.mainTokens);
  SmallVector<MaskSite> longer = findMaskSites(clones.probe, clones.probeTokens);
  SmallVector<Classified> result;
  for (const MaskSite &site : sites) {
    SoftmaxOp softmax = site.softmax;
    Attribute id = softmax->getAttr(kIdAttr);
    const MaskSite *other = llvm::find_if(longer, [&](const MaskSite &candidate) {
      SoftmaxOp found = candidate.softmax;
      return found->getAttr(kIdAttr) == id;
    });
    if (!id || other == longer.end())
      return softmax.emitError("has no counterpart at ") << clones.probeTokens << " tokens";
    FailureOr<Classified> atMain = classifyAt(clones.main, site, clones.mainTokens);
    if (failed(atMain))
      return failure();
    FailureOr<Classified> atProbe = classifyAt(clones.probe, *other, clones.probeTokens);
    if (failed(atProbe))
      return failure();
    std::optional<MaskClaim> claim = combineClaims(atMain->claim, atProbe->claim, clones.mainTokens);
    bool agree =
        claim && std::fabs(atMain->scale - atProbe->scale) <= 1e-4 && atMain->hidesPadding == atProbe->hidesPadding;
    if (!agree)
      return softmax.emitError("the attention mask depends on the total number of tokens: it is ")
             << atMain->claim.text() << " at " << clones.mainTokens << " tokens and " << atProbe->claim.text() << " at "
             << clones.probeTokens;
    atMain->claim = *claim;
    result.push_back(*atMain);
  }
  return result;
}

/// scores * scale + mask, in the type that the softmax reads.
static void rewriteSite(const Classified &found, BlockArgument keyMask) {
  SoftmaxOp softmax = found.site.softmax;
  OpBuilder builder(softmax);
  Location loc = softmax.getLoc();
  Value scores = found.site.scores;
  RankedTensorType type = tensorType(scores), operandType = tensorType(softmax.getInput());
  if (std::fabs(found.scale - 1) > 1e-6) {
    Value factor =
        ConstantOp::create(builder, loc, Tensor::fromDoubles({}, type.getElementType(), found.scale).toAttribute());
    scores = BinaryOp::create(builder, loc, type, "mul", scores, factor);
  }
  bool hides = found.claim.kind != MaskKind::Bidirectional || !found.claim.slopes.empty() || found.hidesPadding;
  if (hides) {
    SmallVector<int64_t> shape(type.getShape());
    for (int64_t d = 0; d + 2 < type.getRank() && found.claim.slopes.empty(); ++d)
      shape[d] = 1;
    Value mask = MaskOp::create(builder, loc, type.clone(shape), found.hidesPadding ? Value(keyMask) : Value(),
                                found.claim.attribute(builder.getContext()));
    scores = BinaryOp::create(builder, loc, type, "add", scores, mask);
  }
  if (type.getElementType() != operandType.getElementType()) {
    RankedTensorType wide = type.clone(operandType.getElementType());
    scores = CastOp::create(builder, loc, wide, scores, operandType.getElementType());
  }
  if (scores.getType() != operandType)
    scores = ReshapeOp::create(builder, loc, operandType, scores, Value(), /*allow_zero=*/false);
  softmax.getInputMutable().assign(scores);
}

/// A decoder never pads: its mask argument is all ones, in every clone.
LogicalResult ClassifyMasks::bindKeyMask(const BoundClones &clones) {
  for (func::FuncOp function : {clones.main, clones.probe, clones.context}) {
    BlockArgument argument = argumentWithRole(function, "attention_mask");
    if (!argument)
      continue;
    RankedTensorType type = tensorType(argument);
    std::vector<int64_t> ones(type.getNumElements(), 1);
    OpBuilder builder = OpBuilder::atBlockBegin(&function.front());
    Tensor tensor = Tensor::fromIntegers(type.getShape(), type.getElementType(), ones);
    argument.replaceAllUsesWith(ConstantOp::create(builder, argument.getLoc(), tensor.toAttribute()));
    if (failed(function.eraseArgument(argument.getArgNumber())))
      return failure();
    FoldCounts counts;
    if (failed(foldConstants(function, function == clones.context ? FoldScope::Shapes : FoldScope::Everything, counts)))
      return failure();
  }
  return success();
}

LogicalResult ClassifyMasks::classify(const BoundClones &clones) {
  FailureOr<SmallVector<Classified>> sites = classifySites(clones);
  if (failed(sites))
    return failure();
  auto looksBack = [](const Classified &found) { return found.claim.kind != MaskKind::Bidirectional; };
  bool isDecoder = !sites->empty() && llvm::all_of(*sites, looksBack);
  if (!isDecoder && llvm::any_of(*sites, looksBack)) {
    const Classified *first = llvm::find_if(*sites, looksBack);
    SoftmaxOp softmax = first->site.softmax;
    return softmax.emitError("this attention is ")
           << first->claim.text() << " beside bidirectional ones; expected one or the other";
  }
  for (Classified &found : *sites) {
    found.hidesPadding &= !isDecoder;
    rewriteSite(found, argumentWithRole(clones.main, "attention_mask"));
    ++numMasks;
  }
  // Masks of @main are no constants any more; those of the clones do not matter.
  FoldCounts counts;
  if (failed(foldConstants(clones.main, FoldScope::Everything, counts)) || (isDecoder && failed(bindKeyMask(clones))))
    return failure();
  int64_t tables = 0;
  if (failed(makePositionTables(clones, tables)))
    return failure();
  numTables += tables;
  return success();
}

/// Constants and weights stand before their first user, in the order of its operands, so that exports that differ in nothing
/// else become the same text.
static void orderConstants(func::FuncOp function) {
  llvm::DenseSet<Operation *> placed;
  for (Operation &op : llvm::make_early_inc_range(function.front())) {
    if (isa<ConstantOp, WeightOp>(op))
      continue;
    for (Value operand : op.getOperands()) {
      Operation *defining = operand.getDefiningOp();
      if (isa_and_present<ConstantOp, WeightOp>(defining) && placed.insert(defining).second)
        defining->moveBefore(&op);
    }
  }
}

void ClassifyMasks::runOnOperation() {
  ModuleOp module = getOperation();
  BoundClones clones{module.lookupSymbol<func::FuncOp>("main"),
                     module.lookupSymbol<func::FuncOp>("probe"),
                     module.lookupSymbol<func::FuncOp>("context"),
                     0,
                     0,
                     0};
  if (!clones.main) {
    module.emitError("expects a function @main");
    return signalPassFailure();
  }
  if (clones.probe && clones.context) {
    clones.mainTokens = tokensOf(clones.main).value_or(0);
    clones.probeTokens = tokensOf(clones.probe).value_or(0);
    clones.contextTokens = tokensOf(clones.context).value_or(0);
    if (failed(classify(clones)))
      return signalPassFailure();
    clones.probe.erase();
    clones.context.erase();
  }
  clones.main.walk([](Operation *op) { op->removeAttr(kIdAttr); });
  IRRewriter rewriter(&getContext());
  DominanceInfo dominance(clones.main);
  eliminateCommonSubExpressions(rewriter, dominance, clones.main);
  FoldCounts counts;
  if (failed(foldConstants(clones.main, FoldScope::Everything, counts)))
    return signalPassFailure();
  orderConstants(clones.main);
}
