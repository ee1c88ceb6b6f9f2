// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A model on its way through the phases, which can begin again from the import with other options.
#pragma once

#include "Codegen/Pipeline.h"
#include "mlir/IR/OwningOpRef.h"
#include <memory>

namespace edgelm {

class PhaseRun {
public:
  /// `module` is what an import made, or with options.startAfter the text that this phase printed. Refuses a context
  /// that is longer than the model's.
  static llvm::Expected<std::unique_ptr<PhaseRun>> start(mlir::OwningOpRef<mlir::ModuleOp> module,
                                                         const CompileOptions &options, uint64_t longestPieceBytes);

  /// The same model with other options, from the import on. Only while isFromImport().
  llvm::Expected<std::unique_ptr<PhaseRun>> again(const CompileOptions &options) const;
  /// The same model as far as it is, to go on for another target.
  std::unique_ptr<PhaseRun> branch() const;
  bool isFromImport() const { return static_cast<bool>(imported); }

  /// The phase that runs next, or null behind the last.
  const Phase *next() const;
  /// Runs it. An encoder is raised for all the tokens of a call: where that number is not the one that was bound, the
  /// phases begin again, and next() is the first.
  llvm::Error run();

  mlir::ModuleOp module() const { return *current; }
  /// Tokens of a session, or of a call of an encoder.
  int64_t context() const { return inputs.context; }

  /// Before the first phase that is not for every target; `sessionBytes` is what the target's runtime needs.
  void setTarget(const TargetSpec &target, uint64_t sessionBytes);

private:
  explicit PhaseRun(const CompileOptions &options) : options(options), inputs{this->options} {}

  CompileOptions options;
  PhaseInputs inputs;
  mlir::OwningOpRef<mlir::ModuleOp> imported; ///< null: the input was text
  mlir::OwningOpRef<mlir::ModuleOp> current;
  size_t nextPhase = 0;
  bool isBoundToContext = false;
};

} // namespace edgelm
