// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Conversion of launches and polls to calls of the runtime.
#pragma once

#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/BuiltinOps.h"

namespace edgelm {

/// The name of the function that unpacks the memrefs of `kernel` from an array: an `edgelm_task` of docs/plan.md.
std::string taskName(llvm::StringRef kernel);

/// Adds `task(buffers, pos, n, begin, end)` before `kernel`: it loads the pointers that the kernel takes and calls it.
void addTask(mlir::LLVM::LLVMFuncOp kernel);

/// Declares the functions of the runtime that `populateLaunchConversionPatterns` calls, if `module` launches or polls.
void declareRuntime(mlir::ModuleOp module);

/// Patterns for `edgelm.launch` and `edgelm.poll`.
void populateLaunchConversionPatterns(const mlir::LLVMTypeConverter &types, mlir::RewritePatternSet &patterns);

} // namespace edgelm
