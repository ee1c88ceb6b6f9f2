// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The runtime, compiled to LLVM bitcode when EdgeLM was built.
#pragma once

#include <string_view>

namespace edgelm {

/// What there is for one architecture and its calling convention.
enum class RuntimePart {
  Core,    ///< the runtime without threads
  Hosted,  ///< the runtime with the thread pool; only where there is an operating system
  Program, ///< a program around one model (runtime/hosted/program.c); where Hosted is
  Helpers, ///< the functions that a compiler takes for granted (runtime/freestanding)
};

/// The bitcode of that part for a name in runtime/CMakeLists.txt; empty when there is none. The bytes are aligned to 16.
std::string_view findRuntimeBitcode(std::string_view name, RuntimePart part);

} // namespace edgelm
