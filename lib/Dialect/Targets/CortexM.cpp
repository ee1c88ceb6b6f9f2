// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// ARM microcontrollers without an operating system, and boards with their memory.
#include "Dialect/Targets/Rows.h"

namespace edgelm {

static constexpr uint64_t kKiB = 1024, kMiB = 1024 * kKiB;

// The nRF51 of this machine has little memory of its own; programs of the tests need more.
static constexpr std::string_view kMicrobit = "qemu-system-arm -M microbit -global nrf51-soc.sram-size=0x4000000 "
                                              "-global nrf51-soc.flash-size=0x4000000";

static constexpr TargetRow kM0Plus = {.name = "cortex-m0plus",
                                      .summary = "Arm Cortex-M0+",
                                      .triple = "thumbv6m-unknown-none-eabi",
                                      .cpu = "cortex-m0plus",
                                      .isa = "small",
                                      .runtime = "thumbv6m-soft",
                                      .hosted = false,
                                      .emulator = kMicrobit};
static constexpr TargetRow kM3 = {.name = "cortex-m3",
                                  .summary = "Arm Cortex-M3",
                                  .triple = "thumbv7m-unknown-none-eabi",
                                  .cpu = "cortex-m3",
                                  .isa = "small",
                                  .runtime = "thumbv7m-soft",
                                  .hosted = false,
                                  .emulator = "qemu-system-arm -M mps2-an385"};
static constexpr TargetRow kM4 = {.name = "cortex-m4",
                                  .summary = "Arm Cortex-M4 with FPU",
                                  .triple = "thumbv7em-unknown-none-eabihf",
                                  .cpu = "cortex-m4",
                                  .hardFloat = true,
                                  .isa = "cortex-m-dsp",
                                  .runtime = "thumbv7em-hard",
                                  .requiredFeatures = "dsp,vfp4d16sp",
                                  .hosted = false,
                                  .emulator = "qemu-system-arm -M mps2-an386"};
static constexpr TargetRow kM7 = {.name = "cortex-m7",
                                  .summary = "Arm Cortex-M7 with FPU",
                                  .triple = "thumbv7em-unknown-none-eabihf",
                                  .cpu = "cortex-m7",
                                  .hardFloat = true,
                                  .isa = "cortex-m-dsp",
                                  .runtime = "thumbv7em-hard",
                                  .requiredFeatures = "dsp,fp-armv8d16sp",
                                  .hosted = false,
                                  .emulator = "qemu-system-arm -M mps2-an500"};
static constexpr TargetRow kM33 = {.name = "cortex-m33",
                                   .summary = "Arm Cortex-M33 with FPU and DSP",
                                   .triple = "thumbv8m.main-unknown-none-eabihf",
                                   .cpu = "cortex-m33",
                                   .hardFloat = true,
                                   .isa = "cortex-m-dsp",
                                   .runtime = "thumbv8m-hard",
                                   .requiredFeatures = "dsp,fp-armv8d16sp",
                                   .hosted = false,
                                   .emulator = "qemu-system-arm -M mps2-an505"};
static constexpr TargetRow kM55 = {.name = "cortex-m55",
                                   .summary = "Arm Cortex-M55 with Helium",
                                   .triple = "thumbv8.1m.main-unknown-none-eabihf",
                                   .cpu = "cortex-m55",
                                   .hardFloat = true,
                                   .isa = "helium",
                                   .runtime = "thumbv8.1m-hard",
                                   .requiredFeatures = "dsp,fp-armv8d16sp,mve.fp",
                                   .hosted = false,
                                   .emulator = "qemu-system-arm -M mps3-an547"};

/// A board with that core. Where its RAM lies in several places, the largest counts: an arena has to lie in one.
static constexpr TargetRow board(TargetRow core, std::string_view name, std::string_view summary, uint64_t ramBytes,
                                 uint64_t flashBytes) {
  core.name = name;
  core.summary = summary;
  core.ramBytes = ramBytes;
  core.flashBytes = flashBytes;
  return core;
}

static constexpr TargetRow kRows[] = {
    kM0Plus,
    board(kM0Plus, "rp2040", "Raspberry Pi Pico (RP2040, Cortex-M0+)", 264 * kKiB, 2 * kMiB),
    kM3,
    kM4,
    board(kM4, "nrf52840", "Nordic nRF52840 (Cortex-M4)", 256 * kKiB, 1 * kMiB),
    board(kM4, "nucleo-l4r5zi", "ST NUCLEO-L4R5ZI (Cortex-M4)", 640 * kKiB, 2 * kMiB),
    kM7,
    board(kM7, "stm32h743", "ST STM32H743 (Cortex-M7), RAM in one piece", 512 * kKiB, 2 * kMiB),
    kM33,
    board(kM33, "rp2350", "Raspberry Pi Pico 2 (RP2350, Cortex-M33)", 520 * kKiB, 4 * kMiB),
    kM55,
};

std::span<const TargetRow> cortexMTargets() {
  return kRows;
}

} // namespace edgelm
