// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Linear kernels over quantized weights, for activations in int8 and in f32.
#pragma once

#include "Codegen/Kernels/Linear.h"

namespace edgelm {

/// Whether a format's integers are summed over a whole row, with one scale at its end.
bool sumsOverRow(const FormatRow &format);

/// The body of a linear kernel whose spec has a format.
void buildQuantizedLinear(KernelBuilder &k, const KernelArgs &args, const LinearSpec &spec);

} // namespace edgelm
