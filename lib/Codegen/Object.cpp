// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Drives LLVM's optimiser and code generator.
#include "Codegen/Object.h"
#include "Codegen/CompileError.h"
#include "Codegen/StackUse.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/IR/Verifier.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/TargetParser/SubtargetFeature.h"
#include "llvm/Transforms/IPO/GlobalDCE.h"
#include "llvm/Transforms/IPO/MergeFunctions.h"

#include <optional>

using namespace llvm;

namespace edgelm {

void initializeBackEnds() {
#define EDGELM_BACK_END(name)                                                                                          \
  LLVMInitialize##name##TargetInfo();                                                                                  \
  LLVMInitialize##name##Target();                                                                                      \
  LLVMInitialize##name##TargetMC();                                                                                    \
  LLVMInitialize##name##AsmPrinter();                                                                                  \
  LLVMInitialize##name##AsmParser();
  EDGELM_BACK_END(X86)
  EDGELM_BACK_END(AArch64)
  EDGELM_BACK_END(ARM)
  EDGELM_BACK_END(RISCV)
#undef EDGELM_BACK_END
}

/// LLVM only warns about unknown CPUs and features, and then makes baseline code.
static Error checkCpuAndFeatures(const Target &target, const Machine &machine) {
  // The triple alone: a bad CPU would be reported by LLVM on its own.
  std::unique_ptr<MCSubtargetInfo> info(target.createMCSubtargetInfo(Triple(machine.triple), "", ""));
  if (!info)
    return fail(ExitStatus::NotOnThisTarget, "LLVM has no instruction set for '" + machine.triple + "'");
  if (!machine.cpu.empty() && !info->isCPUStringValid(machine.cpu))
    return fail(ExitStatus::BadInput, "unknown CPU '" + machine.cpu + "' for " + machine.triple);
  SubtargetFeatures features(machine.features);
  for (const std::string &feature : features.getFeatures()) {
    StringRef name = StringRef(feature).substr(1);
    bool known = any_of(info->getAllProcessorFeatures(), [&](const auto &row) { return name == row.Key; });
    if (!known)
      return fail(ExitStatus::BadInput,
                  "unknown CPU feature '" + feature + "' for " + machine.triple + "; write features as '+name,-name'");
  }
  return Error::success();
}

Expected<std::unique_ptr<TargetMachine>> createTargetMachine(const Machine &machine) {
  initializeBackEnds();
  Triple triple(machine.triple);
  std::string reason;
  const Target *target = TargetRegistry::lookupTarget(triple, reason);
  if (!target || !triple.isOSBinFormatELF())
    return fail(ExitStatus::BadInput,
                "unknown target '" + machine.triple + "'; EdgeLM makes ELF code for x86-64, AArch64, ARM and RISC-V");
  if (Error error = checkCpuAndFeatures(*target, machine))
    return std::move(error);

  TargetOptions options;
  options.FunctionSections = options.DataSections = true;
  options.MCOptions.ABIName = machine.abi;
  options.FloatABIType = machine.hardFloat ? FloatABI::Hard : FloatABI::Default;
  std::unique_ptr<TargetMachine> result(target->createTargetMachine(triple, machine.cpu, machine.features, options,
                                                                    machine.pic ? Reloc::PIC_ : Reloc::Static,
                                                                    std::nullopt, CodeGenOptLevel::Aggressive));
  if (!result)
    return fail(ExitStatus::NotOnThisTarget, "LLVM cannot make code for '" + machine.triple + "'");
  result->setMachineOutliner(false); // it works behind the pass that measures the stack, and takes some
  return result;
}

void setTarget(Module &module, const Machine &machine, const TargetMachine &targetMachine) {
  module.setTargetTriple(Triple(machine.triple));
  module.setDataLayout(targetMachine.createDataLayout());
  if (machine.pic)
    module.setPICLevel(PICLevel::BigPIC);
  // The procedure call standard of bare metal; a linker compares what objects state.
  if (module.getTargetTriple().isARM() || module.getTargetTriple().isThumb()) {
    module.addModuleFlag(Module::Error, "wchar_size", 4);
    module.addModuleFlag(Module::Error, "min_enum_size", module.getTargetTriple().isOSUnknown() ? 1 : 4);
  }
  // The assembler reads the float ABI of RISC-V here, not from the options.
  if (module.getTargetTriple().isRISCV() && !machine.abi.empty() && !module.getModuleFlag("target-abi"))
    module.addModuleFlag(Module::Error, "target-abi", MDString::get(module.getContext(), machine.abi));
}

/// Names, and beginnings of names, whose meaning to a linker is another than bytes that a program loads.
static constexpr StringLiteral takenSections[] = {".bss",      ".tbss", ".tdata", ".symtab", ".strtab",
                                                  ".shstrtab", ".rel",  ".note",  ".debug",  ".group",
                                                  ".comment",  ".ARM.", ".riscv."};

Error checkSectionName(StringRef option, StringRef name) {
  bool isName = !name.empty() && !isDigit(name[0]) &&
                all_of(name, [](char c) { return isAlnum(c) || c == '_' || c == '.' || c == '$'; });
  if (!isName)
    return fail(ExitStatus::BadInput, option + ": '" + name +
                                          "' cannot be the name of a section; it has letters, digits, '.', '_' and '$' "
                                          "and does not begin with a digit, such as .qspi_flash");
  for (StringRef taken : takenSections)
    if (name.starts_with(taken))
      return fail(ExitStatus::BadInput, option + ": sections named '" + taken +
                                            "...' have a meaning of their own; choose another name than '" + name +
                                            "'");
  return Error::success();
}

void placeCode(Module &module, StringRef section) {
  for (Function &function : module)
    if (!section.empty() && !function.isDeclaration())
      function.setSection((section + "." + function.getName()).str());
}

/// Kernels are to be small but fast, and what is called once a token or less only small. What never has its address
/// compared may be merged with its equals, such as the kernels of one row and of many.
static void preferSize(Module &module, CodeGoal goal) {
  for (Function &function : module)
    if (!function.isDeclaration()) {
      function.addFnAttr(Attribute::OptimizeForSize);
      if (goal == CodeGoal::Size)
        function.addFnAttr(Attribute::MinSize);
      if (function.hasLocalLinkage())
        function.setUnnamedAddr(GlobalValue::UnnamedAddr::Global);
    }
}

void optimize(Module &module, TargetMachine &targetMachine, CodeGoal goal) {
  LoopAnalysisManager loops;
  FunctionAnalysisManager functions;
  CGSCCAnalysisManager callGraph;
  ModuleAnalysisManager modules;
  PassBuilder builder(&targetMachine);
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(callGraph);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, callGraph, modules);
  if (goal == CodeGoal::Speed)
    return (void)builder.buildPerModuleDefaultPipeline(OptimizationLevel::O3).run(module, modules);
  preferSize(module, goal);
  ModulePassManager passes =
      builder.buildPerModuleDefaultPipeline(goal == CodeGoal::Size ? OptimizationLevel::Oz : OptimizationLevel::Os);
  passes.addPass(MergeFunctionsPass());
  passes.addPass(GlobalDCEPass());
  passes.run(module, modules);
}

