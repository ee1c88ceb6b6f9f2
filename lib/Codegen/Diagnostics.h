// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Turns MLIR's diagnostics into one error for the user.
#pragma once

#include "Codegen/CompileError.h"
#include "mlir/IR/Diagnostics.h"
#include <string>

namespace edgelm {

/// Where something is, in the user's terms: the ONNX node, or a place in a text.
std::string describeLocation(mlir::Location loc);

/// Keeps the first error that is emitted while it lives, with its notes; warnings go to standard error.
class DiagnosticCollector {
public:
  explicit DiagnosticCollector(mlir::MLIRContext *context);

  /// The collected error as one of class `status`; without one, `fallback` as our own fault.
  llvm::Error error(ExitStatus status, const llvm::Twine &fallback) const;

private:
  mlir::ScopedDiagnosticHandler handler;
  std::string text;
};

} // namespace edgelm
