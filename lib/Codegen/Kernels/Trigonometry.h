// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Inverse trigonometric and hyperbolic functions of f32 scalars and vectors, without calls, the same bits in every lane.
#pragma once

#include "Codegen/Kernels/KernelBuilder.h"

namespace edgelm {

// Errors are the largest measured by test/Kernels/MathTest.cpp, which fails above the bound stated here. Outside of a
// function's domain the result is NaN.

/// At most 4 ulp.
Val atanF32(KernelBuilder &k, Val x);

/// At most 6 ulp.
Val asinF32(KernelBuilder &k, Val x);

/// At most 6 ulp.
Val acosF32(KernelBuilder &k, Val x);

/// At most 8 ulp.
Val sinhF32(KernelBuilder &k, Val x);

/// At most 8 ulp.
Val coshF32(KernelBuilder &k, Val x);

/// At most 8 ulp.
Val asinhF32(KernelBuilder &k, Val x);

/// At most 8 ulp.
Val acoshF32(KernelBuilder &k, Val x);

/// At most 8 ulp.
Val atanhF32(KernelBuilder &k, Val x);

} // namespace edgelm
