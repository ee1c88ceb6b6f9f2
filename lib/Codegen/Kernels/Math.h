// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Elementary functions of f32 scalars and vectors by polynomials, without calls, the same bits in every lane.
#pragma once

#include "Codegen/Kernels/KernelBuilder.h"

namespace edgelm {

// Errors are the largest measured by test/Kernels/MathTest.cpp, which fails above the bound stated here.

/// c[0] * x^n + ... + c[n], by Horner's rule.
Val polynomial(KernelBuilder &k, Val x, llvm::ArrayRef<double> c);

/// e^x over all floats, also to subnormals, zero and infinity; at most 2 ulp.
Val expF32(KernelBuilder &k, Val x);

/// tanh(x); absolute error at most 4e-7.
Val tanhF32(KernelBuilder &k, Val x);

/// erf(x); absolute error at most 4e-7.
Val erfF32(KernelBuilder &k, Val x);

/// 1 / (1 + e^-x); absolute error at most 2e-7.
Val sigmoidF32(KernelBuilder &k, Val x);

/// Natural logarithm of positive normal numbers, at most 4 ulp or 4e-7; -infinity at zero, NaN below.
Val logF32(KernelBuilder &k, Val x);

/// Square root by integer and float arithmetic, at most 1 ulp; infinity and zeros as they are, NaN below zero.
Val sqrtF32(KernelBuilder &k, Val x);

/// f32 to f16, to nearest even, by integer operations; the result is an i16 of the f16's bits.
Val f16BitsOf(KernelBuilder &k, Val x);

/// f32 to bf16, to nearest even, by integer operations; the result is an i16 of the bf16's bits.
Val bf16BitsOf(KernelBuilder &k, Val x);

} // namespace edgelm
