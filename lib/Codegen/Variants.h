// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Code for several instruction sets of one architecture in one product, which chooses when it is opened.
#pragma once

#include "Codegen/ModelInfo.h"
#include "Codegen/PhaseRun.h"
#include "Dialect/Targets.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace edgelm {

/// The rows `names` of the target table, best first: each an hosted machine like `base` that has more. Two that no
/// processor could tell apart are an error.
llvm::Expected<std::vector<TargetSpec>> chooseVariants(const TargetSpec &base, llvm::ArrayRef<std::string> names);

/// What the name of each function of a variant ends in.
std::string variantSuffix(const TargetSpec &target);

/// The weights of a product, which grow by what a variant does not find among them.
class SharedWeights {
public:
  SharedWeights(std::vector<WeightPlace> places, uint64_t bytes) : places(std::move(places)), end(bytes) {}

  /// Lets `module`, whose weights are packed, read the places that are there already in the same form, and adds the
  /// others. Returns their bytes.
  uint64_t add(mlir::ModuleOp module);

  std::vector<WeightPlace> places; ///< by offset
  uint64_t end;                    ///< bytes

private:
  int64_t placeFor(const WeightPlace &place);
};

/// The model's kernels for one more target.
struct Variant {
  TargetSpec target;
  std::unique_ptr<PhaseRun> run;
  ModelInfo info;
  uint64_t weightBytes = 0; ///< that it added
};

/// Runs what is left of `run` for `target`. `describe` gathers what a planned module tells.
llvm::Expected<Variant> makeVariant(std::unique_ptr<PhaseRun> run, const TargetSpec &target, uint64_t sessionBytes,
                                    SharedWeights &weights,
                                    llvm::function_ref<llvm::Expected<ModelInfo>(mlir::ModuleOp)> describe);

/// Gives the product `info` and all `variants` the weights and the arena that any of them needs, and one fingerprint, so
/// that a saved state goes on in any of them.
llvm::Error joinVariants(ModelInfo &info, std::vector<Variant> &variants, SharedWeights weights);

} // namespace edgelm
