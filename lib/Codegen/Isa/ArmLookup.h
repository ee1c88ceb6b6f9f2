// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Codebooks by the 64-bit NEON's table lookup.
#pragma once

#include "Codegen/Kernels/KernelBuilder.h"

namespace edgelm {

/// tbl.
inline Val armLookup(KernelBuilder &k, Val codes, llvm::ArrayRef<int8_t> table) {
  return k.intrinsic("llvm.aarch64.neon.tbl1", codes.type(), {k.constantBytes(table), codes});
}

} // namespace edgelm
