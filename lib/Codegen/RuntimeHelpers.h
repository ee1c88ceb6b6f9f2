// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The functions that a freestanding library brings because the compiler takes them for granted.
#pragma once

#include "Codegen/Object.h"
#include "Dialect/Targets.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/Error.h"

namespace llvm {
class LLVMContext;
} // namespace llvm

namespace edgelm {

/// Code that may need helpers.
struct HelpedCode {
  llvm::StringRef object;    ///< its machine code
  llvm::StringRef ownSymbol; ///< undefined there, and defined by another part of the library
  llvm::StringRef section;   ///< that helpers are put into (CompileOptions::codeSection)
};

/// An object with what `code` leaves undefined, and what that needs in turn: functions of runtime/freestanding, weak, each
/// in its own section. Empty when nothing is needed. A function that EdgeLM does not
/// have is an error that names it. Notes their frames in `stack`.
llvm::Expected<llvm::SmallVector<char, 0>> emitHelpers(const HelpedCode &code, const TargetSpec &target,
                                                       const Machine &machine, llvm::TargetMachine &targetMachine,
                                                       llvm::LLVMContext &context, StackUse &stack);

} // namespace edgelm
