// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The part of an arena that outlives a call.
#pragma once

#include "Passes/ArenaLayout.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/MathExtras.h"

namespace edgelm {

/// Buffers at offsets that all entries agree on.
class FixedRegions {
public:
  /// Reserves `bytes` for `name`; the largest demand of all entries counts.
  void require(llvm::StringRef name, int64_t bytes) {
    if (indices.try_emplace(name, regions.size()).second)
      regions.push_back({});
    LiveBuffer &region = regions[indices[name]];
    region.bytes = std::max(region.bytes, bytes);
  }
  /// Offsets in order of first mention; returns the end.
  int64_t assign(int64_t begin) {
    for (LiveBuffer &region : regions) {
      region.offset = begin;
      begin += llvm::alignTo(region.bytes, arenaAlignment);
    }
    return begin;
  }
  int64_t offset(llvm::StringRef name) const { return regions[indices.lookup(name)].offset; }

private:
  llvm::StringMap<unsigned> indices;
  llvm::SmallVector<LiveBuffer> regions;
};

} // namespace edgelm
