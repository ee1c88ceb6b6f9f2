// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Products of bytes by ordinary integer arithmetic, for any instruction set.
#pragma once

#include "Codegen/Kernels/Activations.h"

namespace edgelm {

/// Bytes taken out of 32-bit words by shifts, then multiplied and added as words.
Val genericDotUnsigned(KernelBuilder &k, Val sum, Slices weights, Activations &x, int64_t first);
Val genericDotSigned(KernelBuilder &k, Val sum, Slices weights, Activations &x, int64_t first);

/// table[index] for a word below the table's size.
Val lookupByte(KernelBuilder &k, Val index, llvm::ArrayRef<int8_t> table);

/// A load for each byte.
Val genericLookup(KernelBuilder &k, Val codes, llvm::ArrayRef<int8_t> table);

} // namespace edgelm
