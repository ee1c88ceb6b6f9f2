// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Elements of small integer tensors (shapes, bounds, axes), as far as they are known without evaluation.
#pragma once

#include "mlir/IR/Value.h"
#include "llvm/ADT/StringRef.h"
#include <optional>

namespace edgelm {

/// Elements of `value`, a rank-0 or rank-1 integer tensor of at most 64 elements, in order; `ShapedType::kDynamic`
/// stands for an element that is not known. Follows constants, `edgelm.shape` of partly static tensors, and the few
/// operations that exporters compute shapes with. None when the number of elements is unknown.
std::optional<llvm::SmallVector<int64_t>> knownValues(mlir::Value value);

/// As `knownValues`, but none unless every element is known.
std::optional<llvm::SmallVector<int64_t>> constantValues(mlir::Value value);

/// Elements of a one-dimensional or scalar integer attribute; none for floats.
std::optional<llvm::SmallVector<int64_t>> integerElements(mlir::Attribute attribute);

} // namespace edgelm
