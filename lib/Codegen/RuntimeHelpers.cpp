// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Adds helpers until nothing is undefined: which helper needs another is only known when its code is made.
#include "Codegen/RuntimeHelpers.h"
#include "Codegen/CompileError.h"
#include "Codegen/RuntimeLink.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/IR/Metadata.h"
#include "llvm/IR/Module.h"
#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/Transforms/IPO/GlobalDCE.h"

using namespace llvm;

namespace edgelm {

/// Names that another object has to define; the linker makes the table of addresses itself.
static Expected<StringSet<>> undefinedSymbols(StringRef object) {
  Expected<std::unique_ptr<object::ObjectFile>> file =
      object::ObjectFile::createObjectFile(MemoryBufferRef(object, "object"));
  if (!file)
    return file.takeError();
  StringSet<> names;
  for (const object::SymbolRef &symbol : (*file)->symbols()) {
    Expected<uint32_t> flags = symbol.getFlags();
    Expected<StringRef> name = symbol.getName();
    if (Error error = joinErrors(flags.takeError(), name.takeError()))
      return std::move(error);
    if ((*flags & object::SymbolRef::SF_Undefined) && !name->empty() && *name != "_GLOBAL_OFFSET_TABLE_")
      names.insert(*name);
  }
  return names;
}

/// The helpers of `names`; the others are declarations.
static Expected<std::unique_ptr<Module>> loadHelpers(const StringSet<> &names, const TargetSpec &target,
                                                     const Machine &machine, const TargetMachine &targetMachine,
                                                     LLVMContext &context) {
  Expected<std::unique_ptr<Module>> module =
      loadRuntimePart(target, RuntimePart::Helpers, machine, targetMachine, context);
  if (!module)
    return module.takeError();
  for (Function &function : **module)
    if (!function.isDeclaration() && !function.hasLocalLinkage() && !names.contains(function.getName()))
      function.deleteBody();
  for (const StringRef name : names.keys()) {
    const Function *function = (*module)->getFunction(name);
    if (!function || function->isDeclaration())
      return fail(ExitStatus::NotOnThisTarget,
                  "the library needs the function '" + name +
                      "', which EdgeLM does not bring; --no-freestanding leaves it to the program's libraries");
  }
  ModuleAnalysisManager manager;
  GlobalDCEPass().run(**module, manager);
  return module;
}

Expected<SmallVector<char, 0>> emitHelpers(const HelpedCode &code, const TargetSpec &target, const Machine &machine,
                                           TargetMachine &targetMachine, LLVMContext &context, StackUse &stack) {
  Expected<StringSet<>> found = undefinedSymbols(code.object);
  if (!found)
    return found.takeError();
  found->erase(code.ownSymbol);
  StringSet<> names;
  SmallVector<char, 0> object;
  auto addFound = [&] {
    const size_t before = names.size();
    for (const StringRef name : found->keys())
      names.insert(name);
    return names.size() > before;
  };
  while (addFound()) {
    Expected<std::unique_ptr<Module>> module = loadHelpers(names, target, machine, targetMachine, context);
    if (!module)
      return module.takeError();
    placeCode(**module, code.section);
    object.clear();
    raw_svector_ostream os(object);
    if (Error error = emitCode(**module, targetMachine, CodeForm::Object, os, &stack))
      return std::move(error);
    found = undefinedSymbols(os.str());
    if (!found)
      return found.takeError();
  }
  return object;
}

} // namespace edgelm
