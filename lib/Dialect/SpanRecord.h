// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What one head leaves of a span of keys until the spans are merged.
#pragma once

#include "llvm/Support/MathExtras.h"

namespace edgelm {

/// f32: the weighted sum of the values, padded to the widest vector; behind it, last, the maximum of the scores and the
/// sum of the weights. Records are whole cache lines, since threads write them side by side.
struct SpanRecord {
  static int64_t floats(int64_t valueDim) { return int64_t(llvm::alignTo(valueDim, 16)) + 16; }
};

} // namespace edgelm
