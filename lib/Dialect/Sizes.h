// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How large tensors may be.
#pragma once

#include "mlir/IR/Location.h"
#include <optional>

namespace edgelm {

/// Most elements of a tensor: far beyond any memory, and so few that no product of sizes leaves 64 bits.
inline constexpr int64_t kMostElements = int64_t(1) << 40;

/// Whether tensors may have this shape: no size is negative, and there are at most kMostElements elements, an empty
/// dimension counted as 1. Otherwise emits an error.
llvm::LogicalResult checkSizes(std::optional<mlir::Location> location, llvm::ArrayRef<int64_t> shape);

} // namespace edgelm
