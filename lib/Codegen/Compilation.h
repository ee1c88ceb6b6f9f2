// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The state of one compile, from the model to the product.
#pragma once

#include "Codegen/DryRun.h"
#include "Codegen/Explanation.h"
#include "Codegen/ModelFiles.h"
#include "Codegen/PhaseRun.h"
#include "Codegen/StageTimer.h"
#include "Codegen/Variants.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"

namespace edgelm {

/// The state of one compile: prepare() once, then finish() for a target.
class Compilation {
public:
  explicit Compilation(const CompileOptions &options) : options(options), timer(options.timing) {}

  /// Reads the model and runs the phases that are the same for every target.
  llvm::Error prepare();
  /// Ends the thread that hashes the input.
  llvm::Error waitForHashes();
  /// The rest, for `target`.
  llvm::Error finish(const TargetSpec &target);
  /// Sizes for `target`, instead of the rest.
  llvm::Expected<DryRun> measure(const TargetSpec &target);

private:
  llvm::Error parse();
  llvm::Error import();
  llvm::Error load();
  llvm::Error name();
  llvm::Error setTarget(const TargetSpec &target);
  llvm::Error chooseChunk();
  llvm::Expected<Footprint> planChunk(CompileOptions &other) const;
  llvm::Error runPhases(bool forEveryTarget);
  llvm::Error gather();
  llvm::Expected<ModelInfo> describe(mlir::ModuleOp planned) const;
  llvm::Expected<Footprint> plan(const CompileOptions &other) const;
  llvm::Error checkLimits(const CodeSizes *code) const;
  llvm::Error print();
  llvm::Error makeVariants(std::vector<std::unique_ptr<PhaseRun>> branches);
  llvm::Error emit();

  CompileOptions options;
  StageTimer timer;
  mlir::MLIRContext mlirContext{mlir::MLIRContext::Threading::DISABLED};
  llvm::LLVMContext llvmContext;
  mlir::OwningOpRef<mlir::ModuleOp> module; ///< until `run` has it
  std::unique_ptr<PhaseRun> run;
  std::unique_ptr<llvm::Module> runtime;
  uint64_t sessionBytes = 0;                  ///< that the runtime takes of an arena
  bool stopped = false;                       ///< behind the phase that options.stopAfter names
  std::optional<std::vector<FileHash>> files; ///< what `hashes` came to, once somebody waited
  std::optional<ModelFolder> folder;
  std::optional<CompiledTokenizer> tokenizer;
  std::optional<ChatTurns> chat;
  std::optional<ModelInfo> info;
  std::vector<Variant> variants;
  std::optional<CodeSizes> estimated; ///< before LLVM made the code
  Explanation explanation;
  std::optional<InputHashes> hashes;
};

} // namespace edgelm
