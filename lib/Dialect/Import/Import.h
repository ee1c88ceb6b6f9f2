// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Imports an exported model: ONNX file or folder to a module with `@main`.
#pragma once

#include "Dialect/Import/ModelFolder.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

namespace edgelm {

struct ImportOptions {
  /// `edgelm.model` of the module; empty: made from the folder's name.
  std::string name;
};

/// Imports the model of a folder or the ONNX file `path`. On failure returns null after exactly one error.
mlir::OwningOpRef<mlir::ModuleOp> importModel(llvm::StringRef path, const ImportOptions &options,
                                              mlir::MLIRContext *context);

/// As above for a folder that was opened before.
mlir::OwningOpRef<mlir::ModuleOp> importModel(const ModelFolder &folder, const ImportOptions &options,
                                              mlir::MLIRContext *context);

} // namespace edgelm
