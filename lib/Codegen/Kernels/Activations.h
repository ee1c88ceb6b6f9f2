// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Quantized activations of one row in the forms that instruction sets multiply them in.
#pragma once

#include "Codegen/Kernels/KernelBuilder.h"

#include <map>

namespace edgelm {

/// A unit of columns of one row of activations, each form loaded on first use.
class Activations {
public:
  /// `codes`: i8; `first`: where the unit starts, index.
  Activations(KernelBuilder &k, mlir::Value codes, Val first) : k(k), codes(codes), first(first) {}

  /// Columns 4 * quad .. 4 * quad + 3 beside each other in every lane of a vector of bytes.
  Val quad(int64_t quad);
  /// One column, i8.
  Val column(int64_t column);
  /// The `count` bytes from column `column` on.
  Val bytes(int64_t column, int64_t count);

private:
  KernelBuilder &k;
  mlir::Value codes;
  Val first;
  std::map<int64_t, Val> quads, columns, vectors;
};

} // namespace edgelm
