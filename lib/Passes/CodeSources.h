// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Matrices that an export has quantized, as an attribute that names their bytes.
#pragma once

#include "Dialect/EdgeLMDialect.h"

namespace edgelm {

/// `#edgelm.codes` of codes, scales and perhaps zero points (null: none); null where one of them is computed. The other
/// arguments are its parameters.
CodesAttr codesOf(llvm::ArrayRef<mlir::Value> parts, int64_t packed, int64_t axis, int64_t block, bool transposed,
                  mlir::DenseF32ArrayAttr codebook = {});

} // namespace edgelm
