// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// ARM microcontrollers without an operating system, and boards with their memory.
#include "Dialect/Targets/Rows.h"

namespace edgelm {

static constexpr uint64_t kKiB = 1024, kMiB = 1024 * kKiB;

// The nRF51 of this machine has little memory of its own; programs of the tests need more.
static constexpr std::string_view kMicrobit = "qemu-system-arm -M microbit -global nrf51-soc.sram-size=0x400000 "
                                              "-global nrf51-soc.flash-size=0x400000";

static constexpr TargetRow cortexM0Plus(std::string_view name, std::string_view summary, uint64_t ram, uint64_t flash) {
  return {.name = name,
          .summary = summary,
          .triple = "thumbv6m-unknown-none-eabi",
          .cpu = "cortex-m0plus",
          .isa = "scalar",
          .runtime = "thumbv6m-soft",
          .hosted = false,
          .ramBytes = ram,
          .flashBytes = flash,
          .emulator = kMicrobit};
}

static constexpr TargetRow cortexM4(std::string_view name, std::string_view summary, uint64_t ram, uint64_t flash) {
  return {.name = name,
          .summary = summary,
          .triple = "thumbv7em-unknown-none-eabihf",
          .cpu = "cortex-m4",
          .hardFloat = true,
          .isa = "scalar-fma",
          .runtime = "thumbv7em-hard",
          .hosted = false,
          .ramBytes = ram,
          .flashBytes = flash,
          .emulator = "qemu-system-arm -M mps2-an386"};
}

static constexpr TargetRow cortexM7(std::string_view name, std::string_view summary, uint64_t ram, uint64_t flash) {
  return {.name = name,
          .summary = summary,
          .triple = "thumbv7em-unknown-none-eabihf",
          .cpu = "cortex-m7",
          .hardFloat = true,
          .isa = "scalar-fma",
          .runtime = "thumbv7em-hard",
          .hosted = false,
          .ramBytes = ram,
          .flashBytes = flash,
          .emulator = "qemu-system-arm -M mps2-an500"};
}

static constexpr TargetRow cortexM33(std::string_view name, std::string_view summary, uint64_t ram, uint64_t flash) {
  return {.name = name,
          .summary = summary,
          .triple = "thumbv8m.main-unknown-none-eabihf",
          .cpu = "cortex-m33",
          .hardFloat = true,
          .isa = "scalar-fma",
          .runtime = "thumbv8m-hard",
          .hosted = false,
          .ramBytes = ram,
          .flashBytes = flash,
          .emulator = "qemu-system-arm -M mps2-an505"};
}

static constexpr TargetRow kRows[] = {
    cortexM0Plus("cortex-m0plus", "Arm Cortex-M0+", 0, 0),
    cortexM0Plus("rp2040", "Raspberry Pi Pico (RP2040, Cortex-M0+): 264 KiB, 2 MiB flash", 264 * kKiB, 2 * kMiB),
    {.name = "cortex-m3",
     .summary = "Arm Cortex-M3",
     .triple = "thumbv7m-unknown-none-eabi",
     .cpu = "cortex-m3",
     .isa = "scalar",
     .runtime = "thumbv7m-soft",
     .hosted = false,
     .emulator = "qemu-system-arm -M mps2-an385"},
    cortexM4("cortex-m4", "Arm Cortex-M4 with FPU", 0, 0),
    cortexM4("nrf52840", "Nordic nRF52840 (Cortex-M4): 256 KiB, 1 MiB flash", 256 * kKiB, 1 * kMiB),
    cortexM4("nucleo-l4r5zi", "ST NUCLEO-L4R5ZI (Cortex-M4): 640 KiB, 2 MiB flash", 640 * kKiB, 2 * kMiB),
    cortexM7("cortex-m7", "Arm Cortex-M7 with FPU", 0, 0),
    // The largest of its memories; an arena has to lie in one.
    cortexM7("stm32h743", "ST STM32H743 (Cortex-M7): 512 KiB in one piece, 2 MiB flash", 512 * kKiB, 2 * kMiB),
    cortexM33("cortex-m33", "Arm Cortex-M33 with FPU and DSP", 0, 0),
    cortexM33("rp2350", "Raspberry Pi Pico 2 (RP2350, Cortex-M33): 520 KiB, 4 MiB flash", 520 * kKiB, 4 * kMiB),
    {.name = "cortex-m55",
     .summary = "Arm Cortex-M55 with Helium",
     .triple = "thumbv8.1m.main-unknown-none-eabihf",
     .cpu = "cortex-m55",
     .hardFloat = true,
     .isa = "scalar-fma",
     .runtime = "thumbv8.1m-hard",
     .hosted = false,
     .emulator = "qemu-system-arm -M mps3-an547"},
};

std::span<const TargetRow> cortexMTargets() {
  return kRows;
}

} // namespace edgelm
