// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "Codegen/Isa/ArmWidening.h"

namespace edgelm {

/// Eight of sixteen bytes as 16-bit integers.
static Val widened(KernelBuilder &k, Val bytes, bool isHigh) {
  llvm::SmallVector<int64_t> lanes;
  for (int64_t i = 0; i < 8; ++i)
    lanes.push_back(isHigh ? i + 8 : i);
  return k.toWidth(k.shuffle(bytes, bytes, lanes), 16, /*isSigned=*/true);
}

Val wideningSums(KernelBuilder &k, llvm::ArrayRef<Val> weights, llvm::ArrayRef<Val> activations, bool isHigh) {
  Val sum;
  for (size_t i = 0; i < weights.size(); ++i) {
    Val product = widened(k, weights[i], isHigh) * widened(k, activations[i], isHigh);
    sum = i ? sum + product : product;
  }
  return sum;
}

} // namespace edgelm
