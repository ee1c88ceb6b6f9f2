// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Sizes of memory as people read them.
#pragma once

#include <cstdint>
#include <string>

namespace edgelm {

/// Bytes in KiB, from one of them on in MiB: "12.3 KiB".
std::string bytesText(uint64_t bytes);

} // namespace edgelm
