// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Parts of weights that are weights themselves, because their bytes lie together.
#pragma once

#include "Dialect/EdgeLMDialect.h"
#include "mlir/IR/Builders.h"

namespace edgelm {

/// For an operation that only names other bytes of an `edgelm.weight` (a reshape, a contiguous slice, a gather of consecutive
/// rows): the `edgelm.weight` of these bytes. Null otherwise, or where they are so few that a constant serves better;
/// failure after an error when the bytes cannot be read.
mlir::FailureOr<mlir::Value> asWeight(mlir::Operation *op, mlir::OpBuilder &builder);

} // namespace edgelm
