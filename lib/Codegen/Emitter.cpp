// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// LLVM optimises model and runtime as one module; the weights are streamed beside it.
#include "Codegen/Emitter.h"
#include "Codegen/Abi.h"
#include "Codegen/Archive.h"
#include "Codegen/CompileError.h"
#include "Codegen/Diagnostics.h"
#include "Codegen/Header.h"
#include "Codegen/LowerToLlvm.h"
#include "Codegen/Object.h"
#include "Codegen/OutputFile.h"
#include "Codegen/Report.h"
#include "Codegen/RuntimeHelpers.h"
#include "Codegen/RuntimeLink.h"
#include "Codegen/RuntimeProgram.h"
#include "Codegen/StackUse.h"
#include "Codegen/StageTimer.h"
#include "Codegen/WeightFile.h"
#include "llvm/IR/Module.h"
#include "llvm/Linker/Linker.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Target/TargetMachine.h"

using namespace llvm;

namespace edgelm {

/// Weights from this size on start at a page, so that mapping them shares and drops whole pages.
static constexpr uint64_t pageAlignedFrom = 1 << 20; // bytes

static Error writeString(const std::string &path, StringRef text) {
  return writeFile(path, [&](raw_fd_ostream &os) {
    os << text;
    return Error::success();
  });
}

namespace {

/// Writes one product into a folder.
class Emitter {
public:
  Emitter(ModelInfo &info, const EmitInputs &inputs, StagedFolder &folder)
      : info(info), inputs(inputs), options(inputs.options), folder(folder) {}

  Error emitMlir(mlir::ModuleOp module) {
    return writeFile(folder.path(info.name + ".mlir"), [&](raw_fd_ostream &os) {
      module.print(os, mlir::OpPrintingFlags().enableDebugInfo());
      os << "\n";
      return Error::success();
    });
  }

  Error emitCode(mlir::ModuleOp module, std::unique_ptr<Module> runtime, LLVMContext &context);

private:
  /// Writes an object and counts what of it is loaded.
  Error writeCode(const std::string &path, StringRef object);
  Error measureStack(StackUse &stack);
  Error emitWeights(StringRef code, ProductObjects &objects);
  Error emitLibraries(const ProductObjects &objects);
  Error emitExecutable(const ProductObjects &objects, StringRef program);
  Error emitReport();

