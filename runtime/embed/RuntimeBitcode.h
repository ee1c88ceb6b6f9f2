// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The runtime, compiled to LLVM bitcode when EdgeLM was built.
#pragma once

#include <string_view>

namespace edgelm {

/// The bitcode of the runtime of that name in runtime/CMakeLists.txt (an architecture and its calling convention), with
/// the thread pool (hosted) or without; empty when there is none. The bytes are aligned to 16.
std::string_view findRuntimeBitcode(std::string_view name, bool hosted);

} // namespace edgelm
