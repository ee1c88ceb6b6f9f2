// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Scalar loops for every algebra operation that has no kernel of its own, so that any graph compiles.
#pragma once

#include "Codegen/Kernels/KernelBuilder.h"

#include "mlir/IR/Operation.h"

namespace edgelm {

/// How a tensor lies in memory as a kernel's memref; i1 takes a byte.
mlir::MemRefType memrefOf(mlir::Type tensor);

/// A kernel that computes the only result of `op` by its definition. Its memrefs are the operands that are no constants
/// of one value, in order, and the result, all of the tensors' types. Work items are the elements of the result's first
/// dimension. Returns null when there is no definition for this operation here.
mlir::func::FuncOp getGenericKernel(mlir::ModuleOp module, mlir::Operation *op, const IsaRow &isa);

/// The number of work items of such a kernel.
int64_t genericWorkItems(mlir::Operation *op);

/// The value when `value` is a constant of one value (splat or one element).
std::optional<double> constantOf(mlir::Value value);

} // namespace edgelm
