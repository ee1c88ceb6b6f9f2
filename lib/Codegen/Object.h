// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Turns an LLVM module into optimised machine code for one target.
#pragma once

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <cstdint>
#include <memory>
#include <string>

namespace llvm {
class Module;
class TargetMachine;
class raw_pwrite_stream;
} // namespace llvm

namespace edgelm {

class StackUse;

/// What LLVM has to know about a machine; spelled as clang's flags of the same names.
struct Machine {
  std::string triple;
  std::string cpu = {};      ///< -mcpu; empty is the architecture's baseline
  std::string features = {}; ///< -mattr, "+a,-b"
  std::string abi = {};      ///< -mabi (RISC-V), or empty
  bool hardFloat = false;    ///< -mfloat-abi=hard (ARM)
  bool pic = true;           ///< position-independent code, which a shared library needs
};

/// How the code of a module is written down.
enum class CodeForm { Object, Assembly };

/// Makes LLVM's back ends for x86, AArch64, ARM and RISC-V known; may be called again.
void initializeBackEnds();

/// LLVM's description of `machine`; an unknown triple, CPU or feature is an error of the user.
llvm::Expected<std::unique_ptr<llvm::TargetMachine>> createTargetMachine(const Machine &machine);

/// Gives `module` the triple, data layout and ABI flags of `machine`.
void setTarget(llvm::Module &module, const Machine &machine, const llvm::TargetMachine &targetMachine);

/// An error unless `name` can be the name of a section of a program that the option `option` asks for.
llvm::Error checkSectionName(llvm::StringRef option, llvm::StringRef name);

/// Puts each function of `module` into the section `<section>.<function>`; unless `section` is empty.
void placeCode(llvm::Module &module, llvm::StringRef section);

/// What code is made for.
enum class CodeGoal { Speed, SmallAndFast, Size };

/// Runs LLVM's pipeline for the goal: -O3, -Os, -Oz. Those for size also merge equal functions.
void optimize(llvm::Module &module, llvm::TargetMachine &targetMachine, CodeGoal goal = CodeGoal::Speed);

/// Writes the machine code of `module`; changes the module on the way. Notes the frames of its functions in `stack`.
llvm::Error emitCode(llvm::Module &module, llvm::TargetMachine &targetMachine, CodeForm form,
                     llvm::raw_pwrite_stream &os, StackUse *stack = nullptr);

/// Bytes of `object` that are loaded into memory: code, constants, initialised data.
llvm::Expected<uint64_t> loadedBytes(llvm::StringRef object);

/// Bytes of the functions of `object` whose names end in `suffix`.
llvm::Expected<uint64_t> functionBytes(llvm::StringRef object, llvm::StringRef suffix);

} // namespace edgelm
