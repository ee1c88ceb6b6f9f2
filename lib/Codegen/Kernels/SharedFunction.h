// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Functions that the kernels of all shapes call, so that a product has their code once.
#pragma once

#include "Codegen/Kernels/KernelBuilder.h"

namespace edgelm {

/// The type of what begins at some byte and ends anywhere: such a function does not know the shape.
mlir::MemRefType windowType(KernelBuilder &k);

/// What begins at byte `at` of a memref of i8.
mlir::Value windowOf(KernelBuilder &k, mlir::Value bytes, Val at);

/// The private function `name` of the module; when absent makes it with arguments of these types and lets `build` fill it.
mlir::func::FuncOp getSharedFunction(KernelBuilder &k, llvm::StringRef name, llvm::ArrayRef<mlir::Type> types,
                                     llvm::function_ref<void(KernelBuilder &, mlir::Block *)> build);

} // namespace edgelm
