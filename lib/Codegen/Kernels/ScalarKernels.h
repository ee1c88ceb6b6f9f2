// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The scalar function table as kernels compute it on f32 scalars and vectors.
#pragma once

#include "Codegen/Kernels/KernelBuilder.h"

#include "llvm/ADT/StringRef.h"

namespace edgelm {

/// Builds the unary function `name` of the scalar function table on floats; scalar and vector give the same bits.
/// `params` are complete. The result has no value when `name` has no float form here.
Val applyUnary(KernelBuilder &k, llvm::StringRef name, Val x, llvm::ArrayRef<double> params = {});

/// As above for functions of two floats or of two integers, which may be unsigned.
Val applyBinary(KernelBuilder &k, llvm::StringRef name, Val x, Val y, bool isUnsigned = false);

/// As `applyUnary` on integers and i1.
Val applyUnaryInteger(KernelBuilder &k, llvm::StringRef name, Val x, bool isUnsigned = false);

} // namespace edgelm
