// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Loads a model, runs the phases and emits the product.
#include "Codegen/Compiler.h"
#include "Codegen/CompileError.h"
#include "Codegen/Diagnostics.h"
#include "Codegen/Emitter.h"
#include "Codegen/Explanation.h"
#include "Codegen/Header.h"
#include "Codegen/LowerToLlvm.h"
#include "Codegen/ModelFiles.h"
#include "Codegen/OutputFile.h"
#include "Codegen/Pipeline.h"
#include "Codegen/Report.h"
#include "Codegen/RuntimeLink.h"
#include "Codegen/SideBySide.h"
#include "Codegen/StageTimer.h"
#include "Dialect/EdgeLMDialect.h"
#include "Dialect/Import/Import.h"
#include "Dialect/ModelContext.h"
#include "Dialect/WeightStore.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Parser/Parser.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace llvm;

namespace edgelm {

namespace {

/// The state of one compile: prepare() once, then finish() for a target.
class Compilation {
public:
  explicit Compilation(const CompileOptions &options) : options(options), timer(options.timing) {}

  /// Reads the model and runs the phases that are the same for every target.
  Error prepare();
  /// Ends the thread that hashes the input.
  Error waitForHashes();
  /// The rest, for `target`.
  Error finish(const TargetSpec &target);

private:
  Error parse();
  Error import();
  Error load();
  Error name();
  Error makePhaseInputs();
  Error runPhases(bool forEveryTarget);
  Error gather();
  Error print();
  Error emit();

