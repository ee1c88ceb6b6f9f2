// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Passes towards machine code; CodegenPasses.td documents them.
#pragma once

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace edgelm {
#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "Codegen/CodegenPasses.h.inc"
} // namespace edgelm
