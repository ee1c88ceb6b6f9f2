// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Products of bytes by x86 instructions, for any register width.
#pragma once

#include "Codegen/Isa/Isa.h"
#include "Codegen/Kernels/Activations.h"

namespace edgelm {

/// Bits of unsigned weights that pmaddubsw takes: two products must fit into 16 bits, 2 * 127 * 127 < 2^15.
inline constexpr int kMaddUnsignedBits = 7;

/// pmaddubsw, pmaddwd, paddd.
Val x86MaddUnsigned(KernelBuilder &k, Val sum, Slices weights, Activations &x, int64_t first);

/// As above, with the sums of four products of weights of up to `kMaddFewBits` bits in 16 bits: 8 * 31 * 127 < 2^15.
inline constexpr int kMaddFewBits = 5, kMaddFewSlices = 4;
Val x86MaddFew(KernelBuilder &k, Val sum, Slices weights, Activations &x, int64_t first);

/// As x86MaddUnsigned with |weight| and the weight's sign on the activation (psignb); a weight of -128 is exact.
Val x86MaddSigned(KernelBuilder &k, Val sum, Slices weights, Activations &x, int64_t first);

/// Two pmaddwd of bytes widened to words: exact for all bytes.
Val x86MaddWords(KernelBuilder &k, Val sum, Slices weights, Activations &x, int64_t first);

/// vpdpbusd.
Val x86Vnni(KernelBuilder &k, Val sum, Slices weights, Activations &x, int64_t first);

/// pshufb.
Val x86Lookup(KernelBuilder &k, Val codes, llvm::ArrayRef<int8_t> table);

/// Without and with VNNI.
inline constexpr ByteDot kX86Madd = {.ofUnsigned = {x86MaddUnsigned},
                                     .unsignedBits = kMaddUnsignedBits,
                                     .ofSigned = {x86MaddSigned},
                                     .lookup = x86Lookup,
                                     .ofFew = {x86MaddFew, kMaddFewSlices},
                                     .fewBits = kMaddFewBits,
                                     .ofAnySigned = {x86MaddWords}};
inline constexpr ByteDot kX86VnniDot = {
    .ofUnsigned = {x86Vnni}, .unsignedBits = 8, .ofSigned = {}, .lookup = x86Lookup};

} // namespace edgelm