  CompileOptions options;
  StageTimer timer;
  mlir::MLIRContext mlirContext{mlir::MLIRContext::Threading::DISABLED};
  LLVMContext llvmContext;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  std::unique_ptr<Module> runtime;
  std::optional<PhaseInputs> inputs;
  size_t nextPhase = 0;
  bool stopped = false;                       ///< behind the phase that options.stopAfter names
  std::optional<std::vector<FileHash>> files; ///< what `hashes` came to, once somebody waited
  std::optional<ModelFolder> folder;
  std::optional<CompiledTokenizer> tokenizer;
  std::optional<ModelInfo> info;
  Explanation explanation;
  std::optional<InputHashes> hashes;
};

} // namespace

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

/// Tokens that a model is bound to while it is raised, and a second number that shows what depends on it. Small, since
/// masks are evaluated at both; @context has the real number.
static constexpr int64_t bindTokens = 12, bindProbeTokens = 19;

Error Compilation::makePhaseInputs() {
  int64_t context = options.context.value_or(defaultContext(*module));
  mlir::IntegerAttr limit = (*module)->getAttrOfType<mlir::IntegerAttr>(kContextAttr);
  if (limit && context > limit.getInt())
    return fail(ExitStatus::BadInput, "the model has positions for " + Twine(limit.getInt()) +
                                          " tokens, but --context asks for " + Twine(context));
  inputs.emplace(PhaseInputs{options});
  inputs->context = context;
  inputs->probeTokens = std::min(bindProbeTokens, context);
  inputs->mainTokens = std::min(bindTokens, inputs->probeTokens - 1);
  inputs->longestPieceBytes = tokenizer ? tokenizer->longestPiece : 0;
  return Error::success();
}

/// An encoder does not become incremental: it is raised for all the tokens of a call.
static bool isEncoderOfOtherLength(mlir::ModuleOp module, int64_t tokens) {
  mlir::func::FuncOp encode = module.lookupSymbol<mlir::func::FuncOp>("encode");
  if (!encode)
    return false;
  for (unsigned i = 0; i < encode.getNumArguments(); ++i)
    if (mlir::StringAttr role = encode.getArgAttrOfType<mlir::StringAttr>(i, kRoleAttr);
        role && role.getValue() == "tokens")
      return tensorType(encode.getArgument(i)).getNumElements() != tokens;
  return false;
}

Error Compilation::runPhases(bool forEveryTarget) {
  bool isText = StringRef(options.input).ends_with(".mlir");
  bool canRestart = !isText && forEveryTarget;
  mlir::OwningOpRef<mlir::ModuleOp> imported = canRestart ? (*module).clone() : nullptr;
  ArrayRef<Phase> phases = phaseTable();
  for (; nextPhase < phases.size() && !stopped; ++nextPhase) {
    const Phase &phase = phases[nextPhase];
    if (phase.isForEveryTarget != forEveryTarget)
      break;
    if (Error error = gather())
      return error;
    if (Error error = runPhase(phase, *module, *inputs))
      return error;
    timer.done(phase.name);
    if (options.explain)
      explanation.note(phase.name, *module);
    if (phase.name == "incremental" && canRestart && isEncoderOfOtherLength(*module, inputs->context)) {
      module = std::move(imported);
      inputs->mainTokens = inputs->context;
      inputs->probeTokens = std::min(bindTokens, inputs->context - 1);
      canRestart = false;
      nextPhase = -1;
      continue;
    }
    stopped = phase.name == options.stopAfter;
  }
  return Error::success();
}

/// Kernels do not tell any more what the model was: its facts are taken as soon as the memory is planned.
Error Compilation::gather() {
  if (info || !(*module)->hasAttr("edgelm.arena_bytes"))
    return Error::success();
  Expected<ModelInfo> gathered = gatherModelInfo(*module);
  if (!gathered)
    return gathered.takeError();
  info = std::move(*gathered);
  info->maxThreads = options.maxThreads;
  info->weightsInFile = options.weightsInFile;
  info->requiredFeatures = options.target.requiredFeatures;
  if (tokenizer) {
    if (Error error = checkVocabulary(*tokenizer, info->vocab))
      return error;
    info->tokenizer.assign(tokenizer->blob.begin(), tokenizer->blob.end());
    info->bosId = tokenizer->bosId;
  }
  if (folder) {
    info->stopIds = stopIdsOf(*folder, tokenizer);
    if (!folder->bosIds.empty())
      info->bosId = folder->bosIds.front();
  }
  return Error::success();
}

/// The IR with locations, so that node names survive a pipe.
Error Compilation::print() {
  return writeFile(options.output, [&](raw_fd_ostream &os) {
    (*module).print(os, mlir::OpPrintingFlags().enableDebugInfo());
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
  if (folder && options.stopAfter.empty())
    hashes.emplace(*folder, *module);
  if (Error error = makePhaseInputs())
    return error;
  stopped = options.stopAfter == "import";
  // Text goes on behind the phase that printed it.
  if (StringRef(options.input).ends_with(".mlir") && !options.startAfter.empty() && options.startAfter != "import")
    nextPhase = findPhase(options.startAfter) - phaseTable().data() + 1;
  if (options.explain && !StringRef(options.input).ends_with(".mlir"))
    explanation.note("import", *module);
  Error refused = runPhases(/*forEveryTarget=*/true);
  // Also of a model that a phase refuses; what it tells of lies in the phases that are the same for every target.
  errs() << explanation.text();
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

Error Compilation::finish(const TargetSpec &target) {
  options.target = target;
  Expected<std::unique_ptr<Module>> loaded = loadRuntime(target, options.isFreestanding(), llvmContext);
  if (!loaded)
    return loaded.takeError();
  runtime = std::move(*loaded);
  Expected<uint64_t> sessionBytes = runtimeConstant(*runtime, "edgelm_rt_session_bytes");
  if (!sessionBytes)
    return sessionBytes.takeError();
  inputs->sessionBytes = *sessionBytes;
  if (Error error = runPhases(/*forEveryTarget=*/false))
    return error;
  return stopped ? print() : emit();
}

Error Compilation::emit() {
  if (!info)
    return fail(ExitStatus::BadInput,
                "the text of " + options.input + " is behind the memory plan; start from an earlier phase");
  countLaunches(*module, *info);
  auto hashedFiles = [&]() -> Expected<std::vector<FileHash>> {
    if (Error error = waitForHashes())
      return std::move(error);
    return *files;
  };
  EmitInputs emitInputs = {options, modelDirOf(*module).str(), hashedFiles, timer};
  if (Error error = emitProduct(*module, *info, std::move(runtime), llvmContext, emitInputs))
    return error;
  if (options.emit == Emit::Library)
    errs() << summaryText(*info, options);
  return Error::success();
}

/// Before the import, which may take long: a target without a runtime is refused at once.
static Error checkRuntime(const TargetSpec &target) {
  LLVMContext context;
  return loadRuntime(target, /*freestanding=*/true, context).takeError();
}

Error compile(const CompileOptions &options, ArrayRef<TargetSpec> targets, unsigned jobs) {
  for (const TargetSpec &target : targets)
    if (Error error = checkRuntime(target))
      return error;
  Compilation compilation(options);
  if (Error error = compilation.prepare())
    return error;
  if (targets.size() == 1)
    return compilation.finish(targets.front());
  // A child has no thread but the one that started it.
  if (Error error = compilation.waitForHashes())
    return error;
  std::vector<std::function<Error()>> tasks;
  for (const TargetSpec &target : targets)
    tasks.push_back([&compilation, &target] { return compilation.finish(target); });
  return runSideBySide(tasks, jobs);
}

Error compile(const CompileOptions &options) {
  return compile(options, options.target, 1);
}

} // namespace edgelm
