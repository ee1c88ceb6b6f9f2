// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Compiles an exported model into a static and a shared library for each target.
#include "Codegen/Abi.h"
#include "Codegen/Budget.h"
#include "Codegen/ByteText.h"
#include "Codegen/ChosenTarget.h"
#include "Codegen/CompileError.h"
#include "Codegen/Compiler.h"
#include "Codegen/HostTarget.h"
#include "Codegen/Object.h"
#include "Codegen/Pipeline.h"
#include "Codegen/Variants.h"
#include "Dialect/Formats.h"
#include "Passes/Passes.h"
#include "mlir/IR/AsmState.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Config/llvm-config.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/raw_ostream.h"
#include <CLI/CLI.hpp>
#include <csignal>
#include <map>
#include <thread>

using namespace edgelm;

/// Targets are resolved after parsing.
struct Arguments {
  CompileOptions options;
  std::vector<std::string> targets = {"host"}, variants;
  TargetFlags flags;
  std::string emit = "lib", activations = "int8", weights = "embed", level;
  unsigned jobs = std::max(1u, std::thread::hardware_concurrency());
  bool printTargets = false, printFormats = false;
};

static const std::map<std::string, Emit> emitNames = {
    {"lib", Emit::Library},  {"so", Emit::Shared}, {"exe", Emit::Executable}, {"obj", Emit::Object},
    {"asm", Emit::Assembly}, {"llvm", Emit::Llvm}, {"mlir", Emit::Mlir}};

static void addOptions(CLI::App &app, Arguments &arguments) {
  CompileOptions &options = arguments.options;
  app.add_option("model", options.input, "folder of an exported model, .onnx file, or .mlir text of --stop-after");
  app.add_option("-o,--output", options.output, "folder for the results, by target; with --stop-after a file")
      ->default_val("out");
  app.add_option("--target", arguments.targets, "targets, comma separated, or LLVM triples: " + targetNames())
      ->delimiter(',')
      ->capture_default_str();
  app.add_option("--variants", arguments.variants,
                 "targets of --target's architecture that have more: their kernels are in the library too, which takes "
                 "the best that the processor has when it is opened")
      ->delimiter(',');
  app.add_option("-j,--jobs", arguments.jobs, "targets that are compiled side by side; default: the processor's cores")
      ->check(CLI::PositiveNumber);
  app.add_option("--mcpu", arguments.flags.cpu,
                 "with a triple the CPU that is compiled for; with a name only the one that code is scheduled for");
  app.add_option("--mattr", arguments.flags.features,
                 "more CPU features, '+a,-b'; the product checks for what is added");
  app.add_option("--mabi", arguments.flags.abi, "with a triple of RISC-V: its calling convention, such as lp64d");
  app.add_option("--mfloat-abi", arguments.flags.floatAbi, "with a triple of 32-bit ARM: how floats are passed")
      ->check(CLI::IsMember({"hard", "soft"}));
  app.add_flag("--no-cpu-check", arguments.flags.unchecked,
               "for firmware that opens the model unprivileged: do not ask the processor what it has");
  app.add_option("-c,--context", options.context,
                 "tokens that a session holds; default: the smaller of the model's and 2048")
      ->check(CLI::Range(int(leastContext), INT32_MAX, "INT >= 3"));
  app.add_option("--quant", options.quant, "number format of the matrices; default: the type they are stored in");
  app.add_option(
         "--quant-map", options.quantMap,
         "REGEX=FORMAT for the matrices whose name, or whose node's name, the POSIX extended expression finds; may be "
         "repeated, the last match counts")
      ->take_all()
      ->allow_extra_args(false);
  app.add_option("--quant-embedding", options.quantEmbedding, "format of the embedding table");
  app.add_option("--quant-head", options.quantHead,
                 "format of the matrix that makes the logits, also where it is the embedding table");
  app.add_flag("--requantize", options.requantize,
               "let formats apply to matrices that the export has quantized already");
  app.add_option("--act", arguments.activations,
                 "what is multiplied by matrices in a number format: activations rounded to int8, or as they are")
      ->check(CLI::IsMember({"int8", "f32"}))
      ->capture_default_str();
  app.add_flag("--print-formats", arguments.printFormats, "print the number formats and exit");
  app.add_option("--prefill-chunk", options.prefillChunk,
                 "tokens that one pass over the weights takes; default: " + std::to_string(defaultPrefillChunk) + ", " +
                     std::to_string(smallPrefillChunk) + " on microcontrollers, fewer where RAM has a limit")
      ->check(CLI::PositiveNumber);
  app.add_option("--kv", options.kv, "element type of the key/value cache")
      ->check(CLI::IsMember({"f32", "f16", "int8"}))
      ->capture_default_str();
  app.add_option("--max-threads", options.maxThreads, "threads that a session can be opened with")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  app.add_option("--max-ram", options.maxRam,
                 "RAM that the library may take (arena and stack): 256K, 1M; default: what the target's board has; 0: "
                 "any; more is an error of status 4")
      ->transform(CLI::AsSizeValue(false));
  app.add_option("--max-flash", options.maxFlash, "the same for flash: weights, code and tables")
      ->transform(CLI::AsSizeValue(false));
  app.add_flag("--dry-run", options.dryRun, "print sizes by context and the largest that fits, and write nothing");
  app.add_flag("--json", options.json, "with --dry-run: as JSON");
  app.add_flag("--deterministic")
      ->description("the same bits for any number of threads and any pieces of a prompt; always so");
  app.add_option("--weights", arguments.weights, "embed: inside the library; file: in lib<name>.weights beside it")
      ->check(CLI::IsMember({"embed", "file"}))
      ->capture_default_str();
  app.add_option("--weights-section", options.weightsSection, "section of embedded weights; default: .rodata.edgelm");
  app.add_option("--code-section", options.codeSection,
                 "what the name of each function's section begins with; default: .text");
  app.add_option("--chat-template", options.chatTemplate,
                 "auto: the folder's chat template is compiled in, where that is possible; none; or a file in Jinja")
      ->capture_default_str();
  app.add_option("--name", options.name, "C identifier of the product; default: the folder's name");
  app.add_flag_function(
      "--freestanding,!--no-freestanding", [&](int64_t count) { options.freestanding = count > 0; },
      "without threads, and with every function that the library calls, so that it links with -nostdlib; default: on "
      "targets without an operating system");
  app.add_option("--emit", arguments.emit,
                 "what to write: lib is libraries and header, so the shared library alone, exe one program that "
                 "continues a text")
      ->check(CLI::IsMember({"lib", "so", "exe", "obj", "asm", "llvm", "mlir"}))
      ->capture_default_str();
  app.add_option("-O", arguments.level, "z: the smallest code; default: fast, on microcontrollers small and fast")
      ->check(CLI::IsMember({"z"}));
  app.add_option("--sysroot", options.sysroot,
                 "with --emit=exe: folder of a Debian system for the target, with its C library and GCC's");
  app.add_option("--stop-after", options.stopAfter, "print the IR after this phase: " + phaseNames());
  app.add_option("--start-after", options.startAfter, "the phase that printed the .mlir input");
  app.add_option("--verify-each", options.verifyEach, "verify the IR after each pass")->capture_default_str();
  app.add_flag("--explain", options.explain, "print what was folded, and what masks, tables and nodes became");
  app.add_flag("--timing", options.timing, "print the time and memory of each stage");
  app.add_flag("--print-targets", arguments.printTargets, "print the targets and exit");
  app.set_version_flag("--version", "EdgeLM " + edgelmVersion().str() + ", LLVM " LLVM_VERSION_STRING);
  app.footer("MLIR's flags that begin with --mlir- (--mlir-print-ir-after=PASS, --mlir-timing, ...) are accepted too.");
}

