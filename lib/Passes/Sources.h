// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Where the bytes of a trained value lie in the model.
#pragma once

#include "Dialect/EdgeLMDialect.h"
#include <optional>

namespace edgelm {

/// One weight as it is stored in the model: bytes, and how an operation sees them.
struct Source {
  mlir::Attribute bytes;       ///< #edgelm.weight, #edgelm.codes or elements
  mlir::Location loc;          ///< of the weight itself
  mlir::RankedTensorType type; ///< as the operation reads it, element type as stored
  bool transposed = false;
  /// Element type that `edgelm.quantize_weight` gives it, or `edgelm.coded_weight` where that is a number format; null: none does.
  mlir::Type format = {};
  int64_t groupAxis = 1; ///< of `type`, along which groups of the format lie

  /// Element type that the product should have where nobody wants another one.
  mlir::Type elementType() const { return format ? format : type.getElementType(); }
};

/// Looks through quantization, float casts, matrix transposes and reshapes; nothing when the value is computed.
std::optional<Source> findSource(mlir::Value value);

/// The model's name of a weight or node, or "" where its location has none.
llvm::StringRef nameOf(mlir::Location loc);

} // namespace edgelm
