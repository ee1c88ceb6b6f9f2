// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How many tokens a model was made for, and how many a session holds.
#pragma once

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinOps.h"
#include <algorithm>

namespace edgelm {

/// Attribute of the module: tokens that the model was made for, where its configuration says it.
inline constexpr llvm::StringLiteral kContextAttr = "edgelm.context";

/// More would cost memory that few programs use.
inline constexpr int64_t largestDefaultContext = 2048; // tokens

/// Tokens that a session holds when nobody says how many: the smaller of the model's own and 2048.
inline int64_t defaultContext(mlir::ModuleOp module) {
  mlir::IntegerAttr context = module->getAttrOfType<mlir::IntegerAttr>(kContextAttr);
  return context ? std::min(context.getInt(), largestDefaultContext) : largestDefaultContext;
}

} // namespace edgelm
