// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Products of bytes by the 64-bit NEON's dot product.
#pragma once

#include "Codegen/Isa/ArmLookup.h"
#include "Codegen/Isa/Isa.h"
#include "Codegen/Kernels/Activations.h"

namespace edgelm {

/// sdot by a lane.
inline Val armDot(KernelBuilder &k, Val sum, Slices weights, Activations &x, int64_t first) {
  return k.intrinsic("llvm.aarch64.neon.sdot", sum.type(), {sum, weights(first), x.quad(first)});
}

inline constexpr ByteDot kArmDotProducts = {.ofUnsigned = {.add = armDot},
                                            .unsignedBits = 7,
                                            .ofSigned = {.add = armDot},
                                            .lookup = armLookup,
                                            .shiftsBytes = true,
                                            .takesLanes = true};

} // namespace edgelm
