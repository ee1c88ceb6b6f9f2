// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The machines that an emulator has for firmware: where their memory lies.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace edgelm::tools {

/// A piece of memory.
struct MemoryRegion {
  uint64_t origin, bytes;
};

/// One machine; common code asks its regions, never its name.
struct GuestMachine {
  /// qemu's name for it, as after -M.
  std::string_view name;
  /// Where the processor starts: code and constants.
  MemoryRegion code;
  /// Stack and variables; arenas too when they fit.
  MemoryRegion ram;
  /// More memory for data that does not fit elsewhere; 0 bytes: none.
  MemoryRegion more;
};

/// The row of that name, or null.
const GuestMachine *findGuestMachine(std::string_view name);

/// The linker script of a program with so many bytes of code, weights and arena on that machine; empty when they do not
/// fit. It defines the symbols that Guest/bare_metal.c names.
std::string linkerScript(const GuestMachine &machine, uint64_t codeBytes, uint64_t weightBytes, uint64_t arenaBytes);

} // namespace edgelm::tools
