// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One compile from a model to the files of a product.
#pragma once

#include "Codegen/CompileOptions.h"
#include "llvm/Support/Error.h"

namespace edgelm {

/// Compiles by `options`; writes a summary to standard error. On failure no file of a product is left.
llvm::Error compile(const CompileOptions &options);

} // namespace edgelm
