// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Whether a product fits the memory that it may take, and what would make it fit.
#pragma once

#include "Codegen/CompileOptions.h"
#include "Codegen/Footprint.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/Support/Error.h"

namespace edgelm {

/// Bytes of RAM and flash that a product may take; 0: as many as it wants.
struct Limits {
  uint64_t ram = 0, flash = 0;

  bool any() const { return ram || flash; }
  bool hold(const Footprint &footprint) const;
};

/// What the user says, else what the target's board has.
Limits limitsOf(const CompileOptions &options);

/// The footprint of the same model with other options, without generating code; an error where they are refused.
using PlanFootprint = llvm::function_ref<llvm::Expected<Footprint>(const CompileOptions &)>;

/// The largest context of `least` .. `most` tokens, and its footprint, that fits `limits`; none where not even `least`
/// does. Sizes grow with the context.
struct FittingContext {
  int64_t context = 0;
  Footprint footprint;
};
llvm::Expected<std::optional<FittingContext>> largestContext(const CompileOptions &options, int64_t least, int64_t most,
                                                             PlanFootprint plan);

/// Masks and position tables are recognised by two different lengths of at least 2 tokens.
inline constexpr int64_t leastContext = 3;

/// What a product takes and may take, as a message needs it.
struct BudgetCheck {
  const CompileOptions &options;
  llvm::StringRef name;       ///< of the product
  int64_t context = 0;        ///< that it was planned for; 0: it has none
  const Footprint &footprint; ///< what is known of it
  bool isWhole = true;        ///< otherwise code and stack are not known yet, and come on top
};

/// An error of status OverBudget with what takes most and with changes that were tried by `plan`, unless the limits
/// hold. Without a plan (the input was text) no changes are named.
llvm::Error checkBudget(const BudgetCheck &check, PlanFootprint plan);

} // namespace edgelm
