// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One file that a user of a hosted target copies and starts.
#pragma once

#include "Codegen/Archive.h"
#include "Codegen/Object.h"
#include "Dialect/Targets.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/Error.h"
#include <string>
#include <vector>

namespace llvm {
class LLVMContext;
} // namespace llvm

namespace edgelm {

/// What a static program is linked from besides its own objects.
struct SystemLibraries {
  std::vector<std::string> before, after; ///< files in front of and behind a program's objects
};

/// The C library and GCC's for `target`: this machine's packages, or with `sysroot` those of a Debian system there. Where they are missing, or where the target has no operating
/// system, an error says so and names Debian's packages.
llvm::Expected<SystemLibraries> findSystemLibraries(const TargetSpec &target, llvm::StringRef sysroot);

/// The object of runtime/hosted/program.c for the product `name`.
llvm::Expected<llvm::SmallVector<char, 0>> emitProgram(const std::string &name, const TargetSpec &target,
                                                       const Machine &machine, llvm::TargetMachine &targetMachine,
                                                       llvm::LLVMContext &context);

/// Links the static program `path` from the objects of a product and the object `program`.
llvm::Error writeExecutable(const std::string &path, const std::string &program, const ProductObjects &objects,
                            const SystemLibraries &libraries);

} // namespace edgelm
