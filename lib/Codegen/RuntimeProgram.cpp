// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The program's bitcode around a product's objects, linked with what Debian's packages have for the target.
#include "Codegen/RuntimeProgram.h"
#include "Codegen/CompileError.h"
#include "Codegen/Linker.h"
#include "Codegen/RuntimeLink.h"
#include "llvm/IR/Metadata.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/TargetParser/Host.h"

using namespace llvm;

namespace edgelm {

/// Where Debian keeps the libraries of an architecture.
struct Architecture {
  StringLiteral prefix;    ///< of triples
  StringLiteral multiarch; ///< Debian's name, which folders have
  StringLiteral package;   ///< Debian's name in the names of packages
};

static constexpr Architecture architectures[] = {
    {"x86_64", "x86_64-linux-gnu", "amd64"},
    {"aarch64", "aarch64-linux-gnu", "arm64"},
    {"armv7", "arm-linux-gnueabihf", "armhf"},
    {"riscv64", "riscv64-linux-gnu", "riscv64"},
};

/// The folder of GCC's newest version in `parent`; its name where there is none.
static std::string newestGcc(const std::string &parent) {
  unsigned newest = 0;
  std::error_code error;
  for (sys::fs::directory_iterator it(parent, error), end; !error && it != end; it.increment(error)) {
    unsigned version;
    if (!sys::path::filename(it->path()).getAsInteger(10, version) && sys::fs::exists(it->path() + "/crtbeginT.o"))
      newest = std::max(newest, version);
  }
  return parent + "/" + std::to_string(newest);
}

Expected<SystemLibraries> findSystemLibraries(const TargetSpec &target, StringRef sysroot) {
  const Architecture *row = nullptr;
  for (const Architecture &architecture : architectures)
    if (StringRef(target.triple).starts_with(architecture.prefix))
      row = &architecture;
  if (!target.hosted || !row)
    return fail(ExitStatus::NotOnThisTarget, "there is no operating system for programs on " + target.name +
                                                 "; link its library with your own code");
  const std::string multiarch = row->multiarch.str();
  const bool isNative =
      !sysroot.empty() || Triple(sys::getProcessTriple()).getArch() == Triple(target.triple).getArch();
  const std::string usr = sysroot.str() + "/usr/";
  const std::string libc = usr + (isNative ? "lib/" + multiarch : multiarch + "/lib");
  const std::string gcc = newestGcc(usr + (isNative ? "lib/gcc/" : "lib/gcc-cross/") + multiarch);
  SystemLibraries libraries = {{libc + "/crt1.o", libc + "/crti.o", gcc + "/crtbeginT.o"},
                               {"--start-group", libc + "/libc.a", gcc + "/libgcc.a", gcc + "/libgcc_eh.a",
                                "--end-group", gcc + "/crtend.o", libc + "/crtn.o"}};
  for (const std::vector<std::string> *files : {&libraries.before, &libraries.after})
    for (const std::string &file : *files)
      if (!StringRef(file).starts_with("--") && !sys::fs::exists(file)) {
        const std::string suffix = isNative ? "" : "-" + row->package.str() + "-cross";
        return fail(ExitStatus::BadInput, "a program for " + target.name + " needs " + file +
                                              ", which is not there; install Debian's packages libc6-dev" + suffix +
                                              " and libgcc-12-dev" + suffix);
      }
  return libraries;
}

Expected<SmallVector<char, 0>> emitProgram(const std::string &name, const TargetSpec &target, const Machine &machine,
                                           TargetMachine &targetMachine, LLVMContext &context) {
  Expected<std::unique_ptr<Module>> module =
      loadRuntimePart(target, RuntimePart::Program, machine, targetMachine, context);
  if (!module)
    return module.takeError();
  // The architecture's baseline stays: the program runs before the model checks the processor.
  (*module)->getNamedGlobal("edgelm_program_model")->setName(name);
  SmallVector<char, 0> object;
  raw_svector_ostream os(object);
  if (Error error = emitCode(**module, targetMachine, CodeForm::Object, os))
    return std::move(error);
  return object;
}

Error writeExecutable(const std::string &path, const std::string &program, const ProductObjects &objects,
                      const SystemLibraries &libraries) {
  std::vector<std::string> arguments = {
      "ld.lld", "-static", "--gc-sections", "--build-id=none", "--eh-frame-hdr", "-z", "relro", "-z", "noexecstack",
      "-o",     path};
  arguments.insert(arguments.end(), libraries.before.begin(), libraries.before.end());
  arguments.push_back(program);
  for (const std::string &object : {objects.code, objects.weights, objects.helpers})
    if (!object.empty())
      arguments.push_back(object);
  arguments.insert(arguments.end(), libraries.after.begin(), libraries.after.end());
  return runLinker(arguments, "the program");
}

} // namespace edgelm
