// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Loads a model, runs the phases and emits the product.
#include "Codegen/Compilation.h"
#include "Codegen/CompileError.h"
#include "Codegen/Diagnostics.h"
#include "Codegen/Emitter.h"
#include "Codegen/Header.h"
#include "Codegen/Isa/Isa.h"
#include "Codegen/LowerToLlvm.h"
#include "Codegen/OutputFile.h"
#include "Codegen/Report.h"
#include "Codegen/RuntimeLink.h"
#include "Dialect/EdgeLMDialect.h"
#include "Dialect/Import/Import.h"
#include "Dialect/ModelContext.h"
#include "Dialect/WeightStore.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace llvm;

namespace edgelm {

/// Text that an earlier phase printed; the folder that it came from is looked up again.
Error Compilation::parse() {
  {
    DiagnosticCollector collector(&mlirContext);
    module = mlir::parseSourceFile<mlir::ModuleOp>(options.input, &mlirContext);
    if (!module)
      return collector.error(ExitStatus::BadInput, "cannot read " + options.input);
  }
  if (!(*module)->hasAttr(kModelDirAttr))
    return Error::success();
  mlir::ScopedDiagnosticHandler ignored(&mlirContext, [](mlir::Diagnostic &) {});
  mlir::FailureOr<ModelFolder> found = openModelFolder(modelDirOf(*module), &mlirContext);
  if (mlir::succeeded(found))
    folder = *found;
  return Error::success();
}

Error Compilation::import() {
  DiagnosticCollector collector(&mlirContext);
  mlir::FailureOr<ModelFolder> found = openModelFolder(options.input, &mlirContext);
  if (mlir::succeeded(found)) {
    folder = *found;
    module = importModel(*folder, {options.name}, &mlirContext);
  }
  if (!module)
    return collector.error(ExitStatus::BadInput, "cannot import " + options.input);
  return Error::success();
}

Error Compilation::load() {
  if (Error error = StringRef(options.input).ends_with(".mlir") ? parse() : import())
    return error;
  if (Error error = name())
    return error;
  timer.done("import");
  if (!folder)
    return Error::success();
  Expected<std::optional<CompiledTokenizer>> loaded = loadTokenizer(*folder);
  if (!loaded)
    return loaded.takeError();
  tokenizer = std::move(*loaded);
  timer.done("tokenizer");
  if (!tokenizer && options.chatTemplate != chatAuto && options.chatTemplate != chatNone)
    return fail(ExitStatus::BadInput, "--chat-template needs a tokenizer, and " + folder->folder + " has none");
  // What no product is made of needs no chat.
  if (!tokenizer || !options.stopAfter.empty())
    return Error::success();
  Expected<std::optional<ChatTurns>> turns = loadChat(folder->folder, options.chatTemplate, *tokenizer);
  if (!turns)
    return turns.takeError();
  chat = std::move(*turns);
  timer.done("chat template");
  return Error::success();
}

/// The product's name: the option, or the input's name as an identifier.
Error Compilation::name() {
  std::string name = options.name;
  if (name.empty() && folder)
    name = folder->name;
  if (name.empty()) {
    SmallString<256> path(options.input);
    sys::fs::make_absolute(path);
    sys::path::remove_dots(path, /*remove_dot_dot=*/true);
    name = toIdentifier(sys::fs::is_directory(path) ? sys::path::filename(path) : sys::path::stem(path));
  }
  if (name.empty() || name != toIdentifier(name))
    return fail(ExitStatus::BadInput, "'" + name + "' is not a C identifier; give the product a name with --name");
  (*module)->setAttr(kModelNameAttr, mlir::StringAttr::get(&mlirContext, name));
  return Error::success();
}

/// Those for every target, or all that are left.
Error Compilation::runPhases(bool forEveryTarget) {
  const Phase *phase;
  while (!stopped && (phase = run->next()) && (phase->isForEveryTarget || !forEveryTarget)) {
    if (Error error = gather())
      return error;
    if (Error error = run->run())
      return error;
    timer.done(phase->name);
    if (options.explain)
      explanation.note(phase->name, run->module());
    stopped = phase->name == options.stopAfter && run->next() != phaseTable().begin();
  }
  return Error::success();
}

/// Kernels do not tell any more what the model was: its facts are taken as soon as the memory is planned.
Error Compilation::gather() {
  if (info || !run->module()->hasAttr("edgelm.arena_bytes"))
    return Error::success();
  Expected<ModelInfo> gathered = describe(run->module());
  if (!gathered)
    return gathered.takeError();
  info = std::move(*gathered);
  return options.stopAfter.empty() ? checkLimits(nullptr) : Error::success();
}

/// What `planned` and the folder tell of the model.
Expected<ModelInfo> Compilation::describe(mlir::ModuleOp planned) const {
  Expected<ModelInfo> gathered = gatherModelInfo(planned);
  if (!gathered)
    return gathered;
  ModelInfo &info = *gathered;
  info.maxThreads = options.maxThreads;
  info.weightsInFile = options.weightsInFile;
  info.requiredFeatures = options.target.requiredFeatures;
  if (tokenizer) {
    if (Error error = checkVocabulary(*tokenizer, info.vocab))
      return error;
    info.tokenizer.assign(tokenizer->blob.begin(), tokenizer->blob.end());
    info.bosId = tokenizer->bosId;
    info.secondType = tokenizer->secondType;
  }
  if (folder) {
    if (info.entry("decode"))
      info.chat = chat;
    else if (chat && options.chatTemplate != chatAuto)
      return fail(ExitStatus::BadInput, "--chat-template is for decoders, and this model is none");
    info.stopIds = stopIdsOf(*folder, tokenizer, info.chat);
    if (!folder->bosIds.empty())
      info.bosId = folder->bosIds.front();
  }
  return gathered;
}

/// What the model takes with other options. Where code was generated, its size tells how good estimates are here.
Expected<Footprint> Compilation::plan(const CompileOptions &other) const {
  Expected<std::unique_ptr<PhaseRun>> variant = run->again(other);
  if (!variant)
    return variant.takeError();
  std::optional<ModelInfo> planned;
  while ((*variant)->next()) {
    if (!planned && (*variant)->module()->hasAttr("edgelm.arena_bytes")) {
      Expected<ModelInfo> gathered = describe((*variant)->module());
      if (!gathered)
        return gathered.takeError();
      planned = std::move(*gathered);
    }
    if (Error error = (*variant)->run())
      return std::move(error);
  }
  CodeSizes code = estimateCode((*variant)->module(), *findIsa(other.target.isa));
  if (estimated && info->codeBytes)
    code.codeBytes += info->codeBytes - info->tokenizer.size() - estimated->codeBytes;
  return footprintOf(*planned, code);
}

/// Tokens of a prefill where nobody says how many: memory is scarce where memory for code is, and where code is to be
/// the smallest, that of a token serves for prompts too.
static int64_t defaultChunk(const CompileOptions &options) {
  if (options.smallest)
    return 1;
  return findIsa(options.target.isa)->isSmall ? smallPrefillChunk : defaultPrefillChunk;
}

/// Of RAM and flash; without `code` only for what is certain before it is generated.
Error Compilation::checkLimits(const CodeSizes *code) const {
  Footprint footprint = footprintOf(*info, code ? *code : CodeSizes());
  BudgetCheck check = {options, info->name, info->context, footprint, code != nullptr};
  auto replan = [this](const CompileOptions &other) { return plan(other); };
  // Other options would be planned for the target alone.
  if (run->isFromImport() && options.variants.empty())
    return checkBudget(check, replan);
  return checkBudget(check, nullptr);
}

/// What the model takes when prompts are read in the largest pieces, which `other` gets, that leave room for the rest.
Expected<Footprint> Compilation::planChunk(CompileOptions &other) const {
  if (other.prefillChunk || !run->module().lookupSymbol("prefill"))
    return plan(other);
  const uint64_t limit = limitsOf(other).ram;
  for (int64_t chunk = defaultChunk(other);; chunk /= 2) {
    other.prefillChunk = chunk;
    Expected<Footprint> footprint = plan(other);
    if (!footprint || !limit || footprint->ram.bytes() <= limit || chunk == 1)
      return footprint;
  }
}

Error Compilation::chooseChunk() {
  bool isAsUsual = !limitsOf(options).ram && defaultChunk(options) == defaultPrefillChunk;
  if (isAsUsual || options.prefillChunk || stopped || !run->isFromImport() || !run->module().lookupSymbol("prefill"))
    return Error::success();
  Expected<Footprint> footprint = planChunk(options);
  if (!footprint)
    return footprint.takeError();
  Expected<std::unique_ptr<PhaseRun>> again = run->again(options);
  if (again)
    run = std::move(*again);
  return again.takeError();
}

/// The IR with locations, so that node names survive a pipe.
Error Compilation::print() {
  return writeFile(options.output, [&](raw_fd_ostream &os) {
    run->module().print(os, mlir::OpPrintingFlags().enableDebugInfo());
    os << "\n";
    return Error::success();
  });
}

Error Compilation::prepare() {
  mlir::DialectRegistry registry;
  registry.insert<EdgeLMDialect, mlir::func::FuncDialect>();
  registerLlvmLowering(registry);
  mlirContext.appendDialectRegistry(registry);
  mlirContext.loadDialect<EdgeLMDialect, mlir::func::FuncDialect>();

  if (Error error = load())
    return error;
  // Before the weights are packed: the files that hold them are known from the import's operations.
  if (folder && options.stopAfter.empty() && !options.dryRun)
    hashes.emplace(*folder, *module);
  Expected<std::unique_ptr<PhaseRun>> started =
      PhaseRun::start(std::move(module), options, tokenizer ? tokenizer->longestPiece : 0);
  if (!started)
    return started.takeError();
  run = std::move(*started);
  stopped = options.stopAfter == "import";
  if (options.explain && run->isFromImport())
    explanation.note("import", run->module());
  Error refused = runPhases(/*forEveryTarget=*/true);
  // Also of a model that a phase refuses; what it tells of lies in the phases that are the same for every target.
  errs() << explanation.text();
  if (options.explain && chat)
    errs() << explainChat(*chat);
  return refused;
}

Error Compilation::waitForHashes() {
  if (files)
    return Error::success();
  files.emplace();
  if (!hashes)
    return Error::success();
  Expected<std::vector<FileHash>> hashed = hashes->wait();
  if (!hashed)
    return hashed.takeError();
  files = std::move(*hashed);
  return Error::success();
}

Error Compilation::setTarget(const TargetSpec &target) {
  options.target = target;
  Expected<std::unique_ptr<Module>> loaded = loadRuntime(target, options.isFreestanding(), llvmContext);
  if (!loaded)
    return loaded.takeError();
  runtime = std::move(*loaded);
  Expected<uint64_t> bytes = runtimeConstant(*runtime, "edgelm_rt_session_bytes");
  if (!bytes)
    return bytes.takeError();
  sessionBytes = *bytes;
  run->setTarget(target, sessionBytes);
  return Error::success();
}

Error Compilation::finish(const TargetSpec &target) {
  if (Error error = setTarget(target))
    return error;
  if (Error error = chooseChunk())
    return error;
  std::vector<std::unique_ptr<PhaseRun>> branches;
  for (size_t i = 0; i < options.variants.size(); ++i)
    branches.push_back(run->branch());
  if (Error error = runPhases(/*forEveryTarget=*/false))
    return error;
  if (stopped)
    return print();
  if (Error error = makeVariants(std::move(branches)))
    return error;
  return emit();
}

Error Compilation::makeVariants(std::vector<std::unique_ptr<PhaseRun>> branches) {
  if (branches.empty())
    return Error::success();
  SharedWeights weights(info->weights, info->weightBytes);
  auto gathered = [this](mlir::ModuleOp planned) { return describe(planned); };
  for (auto [target, branch] : zip(options.variants, branches)) {
    Expected<Variant> variant = makeVariant(std::move(branch), target, sessionBytes, weights, gathered);
    if (!variant)
      return variant.takeError();
    variants.push_back(std::move(*variant));
    timer.done("variant " + target.name);
  }
  return joinVariants(*info, variants, std::move(weights));
}

Expected<DryRun> Compilation::measure(const TargetSpec &target) {
  if (!run->isFromImport())
    return fail(ExitStatus::BadInput, "--dry-run plans other contexts, and the text of " + options.input +
                                          " has one; give it the model's folder or .onnx file");
  if (Error error = setTarget(target))
    return std::move(error);
  mlir::IntegerAttr limit = run->module()->getAttrOfType<mlir::IntegerAttr>(kContextAttr);
  int64_t most = limit ? limit.getInt() : run->context();
  if (run->module().lookupSymbol("invoke"))
    most = 0;
  StringRef name = run->module()->getAttrOfType<mlir::StringAttr>(kModelNameAttr).getValue();
  return dryRun(options, name, most, [this](CompileOptions other) { return planChunk(other); });
}

Error Compilation::emit() {
  if (!info)
    return fail(ExitStatus::BadInput,
                "the text of " + options.input + " is behind the memory plan; start from an earlier phase");
  if (options.emit == Emit::Executable && (!info->entry("decode") || info->tokenizer.empty()))
    return fail(ExitStatus::BadInput, "--emit=exe makes a program that continues a text, for which '" + info->name +
                                          "' has no " + (info->tokenizer.empty() ? "tokenizer" : "decoder"));
  countLaunches(run->module(), *info);
  estimated = estimateCode(run->module(), *findIsa(options.target.isa));
  auto hashedFiles = [&]() -> Expected<std::vector<FileHash>> {
    if (Error error = waitForHashes())
      return std::move(error);
    return *files;
  };
  auto accept = [&](const CodeSizes &code) { return checkLimits(&code); };
  EmitInputs emitInputs = {options, variants, modelDirOf(run->module()).str(), hashedFiles, accept, timer};
  if (Error error = emitProduct(run->module(), *info, std::move(runtime), llvmContext, emitInputs))
    return error;
  if (options.emit == Emit::Library || options.emit == Emit::Shared || options.emit == Emit::Executable)
    errs() << summaryText(*info, options);
  return Error::success();
}

} // namespace edgelm
