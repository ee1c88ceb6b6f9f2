// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The runtime, compiled to LLVM bitcode when EdgeLM was built.
#pragma once

#include <string_view>

namespace edgelm {

/// The bitcode of the runtime for an architecture ("x86_64": LLVM's Triple::getArchName where no ABI has to be told
/// apart), with the thread pool (hosted) or without; empty when there is none. The bytes are aligned to 16.
std::string_view findRuntimeBitcode(std::string_view architecture, bool hosted);

} // namespace edgelm