Error emitCode(Module &module, TargetMachine &targetMachine, CodeForm form, raw_pwrite_stream &os, StackUse *stack) {
  std::string reason;
  raw_string_ostream reasonStream(reason);
  if (verifyModule(module, &reasonStream))
    return fail(ExitStatus::Internal, "LLVM rejects the generated code: " + reason);
  std::optional<StackMeter> meter;
  if (stack)
    meter.emplace(*stack);
  legacy::PassManager passes;
  CodeGenFileType type = form == CodeForm::Object ? CodeGenFileType::ObjectFile : CodeGenFileType::AssemblyFile;
  if (targetMachine.addPassesToEmitFile(passes, os, nullptr, type))
    return fail(ExitStatus::NotOnThisTarget, "LLVM cannot write objects for " + targetMachine.getTargetTriple().str());
  passes.run(module);
  return Error::success();
}

Expected<uint64_t> loadedBytes(StringRef object) {
  Expected<std::unique_ptr<object::ObjectFile>> file =
      object::ObjectFile::createObjectFile(MemoryBufferRef(object, "object"));
  if (!file)
    return file.takeError();
  uint64_t bytes = 0;
  for (const object::ELFSectionRef section : (*file)->sections())
    if ((section.getFlags() & ELF::SHF_ALLOC) && section.getType() != ELF::SHT_NOBITS)
      bytes += section.getSize();
  return bytes;
}

Expected<uint64_t> functionBytes(StringRef object, StringRef suffix) {
  Expected<std::unique_ptr<object::ObjectFile>> file =
      object::ObjectFile::createObjectFile(MemoryBufferRef(object, "object"));
  if (!file)
    return file.takeError();
  uint64_t bytes = 0;
  for (const object::ELFSymbolRef symbol : (*file)->symbols()) {
    Expected<StringRef> name = symbol.getName();
    if (!name)
      return name.takeError();
    if (symbol.getELFType() == ELF::STT_FUNC && name->ends_with(suffix))
      bytes += symbol.getSize();
  }
  return bytes;
}

} // namespace edgelm
