// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Runs kernels for AMX on machines without it.
#pragma once

#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/IR/Module.h"

namespace edgelm {

/// Replaces the operations on tiles by calls of functions that keep a tile in a vector of 1,024 bytes; whether there
/// were any.
bool emulateTiles(llvm::Module &module);

/// The functions that such code calls.
void addTileEmulation(llvm::orc::LLJIT &jit, llvm::orc::SymbolMap &symbols);

} // namespace edgelm
