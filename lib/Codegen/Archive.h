// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Binds a product's objects into a static and a shared library.
#pragma once

#include "Codegen/WeightObject.h"
#include "llvm/Support/Error.h"
#include <string>

namespace edgelm {

/// The objects of a product, as files.
struct ProductObjects {
  std::string code;      ///< path; the member of the archive is named `<name>.o`
  std::string weights;   ///< path, or empty: none; the member of the archive is named `<name>_weights.o`
  std::string helpers;   ///< path, or empty: none; the member of the archive is named `<name>_helpers.o`
  WeightSection section; ///< what lies in `weights`
};

/// Writes a deterministic static library.
llvm::Error writeStaticLibrary(const std::string &path, const std::string &name, const ProductObjects &objects);

/// Links a shared library that exports the symbol `name` and nothing else, from the same objects. The linker sees a
/// placeholder for the weights, if there are any, which are copied into the hole by the kernel: memory stays small.
llvm::Error writeSharedLibrary(const std::string &path, const std::string &name, const ProductObjects &objects);

} // namespace edgelm
