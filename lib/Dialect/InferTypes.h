// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Result types of the algebra operations: inference, and refinement of `?` to numbers.
#pragma once

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Location.h"
#include "mlir/IR/TypeRange.h"
#include "mlir/IR/ValueRange.h"
#include <optional>

namespace edgelm {

/// Infers the result types of `op` again from its operands and makes them more precise in place: a `?` becomes the
/// inferred number, a number stays. A result of another kind (NoneType, from a builder that does not know the type)
/// takes the inferred type. Operations without inference are left alone. Emits one error at the operation when the
/// shapes contradict each other.
llvm::LogicalResult refineResultTypes(mlir::Operation *op);

/// Whether each pair has one element type and one rank, and dimensions that are equal or `?`.
bool areCompatible(mlir::TypeRange left, mlir::TypeRange right);

/// Merges `inferred` into `types`; a null inferred type says nothing. Emits an error that names both where they
/// contradict.
llvm::LogicalResult mergeTypes(std::optional<mlir::Location> location, llvm::StringRef opName,
                               llvm::ArrayRef<mlir::Type> inferred, llvm::SmallVectorImpl<mlir::Type> &types);

/// Shape of the elementwise combination of `shapes` under NumPy's rule, or none when two sizes contradict.
std::optional<llvm::SmallVector<int64_t>> broadcastShapes(llvm::ArrayRef<llvm::ArrayRef<int64_t>> shapes);

} // namespace edgelm
