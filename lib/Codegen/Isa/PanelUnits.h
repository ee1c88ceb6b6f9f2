// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Inner loops of small kernels.
#pragma once

#include "Codegen/Kernels/KernelBuilder.h"

namespace edgelm {

/// Four codes of a row of the panel, in the lowest bits of a word's bytes; with 8 bits signed.
Val panelQuad(KernelBuilder &k, const PanelUnit &unit, int64_t quad, int64_t row);

/// Four activations of a unit as a word.
Val activationQuad(KernelBuilder &k, const PanelUnit &unit, int64_t quad);

/// Byte by byte, for any format.
void addPanelUnitScalar(KernelBuilder &k, const PanelUnit &unit, llvm::MutableArrayRef<Val> sums);

/// As above, with codes of 8 bits loaded one by one, for instruction sets that widen a byte as they load it.
void addPanelUnitBytes(KernelBuilder &k, const PanelUnit &unit, llvm::MutableArrayRef<Val> sums);

} // namespace edgelm
