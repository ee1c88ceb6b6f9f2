// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One compile from a model to the files of a product.
#pragma once

#include "Codegen/CompileOptions.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"

namespace edgelm {

/// Compiles by `options`; writes a summary to standard error. On failure no file of a product is left.
llvm::Error compile(const CompileOptions &options);

/// Same, for each of `targets` instead of options.target. What does not depend on the target is done once, the rest in
/// processes side by side, at most `jobs` at a time. A target that fails does not stop the others.
llvm::Error compile(const CompileOptions &options, llvm::ArrayRef<TargetSpec> targets, unsigned jobs);

} // namespace edgelm
