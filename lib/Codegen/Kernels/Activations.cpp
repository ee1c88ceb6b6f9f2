// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "Codegen/Kernels/Activations.h"

namespace edgelm {

/// Quads of one register where a lane of it is an operand.
static constexpr int64_t kQuadsOfRegister = 4;

Val Activations::bytes(int64_t column, int64_t count) {
  Val &vector = vectors[column];
  if (!vector.value)
    vector = k.loadVector(codes, {first + double(column)}, count);
  return vector;
}

Val Activations::quad(int64_t quad) {
  Val &result = quads[quad];
  if (result.value)
    return result;
  if (k.isa.dot.takesLanes) {
    int64_t lane = quad % kQuadsOfRegister;
    Val words = k.regroup(bytes(4 * (quad - lane), 4 * kQuadsOfRegister), 32);
    result = k.shuffle(words, words, llvm::SmallVector<int64_t>(k.isa.lanes, lane));
  } else {
    result = k.splat(k.load(k.viewAs(codes, first, k.b.getI32Type()), {k.index(quad)}), k.isa.lanes);
  }
  return result = k.regroup(result, 8);
}

Val Activations::column(int64_t column) {
  Val &result = columns[column];
  if (!result.value)
    result = k.load(codes, {first + double(column)});
  return result;
}

} // namespace edgelm
