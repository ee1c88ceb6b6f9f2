// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Places buffers with lifetimes in one area of memory.
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include <cstdint>

namespace edgelm {

/// Every buffer of an arena starts at such a multiple.
inline constexpr int64_t arenaAlignment = 64; // bytes

/// Memory needed from the first to the last of some ordered moments, both included.
struct LiveBuffer {
  int64_t bytes = 0;
  int64_t first = 0;
  int64_t last = 0;
  int64_t offset = 0; ///< result: from the start of the area
};

/// Sets the offsets so that buffers which live at one moment do not overlap: largest first, each in the smallest
/// gap that fits (greedy by size, Pisarchyk and Lee 2020). Returns the bytes of the area.
int64_t placeBuffers(llvm::MutableArrayRef<LiveBuffer> buffers);

} // namespace edgelm
