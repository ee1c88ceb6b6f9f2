// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What kind of mask a matrix of numbers is.
#pragma once

#include "Passes/MaskSites.h"

namespace edgelm {

/// What a mask claims to be.
struct MaskClaim {
  MaskKind kind = MaskKind::Bidirectional;
  int64_t window = 0;              ///< of `SlidingWindow`
  llvm::SmallVector<float> slopes; ///< ALiBi: one for each head, or none

  std::string text() const;
  MaskAttr attribute(mlir::MLIRContext *context) const;
};

/// Classifies by value: which keys each query sees, and what visible scores are increased by. Anything but the known kinds is one
/// error at `user` that says what was seen.
mlir::FailureOr<MaskClaim> classifyMask(const EffectiveMask &mask, mlir::Operation *user);

/// The claim that agrees with what was seen at `fewer` and at more tokens, if there is one: a window that is not shorter than
/// `fewer` looks causal there.
std::optional<MaskClaim> combineClaims(const MaskClaim &atFewer, const MaskClaim &atMore, int64_t fewer);

} // namespace edgelm
