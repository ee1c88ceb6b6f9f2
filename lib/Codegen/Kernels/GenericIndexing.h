// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Definitions for generic kernels of operations that choose elements by position or index.
#pragma once

#include "Codegen/Kernels/GenericElements.h"

#include "Dialect/EdgeLMDialect.h"

namespace edgelm {

/// An index operand as index, negative ones counted from `size`.
Val wrappedIndex(KernelBuilder &k, Val integer, int64_t size);

Val triangle(const GenericOperands &o, TriluOp op, llvm::ArrayRef<mlir::Value> at);
/// The pads must be known.
Val padded(const GenericOperands &o, PadOp op, llvm::ArrayRef<mlir::Value> at);
Val tiled(const GenericOperands &o, TileOp op, llvm::ArrayRef<mlir::Value> at);
Val gatherND(const GenericOperands &o, GatherNDOp op, llvm::ArrayRef<mlir::Value> at);
/// The whole result: a copy, then the updates in order.
void scatterND(const GenericOperands &o, ScatterNDOp op, mlir::Value result);

} // namespace edgelm
