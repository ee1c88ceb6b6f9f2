// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The edgelm dialect: include this to use its operations.
#pragma once

#include "Dialect/Formats.h"
#include "Dialect/InferTypes.h"

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "Dialect/EdgeLMDialect.h.inc"
#include "Dialect/EdgeLMEnums.h.inc"
#define GET_ATTRDEF_CLASSES
#include "Dialect/EdgeLMAttrs.h.inc"
#define GET_TYPEDEF_CLASSES
#include "Dialect/EdgeLMTypes.h.inc"
#define GET_OP_CLASSES
#include "Dialect/EdgeLMOps.h.inc"

namespace edgelm {

/// Names of the attributes that the module and function arguments carry; docs/plan.md section 3 says what they mean.
inline constexpr llvm::StringLiteral kModelDirAttr =
    "edgelm.model_dir"; ///< module: folder that weight files are relative to
inline constexpr llvm::StringLiteral kModelNameAttr = "edgelm.model"; ///< module: product name
inline constexpr llvm::StringLiteral kNameAttr = "edgelm.name";       ///< argument or result: its ONNX name
inline constexpr llvm::StringLiteral kRoleAttr = "edgelm.role";       ///< argument or result: what it is for
inline constexpr llvm::StringLiteral kDimsAttr = "edgelm.dims"; ///< argument: names of its dimensions, "" for none
inline constexpr llvm::StringLiteral kIdAttr =
    "edgelm.id"; ///< operation: its number, equal in the clones of `edgelm-bind`

/// The ranked type of a value of this dialect.
inline mlir::RankedTensorType tensorType(mlir::Value value) {
  return mlir::cast<mlir::RankedTensorType>(value.getType());
}

} // namespace edgelm
