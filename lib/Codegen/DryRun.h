// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Sizes by context, without generating code.
#pragma once

#include "Codegen/Budget.h"
#include <optional>
#include <string>
#include <vector>

namespace edgelm {

/// What one target's memory would hold.
struct DryRun {
  std::string name, target;
  Limits limits;
  std::vector<FittingContext> rows;      ///< by context; one of context 0 where a model has none
  std::optional<FittingContext> largest; ///< that fits; only with limits
};

/// Plans contexts of 32 tokens and powers of two up to `most`, and `options.context`; finds the largest that fits.
/// `most` is 0 where the model has no context.
llvm::Expected<DryRun> dryRun(const CompileOptions &options, llvm::StringRef name, int64_t most, PlanFootprint plan);

/// An error of status OverBudget where `asked` is more than fits, or nothing fits.
llvm::Error checkAsked(const DryRun &run, std::optional<int64_t> asked);

/// A table for people.
std::string dryRunText(const DryRun &run);

/// One object for programs: {"targets": [...]}.
std::string dryRunJson(llvm::ArrayRef<DryRun> runs);

} // namespace edgelm
