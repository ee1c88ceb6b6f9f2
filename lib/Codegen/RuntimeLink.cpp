// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Links runtime bitcode and decides which functions may use the target's instructions.
#include "Codegen/RuntimeLink.h"
#include "Codegen/CompileError.h"
#include "Codegen/LowerToLlvm.h"
#include "RuntimeBitcode.h"
#include "llvm/Bitcode/BitcodeReader.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Module.h"
#include "llvm/Linker/Linker.h"
#include "llvm/TargetParser/Triple.h"
#include "llvm/Transforms/IPO/GlobalDCE.h"
#include "llvm/Transforms/IPO/Internalize.h"

using namespace llvm;

namespace edgelm {

/// What a program may call before the processor has been checked, or what checks it.
static constexpr StringLiteral calledBeforeCheck[] = {"edgelm_rt_describe", "edgelm_rt_open", "edgelm_rt_pool_bytes",
                                                      "edgelm_rt_pool_start", "edgelm_rt_pool_stop"};

/// Attributes that say which instructions a function may use.
static constexpr StringLiteral cpuAttributes[] = {"target-cpu", "target-features", "tune-cpu"};

static Expected<std::unique_ptr<Module>> readPart(const TargetSpec &target, RuntimePart part, LLVMContext &context) {
  std::string_view bytes = findRuntimeBitcode(target.runtime, part);
  if (bytes.empty())
    return fail(ExitStatus::NotOnThisTarget, "this build of EdgeLM carries no runtime '" + target.runtime + "'");
  Expected<std::unique_ptr<Module>> runtime = parseBitcodeFile(MemoryBufferRef(StringRef(bytes), "runtime"), context);
  if (!runtime)
    return fail(ExitStatus::Internal, "the runtime's bitcode cannot be read: " + toString(runtime.takeError()));
  return runtime;
}

Expected<std::unique_ptr<Module>> loadRuntime(const TargetSpec &target, bool freestanding, LLVMContext &context) {
  return readPart(target, target.hosted && !freestanding ? RuntimePart::Hosted : RuntimePart::Core, context);
}

Expected<std::unique_ptr<Module>> loadRuntimePart(const TargetSpec &target, RuntimePart part, const Machine &machine,
                                                  const TargetMachine &targetMachine, LLVMContext &context) {
  Expected<std::unique_ptr<Module>> module = readPart(target, part, context);
  if (!module)
    return module.takeError();
  if (NamedMDNode *flags = (*module)->getModuleFlagsMetadata())
    (*module)->eraseNamedMetadata(flags); // the target's own come instead
  setTarget(**module, machine, targetMachine);
  return module;
}

Expected<uint64_t> runtimeConstant(const Module &runtime, StringRef name) {
  const GlobalVariable *variable = runtime.getNamedGlobal(name);
  const ConstantInt *value =
      variable && variable->hasInitializer() ? dyn_cast<ConstantInt>(variable->getInitializer()) : nullptr;
  if (!value)
    return fail(ExitStatus::Internal, "the runtime has no constant '" + name + "'");
  return value->getZExtValue();
}

/// `roots` and every function that they call or hand out, but not what tables of functions hold.
static std::vector<std::string> reachable(const Module &module, ArrayRef<StringLiteral> roots) {
  std::vector<const Function *> work;
  SmallPtrSet<const Function *, 32> seen;
  for (StringRef root : roots)
    if (const Function *function = module.getFunction(root); function && seen.insert(function).second)
      work.push_back(function);
  std::vector<std::string> names;
  while (!work.empty()) {
    const Function *function = work.back();
    work.pop_back();
    if (function->isDeclaration())
      continue;
    names.push_back(function->getName().str());
    for (const Instruction &instruction : instructions(function))
      for (const Use &operand : instruction.operands())
        if (const Function *used = dyn_cast<Function>(operand->stripPointerCasts()); used && seen.insert(used).second)
          work.push_back(used);
  }
  return names;
}

Error linkRuntime(Module &module, std::unique_ptr<Module> runtime, const TargetSpec &target) {
  runtime->setTargetTriple(module.getTargetTriple());
  runtime->setDataLayout(module.getDataLayout());
  for (Function &function : *runtime) {
    // Names of file-local functions are made unique, so that they are found again behind the linker.
    if (function.hasLocalLinkage()) {
      function.setLinkage(GlobalValue::ExternalLinkage);
      function.setName("edgelm_rt_local_" + function.getName());
    }
    // clang adds it under -ffreestanding; with it nothing inlines into or out of the function.
    function.removeFnAttr("no-builtins");
    function.addFnAttr(Attribute::NoUnwind);
  }
  std::vector<std::string> baselineNames = reachable(*runtime, calledBeforeCheck);
  std::vector<std::pair<std::string, AttributeList>> baseline;
  for (const std::string &name : baselineNames)
    baseline.emplace_back(name, runtime->getFunction(name)->getAttributes());

  if (Linker::linkModules(module, std::move(runtime)))
    return fail(ExitStatus::Internal, "the runtime does not link with the generated code");
  setTargetAttributes(module, target);
  for (const auto &[name, attributes] : baseline) {
    Function *function = module.getFunction(name);
    for (StringRef attribute : cpuAttributes) {
      function->removeFnAttr(attribute);
      if (attributes.hasFnAttr(attribute))
        function->addFnAttr(attributes.getFnAttr(attribute));
    }
  }
  return Error::success();
}

void keepOnly(Module &module, StringRef exported) {
  internalizeModule(module, [&](const GlobalValue &value) { return value.getName() == exported; });
  ModuleAnalysisManager manager;
  GlobalDCEPass().run(module, manager);
}

} // namespace edgelm
