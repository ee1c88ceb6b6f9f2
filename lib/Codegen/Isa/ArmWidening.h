// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Products of bytes by NEON's widening multiplications, for cores without dot products.
#pragma once

#include "Codegen/Kernels/Activations.h"

namespace edgelm {

/// Slices of weights whose products add up in 16 bits: two of signed bytes, since 2 * 128 * 127 < 2^15, and eight of codes
/// up to 15, in pairs too, since 2 * 8 * 15 * 127 < 2^15.
inline constexpr int64_t kSlicesOfBytes = 2, kSlicesOfNibbles = 8;
inline constexpr int kNibbleBits = 4;

/// The sums in 16 bits of one half of the lanes, 8 of them: smull, then smlal.
Val wideningSums(KernelBuilder &k, llvm::ArrayRef<Val> weights, llvm::ArrayRef<Val> activations, bool isHigh);

} // namespace edgelm