static void printTargets() {
  for (const TargetRow *row : targetTable()) {
    llvm::outs() << llvm::left_justify(llvm::StringRef(row->name), 16) << row->summary;
    if (row->ramBytes)
      llvm::outs() << "; " << bytesText(row->ramBytes) << " RAM, " << bytesText(row->flashBytes) << " flash";
    llvm::outs() << "\n";
  }
  std::optional<TargetSpec> host = hostTarget();
  llvm::outs() << llvm::left_justify("host", 16)
               << (host ? "this machine: " + host->cpu + ", scheduled for " + host->tuneCpu : "not supported") << "\n";
}

static void printFormats() {
  // Scales of a matrix of that many columns are counted.
  constexpr int64_t columns = 4096;
  for (const FormatRow &row : formatTable()) {
    llvm::outs() << llvm::left_justify(llvm::StringRef(row.name.data(), row.name.size()), 12)
                 << llvm::format("%6.3f bits  ", row.bitsPerWeight(columns))
                 << llvm::StringRef(row.summary.data(), row.summary.size());
    if (!row.aliases.empty())
      llvm::outs() << " (" << llvm::StringRef(row.aliases.data(), row.aliases.size()) << ")";
    llvm::outs() << "\n";
  }
}

static llvm::Error checkUsage(const CompileOptions &options) {
  if (options.input.empty())
    return fail(ExitStatus::BadInput, "expected a model: a folder, an .onnx file or .mlir text; see --help");
  for (const std::string &name : {options.quant, options.quantEmbedding, options.quantHead})
    if (!name.empty() && !findFormat(name))
      return fail(ExitStatus::BadInput, "unknown format '" + name + "'; known formats: " + formatNames());
  if (options.json && !options.dryRun)
    return fail(ExitStatus::BadInput, "--json is for --dry-run; the report of a product is its .json file");
  const std::pair<const char *, const std::string &> sections[] = {{"--weights-section", options.weightsSection},
                                                                   {"--code-section", options.codeSection}};
  for (const auto &[option, name] : sections)
    if (!name.empty())
      if (llvm::Error error = checkSectionName(option, name))
        return error;
  if (options.weightsInFile && options.emit == Emit::Executable)
    return fail(ExitStatus::BadInput, "--emit=exe makes one file, with the weights inside, not --weights file");
  if (options.weightsInFile && !options.weightsSection.empty())
    return fail(ExitStatus::BadInput, "--weights-section needs weights inside the library, not --weights file");
  for (const std::string &name : {options.stopAfter, options.startAfter})
    if (!name.empty() && name != "import" && !findPhase(name))
      return fail(ExitStatus::BadInput, "unknown phase '" + name + "'; known phases: " + phaseNames());
  return llvm::Error::success();
}

