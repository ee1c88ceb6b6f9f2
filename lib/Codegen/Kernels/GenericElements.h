// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The definitions that generic kernels are built from.
#pragma once

#include "Codegen/Kernels/KernelBuilder.h"

#include "mlir/IR/Operation.h"

namespace edgelm {

/// The operands of an operation inside its generic kernel.
struct GenericOperands {
  KernelBuilder &k;
  mlir::Operation *op;
  /// One for each operand, null for constants of one value.
  llvm::SmallVector<mlir::Value> memrefs;

  /// The element at `indices`, or the constant; 16-bit floats are widened.
  Val load(unsigned operand, llvm::ArrayRef<mlir::Value> indices) const;
  /// The element that NumPy broadcasting takes for the result's `indices`.
  Val loadBroadcast(unsigned operand, llvm::ArrayRef<mlir::Value> indices) const;
};

/// Whether `elementOf` or `buildWholeOp` know the operation, also its function and element types.
bool hasGenericDefinition(mlir::Operation *op);

/// One element of the result.
Val elementOf(const GenericOperands &operands, const KernelArgs &args, llvm::ArrayRef<mlir::Value> indices);

/// Operations that are not computed element by element (concat, softmax, running sums); false for the others.
bool buildWholeOp(const GenericOperands &operands, const KernelArgs &args, mlir::Value result);

/// Loops over `shape`; the first dimension from `begin` to `end`. A scalar is one call.
void forEachElement(KernelBuilder &k, llvm::ArrayRef<int64_t> shape, Val begin, Val end,
                    llvm::function_ref<void(llvm::ArrayRef<mlir::Value>)> body);

/// Stores `value`, narrowed when the memref holds 16-bit floats.
void storeElement(KernelBuilder &k, mlir::Value memref, llvm::ArrayRef<mlir::Value> indices, Val value);

} // namespace edgelm
