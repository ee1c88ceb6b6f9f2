// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Turns kernels and entry points (scf, arith, vector, memref, func) into an LLVM module for a target.
#pragma once

#include "Dialect/Targets.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Support/LLVM.h"

#include <memory>

namespace llvm {
class LLVMContext;
class Module;
} // namespace llvm

namespace edgelm {

/// Unit attribute of a kernel function: it takes memrefs, then (pos, n, begin, end: i32), and gets a task.
inline constexpr llvm::StringLiteral kKernelAttr = "edgelm.kernel";

/// Adds to `registry` the dialects and translations that `lowerToLlvm` needs.
void registerLlvmLowering(mlir::DialectRegistry &registry);

/// Lowers `module` in place to the LLVM dialect and translates it. Memrefs become bare pointers, `index` has the
/// target's pointer width, every function carries the target's CPU and features and never unwinds. No floating-point
/// operation may be reassociated or contracted: a multiply-add is fused where the IR says so and nowhere else. Triple
/// and data layout are set. Nothing is optimised yet, so that the runtime's bitcode can be linked before. Returns null
/// after a diagnostic at `module`.
std::unique_ptr<llvm::Module> lowerToLlvm(mlir::ModuleOp module, const TargetSpec &target, llvm::LLVMContext &context);

/// Gives every function of `module` the CPU and features of the target; functions of linked bitcode inline only then.
void setTargetAttributes(llvm::Module &module, const TargetSpec &target);

} // namespace edgelm
