// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Every pass from dialect to dialect; Passes.td documents them.
#pragma once

#include "Dialect/EdgeLMDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"

namespace edgelm {
#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "Passes/Passes.h.inc"

/// The phase raise: algebra becomes transformer operations.
void addRaisePasses(mlir::OpPassManager &passes);

/// Whether a raised model is an encoder: it reads tokens, keeps no state, and none of its attentions hides later tokens.
bool isEncoder(mlir::func::FuncOp main);

/// Makes phases of several passes known to edgelm-opt by one name each.
void registerEdgeLMPipelines();

} // namespace edgelm
