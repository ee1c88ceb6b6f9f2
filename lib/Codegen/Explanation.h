// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Tells a user what the compiler saw in a model (`--explain`).
#pragma once

#include "mlir/IR/BuiltinOps.h"

#include <string>

namespace edgelm {

/// Notes what phases leave of a model, and says it in the terms of its nodes.
class Explanation {
public:
  /// Looks at the module after `phase`, a name of the phase table or "import". A later note for a phase replaces the
  /// one before it.
  void note(llvm::StringRef phase, mlir::ModuleOp module);

  /// Lines for a reader, as far as phases have been noted.
  std::string text() const { return imported + specialised + raised; }

private:
  size_t importedNodes = 0;
  std::string imported, specialised, raised;
};

} // namespace edgelm
