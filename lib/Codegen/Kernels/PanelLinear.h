// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Matvec and matmul over quantized weights where memory for code is scarce.
#pragma once

#include "Codegen/Kernels/Linear.h"

namespace edgelm {

/// Whether `buildPanelLinear` makes the kernel of that spec.
bool usesPanelLoop(const LinearSpec &spec, const IsaRow &isa);

/// Fills the kernel function of a spec over quantized weights and activations, the same for any number of rows.
void buildPanelLinear(KernelBuilder &k, const KernelArgs &args, const LinearSpec &spec);

} // namespace edgelm