  ModelInfo &info;
  const EmitInputs &inputs;
  const CompileOptions &options;
  StagedFolder &folder;
};

} // namespace

/// Adds the kernels of `variant` to `code`, under names of their own and with the instructions of its target.
static Error linkVariant(Module &code, const Variant &variant, LLVMContext &context) {
  mlir::ModuleOp module = variant.run->module();
  std::unique_ptr<Module> kernels = lowerToLlvm(module, variant.target, context);
  if (!kernels)
    return fail(ExitStatus::Internal, "the kernels for " + variant.target.name + " could not be lowered to LLVM");
  for (Function &function : *kernels)
    if (!function.isDeclaration())
      function.setName(function.getName() + variantSuffix(variant.target));
  kernels->setTargetTriple(code.getTargetTriple());
  kernels->setDataLayout(code.getDataLayout());
  if (Linker::linkModules(code, std::move(kernels)))
    return fail(ExitStatus::Internal, "the kernels for " + variant.target.name + " do not link with the others");
  return Error::success();
}

/// Model and runtime in one module, optimised.
static Expected<std::unique_ptr<Module>> buildModule(mlir::ModuleOp module, const ModelInfo &info,
                                                     std::unique_ptr<Module> runtime, LLVMContext &context,
                                                     TargetMachine &targetMachine, const Machine &machine,
                                                     const EmitInputs &inputs) {
  DiagnosticCollector collector(module.getContext());
  std::unique_ptr<Module> code = lowerToLlvm(module, inputs.options.target, context);
  if (!code)
    return collector.error(ExitStatus::Internal, "the kernels could not be lowered to LLVM");
  code->setModuleIdentifier(info.name);
  code->setSourceFileName(info.name);
  setTarget(*code, machine, targetMachine);
  inputs.timer.done("llvm: translate");
  if (Error error = linkRuntime(*code, std::move(runtime), inputs.options.target))
    return std::move(error);
  std::vector<VariantEntries> variants;
  for (const Variant &variant : inputs.variants) {
    if (Error error = linkVariant(*code, variant, context))
      return std::move(error);
    variants.push_back({variant.info, variantSuffix(variant.target)});
  }
  if (Error error = addDescriptor(*code, info, variants))
    return std::move(error);
  keepOnly(*code, info.name);
  optimize(*code, targetMachine, inputs.options.codeGoal());
  placeCode(*code, inputs.options.codeSection);
  inputs.timer.done("llvm: optimise");
  return code;
}

Error Emitter::emitCode(mlir::ModuleOp module, std::unique_ptr<Module> runtime, LLVMContext &context) {
  const TargetSpec &target = options.target;
  Machine machine = {target.triple, target.cpu, target.features, target.abi, target.hardFloat};
  machine.pic = target.hosted;
  Expected<std::unique_ptr<TargetMachine>> targetMachine = createTargetMachine(machine);
  if (!targetMachine)
    return targetMachine.takeError();
  Expected<std::unique_ptr<Module>> code =
      buildModule(module, info, std::move(runtime), context, **targetMachine, machine, inputs);
  if (!code)
    return code.takeError();
  if (options.emit == Emit::Llvm)
    return writeFile(folder.path(info.name + ".ll"), [&](raw_fd_ostream &os) {
      (*code)->print(os, nullptr);
      return Error::success();
    });
  if (options.emit == Emit::Assembly)
    return writeFile(folder.path(info.name + ".s"), [&](raw_fd_ostream &os) {
      return edgelm::emitCode(**code, **targetMachine, CodeForm::Assembly, os);
    });

  SmallVector<char, 0> object;
  raw_svector_ostream os(object);
  StackUse stack;
  if (Error error = edgelm::emitCode(**code, **targetMachine, CodeForm::Object, os, &stack))
    return error;
  inputs.timer.done("llvm: code");
  code->reset(); // its memory is not needed while the weights are written

  ProductObjects objects;
  objects.code = folder.path(info.name + ".o");
  if (Error error = writeCode(objects.code, os.str()))
    return error;
  if (options.isFreestanding()) {
    std::string ownSymbol = weightSymbol(info.name);
    Expected<SmallVector<char, 0>> helpers =
        emitHelpers({os.str(), ownSymbol, options.codeSection}, target, machine, **targetMachine, context, stack);
    if (!helpers)
      return helpers.takeError();
    objects.helpers = helpers->empty() ? "" : folder.path(info.name + "_helpers.o");
    if (!helpers->empty())
      if (Error error = writeCode(objects.helpers, StringRef(helpers->data(), helpers->size())))
        return error;
  }
  if (Error error = measureStack(stack))
    return error;
  if (Error error = inputs.accept({info.codeBytes - info.tokenizer.size(), info.stackBytes}))
    return error;
  if (Error error = emitWeights(os.str(), objects))
    return error;
  if (options.emit == Emit::Object)
    return Error::success();
  if (options.emit == Emit::Executable) {
    Expected<SmallVector<char, 0>> program = emitProgram(info.name, target, machine, **targetMachine, context);
    if (!program)
      return program.takeError();
    if (Error error = emitExecutable(objects, StringRef(program->data(), program->size())))
      return error;
  } else if (Error error = emitLibraries(objects)) {
    return error;
  }
  for (const std::string &path : {objects.code, objects.weights, objects.helpers})
    if (!path.empty())
      sys::fs::remove(path);
  return emitReport();
}

Error Emitter::writeCode(const std::string &path, StringRef object) {
  Expected<uint64_t> bytes = loadedBytes(object);
  if (!bytes)
    return bytes.takeError();
  info.codeBytes += *bytes;
  for (size_t i = 0; i < info.variants.size(); ++i) {
    Expected<uint64_t> own = functionBytes(object, variantSuffix(inputs.variants[i].target));
    if (!own)
      return own.takeError();
    info.variants[i].codeBytes += *own;
  }
  return writeString(path, object);
}

Error Emitter::measureStack(StackUse &stack) {
  Expected<uint64_t> onCaller = stack.onCaller(), onThread = stack.onThread();
  if (!onCaller || !onThread)
    return joinErrors(onCaller.takeError(), onThread.takeError());
  Expected<std::map<std::string, uint64_t>> byFunction = stack.byFunction();
  if (!byFunction)
    return byFunction.takeError();
  for (const auto &[name, bytes] : *byFunction)
    info.stackOfCalls[StringRef(name).drop_front(StringRef("edgelm_rt_").size()).str()] = bytes;
  info.stackBytes = *onCaller;
  info.threadStackBytes = *onThread;
  return Error::success();
}

Error Emitter::emitWeights(StringRef code, ProductObjects &objects) {
  if (options.weightsInFile) {
    Error error = writeFile(folder.path("lib" + info.name + ".weights"), [&](raw_fd_ostream &os) {
      writeWeightFileHead(os, info);
      return writeWeights(info.weights, inputs.modelDir, info.weightBytes, os);
    });
    inputs.timer.done("emit: weights");
    return error;
  }
  objects.weights = folder.path(info.name + "_weights.o");
  objects.section.name = options.weightsSection;
  objects.section.symbol = weightSymbol(info.name);
  objects.section.bytes = info.weightBytes;
  if (options.target.hosted && info.weightBytes >= pageAlignedFrom)
    objects.section.alignment = 4096;
  Error error = writeFile(objects.weights, [&](raw_fd_ostream &os) {
    return writeWeightObject(os, code, objects.section, [&](raw_ostream &payload) {
      return writeWeights(info.weights, inputs.modelDir, info.weightBytes, payload);
    });
  });
  inputs.timer.done("emit: weights");
  return error;
}

Error Emitter::emitLibraries(const ProductObjects &objects) {
  if (options.emit == Emit::Library) {
    if (Error error = writeStaticLibrary(folder.path("lib" + info.name + ".a"), info.name, objects))
      return error;
    inputs.timer.done("emit: archive");
  }
  if (options.target.hosted) {
    if (Error error = writeSharedLibrary(folder.path("lib" + info.name + ".so"), info.name, objects))
      return error;
    inputs.timer.done("emit: shared library");
  }
  if (Error error = writeString(folder.path(info.name + ".h"), headerText(info)))
    return error;
  if (Error error = writeString(folder.path("edgelm.h"), publicHeaderText()))
    return error;
  if (options.weightsInFile)
    if (Error error = writeString(folder.path("edgelm_map.h"), mapHeaderText()))
      return error;
  return Error::success();
}

Error Emitter::emitExecutable(const ProductObjects &objects, StringRef program) {
  Expected<SystemLibraries> libraries = findSystemLibraries(options.target, options.sysroot);
  if (!libraries)
    return libraries.takeError();
  std::string programObject = folder.path(info.name + "_program.o");
  if (Error error = writeString(programObject, program))
    return error;
  Error error = writeExecutable(folder.path(info.name), programObject, objects, *libraries);
  sys::fs::remove(programObject);
  inputs.timer.done("emit: program");
  return error;
}

Error Emitter::emitReport() {
  Expected<std::vector<FileHash>> files = inputs.files();
  if (!files)
    return files.takeError();
  inputs.timer.done("hashes of the inputs");
  return writeString(folder.path(info.name + ".json"), reportText(info, options, *files));
}

Error emitProduct(mlir::ModuleOp module, ModelInfo &info, std::unique_ptr<Module> runtime, LLVMContext &context,
                  const EmitInputs &inputs) {
  Expected<StagedFolder> folder = StagedFolder::create(inputs.options.output + "/" + inputs.options.target.name);
  if (!folder)
    return folder.takeError();
  Emitter emitter(info, inputs, *folder);
  Error error = inputs.options.emit == Emit::Mlir ? emitter.emitMlir(module)
                                                  : emitter.emitCode(module, std::move(runtime), context);
  if (error)
    return error;
  return folder->commit();
}

} // namespace edgelm
