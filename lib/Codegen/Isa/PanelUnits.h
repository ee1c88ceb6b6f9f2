// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Inner loops of small kernels.
#pragma once

#include "Codegen/Kernels/KernelBuilder.h"

namespace edgelm {

/// Four codes of a row of the panel, in the lowest bits of a word's bytes; with 8 bits signed.
Val panelQuad(KernelBuilder &k, const PanelUnit &unit, int64_t quad, int64_t row);

/// A word of a unit's activations: four codes, or two of the halfwords of pairs.
Val activationWord(KernelBuilder &k, const PanelUnit &unit, int64_t word);

/// Byte by byte, for any format.
void addPanelUnitScalar(KernelBuilder &k, const PanelUnit &unit, llvm::MutableArrayRef<Val> sums);

/// Several rows in one multiplication, where columns are apart and panels have 4 or 8 rows, as many as a register bytes.
void addPanelUnitFields(KernelBuilder &k, const PanelUnit &unit, llvm::MutableArrayRef<Val> sums);

} // namespace edgelm
