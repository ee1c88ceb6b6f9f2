// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A module of entries, compiled by the passes from pack to kernels, next to its reference evaluation.
#pragma once

#include "KernelJit.h"

#include "Dialect/Reference/Tensor.h"

#include <map>

namespace edgelm {

/// Entries in value semantics, compiled for one target and evaluated by the reference. Stops the test program when the
/// text does not compile.
class CompiledModule {
public:
  CompiledModule(const TargetSpec &target, llvm::StringRef text);

  /// Calls the entry. `arguments` are the tensors of all arguments but scalars of role pos and n; those with an empty
  /// tensor keep what the arena holds. Returns the results of the compiled entry.
  std::vector<Tensor> call(llvm::StringRef entry, llvm::ArrayRef<Tensor> arguments, int32_t pos = 0, int32_t n = 0);

  /// What the reference evaluator says.
  std::vector<Tensor> reference(llvm::StringRef entry, llvm::ArrayRef<Tensor> arguments, int32_t pos = 0,
                                int32_t n = 0);

  /// The types of the arguments that `call` takes.
  std::vector<mlir::RankedTensorType> argumentTypes(llvm::StringRef entry) const;

private:
  struct Slot {
    mlir::RankedTensorType type;
    int64_t offset = -1; ///< in the arena; -1: in `out`
  };
  struct EntryInfo {
    std::vector<Slot> arguments, results;
  };

  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> original;
  std::map<std::string, EntryInfo> entries;
  std::unique_ptr<KernelJit> jit;
  std::vector<uint8_t> arenaMemory, weightMemory, out;
  uint8_t *arena = nullptr, *weights = nullptr;
};

} // namespace edgelm
