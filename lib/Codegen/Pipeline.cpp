// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The compiler as a table: import gives a module, these phases transform it, Compilation.cpp turns the end into files.
#include "Codegen/Pipeline.h"
#include "Codegen/Abi.h"
#include "Codegen/CodegenPasses.h"
#include "Codegen/Diagnostics.h"
#include "Codegen/Isa/Isa.h"
#include "Passes/Passes.h"

using namespace mlir;

namespace edgelm {

static void addSpecialise(OpPassManager &passes, const PhaseInputs &inputs, ModuleOp module) {
  BindOptions options;
  options.mainTokens = inputs.mainTokens;
  options.probeTokens = inputs.probeTokens;
  options.contextTokens = inputs.context;
  passes.addPass(createBind(options));
  passes.addPass(createFoldConstants());
  passes.addPass(createClassifyMasks());
}

static void addRaise(OpPassManager &passes, const PhaseInputs &inputs, ModuleOp module) {
  addRaisePasses(passes);
}

static void addIncremental(OpPassManager &passes, const PhaseInputs &inputs, ModuleOp module) {
  AddCacheOptions options;
  options.context = inputs.context;
  options.kv = inputs.options.kv;
  options.prefillChunk = std::min(inputs.options.prefillChunk.value_or(defaultPrefillChunk), inputs.context);
  passes.addPass(createAddCache(options));
}

/// Output columns of a panel of packed weights.
static int64_t panelOf(const PhaseInputs &inputs) {
  const IsaRow *isa = findIsa(inputs.options.target.isa);
  return isa ? isa->panel : PackWeightsOptions().panel;
}

/// Whether codes lie as halfwords that multiply.
static bool pairsCodes(const PhaseInputs &inputs) {
  const IsaRow *isa = findIsa(inputs.options.target.isa);
  return isa && isa->pairActivations;
}

static void addQuantize(OpPassManager &passes, const PhaseInputs &inputs, ModuleOp module) {
  passes.addPass(createAdoptProducts());
  passes.addPass(createExpandQuantize());
  passes.addPass(createAdoptCodes());
  AssignFormatsOptions options;
  options.format = inputs.options.quant;
  options.map.assign(inputs.options.quantMap.begin(), inputs.options.quantMap.end());
  options.embedding = inputs.options.quantEmbedding;
  options.head = inputs.options.quantHead;
  options.requantize = inputs.options.requantize;
  options.panel = panelOf(inputs);
  passes.addPass(createAssignFormats(options));
  // The writer of the product reads every matrix anyway, and measures then.
  passes.addPass(createQuantizeWeights({/*measure=*/!inputs.options.stopAfter.empty()}));
  if (inputs.options.quantizedActivations)
    passes.addPass(createQuantizeActivations({/*paired=*/pairsCodes(inputs)}));
}

static void addFuse(OpPassManager &passes, const PhaseInputs &inputs, ModuleOp module) {
  FuseProjectionsOptions options;
  options.panel = panelOf(inputs);
  passes.addPass(createFuseEpilogues());
  passes.addPass(createFuseProjections(options));
  passes.addPass(createFuseNormQuantize());
}

static void addPack(OpPassManager &passes, const PhaseInputs &inputs, ModuleOp module) {
  PackWeightsOptions options;
  options.panel = panelOf(inputs);
  const IsaRow *isa = findIsa(inputs.options.target.isa);
  options.columnsApart = isa && isa->dot.columnsApart;
  options.paired = pairsCodes(inputs);
  passes.addPass(createPackWeights(options));
}

/// Vocabulary and context of a decoder, from the shapes of its logits and caches.
static std::pair<int64_t, int64_t> decoderSizes(ModuleOp module) {
  std::pair<int64_t, int64_t> sizes = {0, 0};
  func::FuncOp decode = module.lookupSymbol<func::FuncOp>("decode");
  if (!decode)
    return sizes;
  for (unsigned i = 0; i < decode.getNumResults(); ++i)
    if (StringAttr role = decode.getResultAttrOfType<StringAttr>(i, kRoleAttr); role && role.getValue() == "logits")
      sizes.first = cast<RankedTensorType>(decode.getResultTypes()[i]).getShape().back();
  for (unsigned i = 0; i < decode.getNumArguments(); ++i)
    if (StringAttr role = decode.getArgAttrOfType<StringAttr>(i, kRoleAttr); role && role.getValue() == "key_cache")
      sizes.second = tensorType(decode.getArgument(i)).getDimSize(1);
  return sizes;
}

static void addPlan(OpPassManager &passes, const PhaseInputs &inputs, ModuleOp module) {
  PlanMemoryOptions options;
  options.sessionBytes = inputs.sessionBytes;
  auto [vocab, context] = decoderSizes(module);
  if (vocab)
    options.samplerBytes = samplerBytes(vocab, context);
  if (inputs.longestPieceBytes) {
    options.tokenizerBytes = tokenizerScratchBytes();
    options.textBytes = textBytes(inputs.longestPieceBytes);
  }
  // Without an operating system there is one thread.
  options.oneThread = inputs.options.isFreestanding();
  if (!options.oneThread)
    passes.addPass(createSplitAttention());
  passes.addPass(createPlanMemory(options));
}

static void addKernels(OpPassManager &passes, const PhaseInputs &inputs, ModuleOp module) {
  LowerToKernelsOptions options;
  options.isa = inputs.options.target.isa;
  passes.addPass(createLowerToKernels(options));
}

static constexpr Phase phases[] = {
    {"specialise", "shapes are static, masks and position tables are known", addSpecialise, ExitStatus::BadInput, true},
    {"raise", "only transformer operations and little algebra are left", addRaise, ExitStatus::BadInput, true},
    {"incremental", "entries work on a few tokens over a cache", addIncremental, ExitStatus::BadInput, true},
    {"quantize", "every matrix has a format that it can have", addQuantize, ExitStatus::BadInput, false},
    {"fuse", "one operation is one kernel launch", addFuse, ExitStatus::BadInput, false},
    {"pack", "every weight has its layout and its place in the product", addPack, ExitStatus::BadInput, false},
    {"plan", "every buffer has an offset, and the size of the arena is known", addPlan, ExitStatus::BadInput, false},
    {"kernels", "entries launch kernels, which are loops over vectors", addKernels, ExitStatus::NotOnThisTarget, false},
};

llvm::ArrayRef<Phase> phaseTable() {
  return phases;
}

const Phase *findPhase(StringRef name) {
  for (const Phase &phase : phases)
    if (phase.name == name)
      return &phase;
  return nullptr;
}

std::string phaseNames() {
  std::string names = "import";
  for (const Phase &phase : phases)
    names += ", " + phase.name.str();
  return names;
}

llvm::Error runPhase(const Phase &phase, ModuleOp module, const PhaseInputs &inputs) {
  PassManager passes(module.getContext(), ModuleOp::getOperationName());
  if (failed(applyPassManagerCLOptions(passes)))
    return fail(ExitStatus::BadInput, "MLIR does not accept its flags");
  passes.enableVerifier(inputs.options.verifyEach);
  phase.addPasses(passes, inputs, module);
  DiagnosticCollector collector(module.getContext());
  if (succeeded(passes.run(module)))
    return llvm::Error::success();
  return collector.error(phase.failure, "phase '" + phase.name + "' failed without saying why");
}

} // namespace edgelm
