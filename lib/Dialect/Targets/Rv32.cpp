// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// 32-bit RISC-V microcontrollers without an operating system.
#include "Dialect/Targets/Rows.h"

namespace edgelm {

static constexpr uint64_t kKiB = 1024, kMiB = 1024 * kKiB;

static constexpr TargetRow rv32(std::string_view name, std::string_view summary, std::string_view features,
                                std::string_view required, uint64_t ram, uint64_t flash) {
  return {.name = name,
          .summary = summary,
          .triple = "riscv32-unknown-none-elf",
          .cpu = "generic-rv32",
          .features = features,
          .abi = "ilp32",
          .isa = "small",
          .runtime = "riscv32-ilp32",
          .requiredFeatures = required,
          .hosted = false,
          .ramBytes = ram,
          .flashBytes = flash,
          .emulator = "qemu-system-riscv32 -M virt -bios none"};
}

static constexpr TargetRow kRows[] = {
    rv32("rv32imc", "32-bit RISC-V with multiplication", "+m,+c", "m,c", 0, 0),
    rv32("esp32-c3", "Espressif ESP32-C3 (rv32imc)", "+m,+c", "m,c", 400 * kKiB, 4 * kMiB),
    rv32("rv32imac", "32-bit RISC-V with multiplication and atomics", "+m,+a,+c", "m,a,c", 0, 0),
};

std::span<const TargetRow> rv32Targets() {
  return kRows;
}

} // namespace edgelm
