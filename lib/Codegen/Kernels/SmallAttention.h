// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Attention where memory for code is scarce.
#pragma once

#include "Codegen/Kernels/Attention.h"

namespace edgelm {

/// Fills the kernel function of a spec, the same for any number of rows. Work items are heads.
void buildSmallAttention(KernelBuilder &k, const KernelArgs &args, const AttentionSpec &spec);

} // namespace edgelm