/// Sets options.variants.
static llvm::Error takeVariants(Arguments &arguments, llvm::ArrayRef<TargetSpec> targets) {
  CompileOptions &options = arguments.options;
  if (arguments.variants.empty())
    return llvm::Error::success();
  if (targets.size() != 1)
    return fail(ExitStatus::BadInput, "--variants is for one --target, which has the least of them");
  if (options.freestanding.value_or(false))
    return fail(ExitStatus::BadInput, "--variants needs a system that says what the processor has, not --freestanding");
  if (options.dryRun || !options.stopAfter.empty() || options.emit == Emit::Mlir)
    return fail(ExitStatus::BadInput, "--variants is for products; --dry-run, --stop-after and --emit=mlir show one "
                                      "target, so name it with --target");
  llvm::Expected<std::vector<TargetSpec>> variants = chooseVariants(targets.front(), arguments.variants);
  if (!variants)
    return variants.takeError();
  options.variants = std::move(*variants);
  return llvm::Error::success();
}

static llvm::Error run(Arguments &arguments, bool hasOutput) {
  if (arguments.printTargets) {
    printTargets();
    return llvm::Error::success();
  }
  if (arguments.printFormats) {
    printFormats();
    return llvm::Error::success();
  }
  arguments.options.emit = emitNames.at(arguments.emit);
  arguments.options.quantizedActivations = arguments.activations == "int8";
  arguments.options.smallest = arguments.level == "z";
  arguments.options.weightsInFile = arguments.weights == "file";
  if (llvm::Error error = checkUsage(arguments.options))
    return error;
  if (!arguments.options.stopAfter.empty() && !hasOutput)
    arguments.options.output = "-";
  std::vector<TargetSpec> targets;
  for (const std::string &name : arguments.targets) {
    llvm::Expected<TargetSpec> target = chooseTarget(name, arguments.flags);
    if (!target)
      return target.takeError();
    for (const TargetSpec &other : targets)
      if (other.name == target->name)
        return fail(ExitStatus::BadInput, "--target names " + target->name + " twice");
    targets.push_back(*target);
  }
  if (llvm::Error error = takeVariants(arguments, targets))
    return error;
  return compile(arguments.options, targets, arguments.jobs);
}

/// Hands MLIR's flags to LLVM's parser; returns the others.
static std::vector<char *> takeMlirFlags(int argc, char **argv) {
  std::vector<char *> ours, theirs = {argv[0]};
  for (int i = 0; i < argc; ++i)
    (llvm::StringRef(argv[i]).starts_with("--mlir-") ? theirs : ours).push_back(argv[i]);
  registerEdgeLMPasses();
  mlir::registerAsmPrinterCLOptions();
  mlir::registerMLIRContextCLOptions();
  mlir::registerPassManagerCLOptions();
  llvm::cl::ParseCommandLineOptions(theirs.size(), theirs.data());
  return ours;
}

int main(int argc, char **argv) {
  llvm::setBugReportMsg(
      "edgelm-compile: this is a fault of EdgeLM; run the same command with --timing to see the stage\n");
  llvm::InitLLVM initialize(argc, argv);
  std::signal(SIGXFSZ, SIG_IGN); // a limit on file sizes is an error of the write
  std::vector<char *> ours = takeMlirFlags(argc, argv);
  CLI::App app("Compiles an exported language model into a library for a device.", "edgelm-compile");
  Arguments arguments;
  addOptions(app, arguments);
  try {
    app.parse(ours.size(), ours.data());
  } catch (const CLI::ParseError &error) {
    if (error.get_exit_code() == 0) // --help, --version
      return app.exit(error);
    std::string words = error.what();
    words[0] = llvm::toLower(words[0]);
    llvm::errs() << "edgelm-compile: error: " << words << "; see edgelm-compile --help\n";
    return static_cast<int>(ExitStatus::BadInput);
  }
  llvm::Error error = run(arguments, app.count("--output") > 0);
  if (!error)
    return 0;
  std::string message;
  ExitStatus status = explain(std::move(error), message);
  llvm::errs() << "edgelm-compile: error: " << message << "\n";
  if (status == ExitStatus::Internal)
    llvm::errs() << "edgelm-compile: this is a fault of EdgeLM; please report the command and its input\n";
  return static_cast<int>(status);
}
