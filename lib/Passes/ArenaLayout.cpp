// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Greedy offset assignment by size.
#include "Passes/ArenaLayout.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/MathExtras.h"
#include <limits>

using namespace llvm;

namespace edgelm {

int64_t placeBuffers(MutableArrayRef<LiveBuffer> buffers) {
  SmallVector<LiveBuffer *> order;
  for (LiveBuffer &buffer : buffers)
    order.push_back(&buffer);
  // Ties by order, so that the plan does not depend on the sort.
  llvm::sort(order, [](const LiveBuffer *a, const LiveBuffer *b) {
    return std::make_pair(-a->bytes, a) < std::make_pair(-b->bytes, b);
  });

  SmallVector<LiveBuffer *> placed; // by offset
  int64_t areaBytes = 0;
  for (LiveBuffer *buffer : order) {
    int64_t bytes = alignTo(buffer->bytes, arenaAlignment);
    int64_t best = -1, bestGap = std::numeric_limits<int64_t>::max(), free = 0;
    for (const LiveBuffer *other : placed) {
      if (other->last < buffer->first || buffer->last < other->first)
        continue;
      int64_t gap = other->offset - free;
      if (gap >= bytes && gap < bestGap) {
        best = free;
        bestGap = gap;
      }
      free = std::max<int64_t>(free, other->offset + alignTo(other->bytes, arenaAlignment));
    }
    buffer->offset = best < 0 ? free : best;
    areaBytes = std::max(areaBytes, buffer->offset + bytes);
    placed.insert(llvm::upper_bound(placed, buffer,
                                    [](const LiveBuffer *a, const LiveBuffer *b) { return a->offset < b->offset; }),
                  buffer);
  }
  return areaBytes;
}

} // namespace edgelm
