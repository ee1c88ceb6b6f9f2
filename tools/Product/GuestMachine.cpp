// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The table of machines, and the placing of a program in one.
#include "Product/GuestMachine.h"

#include <algorithm>
#include <array>
#include <sstream>

namespace edgelm::tools {

static constexpr uint64_t kKiB = 1024, kMiB = 1024 * kKiB;

/// For the code of Guest/ and what it links.
static constexpr uint64_t kOwnCodeBytes = 24 * kKiB;
static constexpr uint64_t kStackBytes = 64 * kKiB, kOwnRamBytes = kStackBytes + 4 * kKiB;

// Origins are those of qemu 7.2 (hw/arm, hw/riscv); cores with TrustZone start in the secure state, whose view of the
// memory is that with bit 28 set.
static constexpr GuestMachine kMachines[] = {
    // The sizes are those that the row of the target table gives with -global.
    {"microbit", {0, 64 * kMiB}, {0x20000000, 64 * kMiB}, {}},
    {"mps2-an385", {0, 4 * kMiB}, {0x20000000, 4 * kMiB}, {0x21000000, 16 * kMiB}},
    {"mps2-an386", {0, 4 * kMiB}, {0x20000000, 4 * kMiB}, {0x21000000, 16 * kMiB}},
    {"mps2-an500", {0, 4 * kMiB}, {0x20000000, 4 * kMiB}, {0x60000000, 16 * kMiB}},
    {"mps2-an505", {0x10000000, 4 * kMiB}, {0x38000000, 4 * kMiB}, {0x80000000, 16 * kMiB}},
    {"mps3-an547", {0x10000000, 512 * kKiB}, {0x30000000, 512 * kKiB}, {0x70000000, 256 * kMiB}},
    {"virt", {0x80000000, 32 * kMiB}, {0x82000000, 96 * kMiB}, {}},
};

const GuestMachine *findGuestMachine(std::string_view name) {
  for (const GuestMachine &machine : kMachines)
    if (machine.name == name)
      return &machine;
  return nullptr;
}

namespace {
/// Gives away the memory of a machine.
class Room {
public:
  explicit Room(const GuestMachine &machine) : left{machine.code.bytes, machine.ram.bytes, machine.more.bytes} {}

  /// Takes `bytes` from the first of `regions` that has them; -1: none has.
  int take(uint64_t bytes, std::initializer_list<int> regions) {
    for (int region : regions)
      if (left[region] >= bytes + kKiB) { // for alignment
        left[region] -= bytes + kKiB;
        return region;
      }
    return -1;
  }

  int largest() const { return int(std::max_element(left.begin() + 1, left.end()) - left.begin()); }

private:
  std::array<uint64_t, 3> left;
};
} // namespace

std::string linkerScript(const GuestMachine &machine, uint64_t codeBytes, uint64_t weightBytes, uint64_t arenaBytes) {
  enum { Code, Ram, More };
  static constexpr const char *names[] = {"code", "ram", "more"};
  Room room(machine);
  const bool fits = room.take(codeBytes + kOwnCodeBytes, {Code}) >= 0 && room.take(kOwnRamBytes, {Ram}) >= 0;
  const int weights = room.take(weightBytes, {Code, More, Ram}), arena = room.take(arenaBytes, {Ram, More});
  if (!fits || weights < 0 || arena < 0)
    return "";
  const int rest = room.largest();
  std::ostringstream script;
  script << "ENTRY(guest_start)\nMEMORY {\n";
  const MemoryRegion regions[] = {machine.code, machine.ram, machine.more};
  for (int region : {Code, Ram, More})
    if (regions[region].bytes)
      script << "  " << names[region] << " : ORIGIN = " << regions[region].origin
             << ", LENGTH = " << regions[region].bytes << "\n";
  script << "}\nSECTIONS {\n"
         << "  .start : { KEEP(*(.guest.start)) } > code\n"
         << "  .weights : { *_weights.o(*) *(.rodata.edgelm) } > " << names[weights] << "\n"
         << "  .text : { *(.text .text.*) *(.rodata .rodata.*) } > code\n"
         << "  .exidx : { *(.ARM.exidx*) } > code\n"
         << "  .data : { *(.data .data.*) } > ram\n"
         << "  .arena (NOLOAD) : { *(.bss.guest_arena) } > " << names[arena] << "\n"
         << "  .bss (NOLOAD) : { *(.bss .bss.*) *(COMMON) } > ram\n"
         << "  .stack (NOLOAD) : { . = ALIGN(16); guest_stack_bottom = .; . += " << kStackBytes
         << "; guest_stack_top = .; } > ram\n"
         << "  .memory (NOLOAD) : { . = ALIGN(64); guest_memory_begin = .; } > " << names[rest] << "\n"
         << "  guest_memory_end = ORIGIN(" << names[rest] << ") + LENGTH(" << names[rest] << ");\n}\n";
  return std::move(script).str();
}

} // namespace edgelm::tools
