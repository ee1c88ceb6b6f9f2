// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The phases of a compile, in order.
#pragma once

#include "Codegen/CompileError.h"
#include "Codegen/CompileOptions.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/ArrayRef.h"

namespace edgelm {

/// What phases have to know besides the IR.
struct PhaseInputs {
  const CompileOptions &options;
  int64_t context = 0;            ///< tokens of a session, or of a call of an encoder
  int64_t mainTokens = 0;         ///< tokens that the model is bound to while it is raised
  int64_t probeTokens = 0;        ///< another number of tokens, to see what depends on it
  uint64_t sessionBytes = 0;      ///< of the runtime, for the target
  uint64_t longestPieceBytes = 0; ///< of the tokenizer; 0: none
};

/// One phase from dialect to dialect. Text that is printed after it can be read again.
struct Phase {
  llvm::StringLiteral name;
  llvm::StringLiteral sentence; ///< what is true afterwards
  void (*addPasses)(mlir::OpPassManager &passes, const PhaseInputs &inputs, mlir::ModuleOp module);
  ExitStatus failure;    ///< what it means when a pass of the phase refuses
  bool isForEveryTarget; ///< the same whatever the target is; such phases come first
};

/// All phases between import and LLVM.
llvm::ArrayRef<Phase> phaseTable();

/// The phase of that name, or null.
const Phase *findPhase(llvm::StringRef name);

/// Names of all phases for messages, also `import`.
std::string phaseNames();

/// Runs one phase on `module`. A refusal is the error; MLIR's flags (printing, timing) apply.
llvm::Error runPhase(const Phase &phase, mlir::ModuleOp module, const PhaseInputs &inputs);

} // namespace edgelm
