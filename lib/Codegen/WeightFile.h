// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Writes what precedes the weights in a file of their own.
#pragma once

#include "Codegen/ModelInfo.h"

namespace edgelm {

/// Writes the FlatBuffer of Schema/Weights.fbs, padded to where the weights begin.
void writeWeightFileHead(llvm::raw_ostream &os, const ModelInfo &info);

} // namespace edgelm
