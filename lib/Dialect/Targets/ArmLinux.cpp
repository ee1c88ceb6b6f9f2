// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// ARM boards and servers under Linux.
#include "Dialect/Targets/Rows.h"

namespace edgelm {

static constexpr std::string_view kArmv7 = "armv7-unknown-linux-gnueabihf";
static constexpr std::string_view kArm64 = "aarch64-unknown-linux-gnu";

// What Armv8.2-A adds and LLVM may use of it; HWCAP shows all of it.
static constexpr std::string_view kArmv82 = "lse,rdm,rcpc,fullfp16,dotprod";
static constexpr std::string_view kNeoverseV1 = "lse,rdm,rcpc,fullfp16,dotprod,sve,i8mm,bf16";

static constexpr TargetRow kRows[] = {
    {.name = "rpi2",
     .summary = "Raspberry Pi 2 (Cortex-A7), 32-bit ARM with NEON",
     .triple = kArmv7,
     .cpu = "cortex-a7",
     .features = "+neon,+vfp4", // LLVM's row of the core has neither
     .hardFloat = true,
     .isa = "armv7-neon",
     .runtime = "armv7-hard",
     .requiredFeatures = "neon,vfp4,hwdiv-arm",
     .emulator = "qemu-arm -L /usr/arm-linux-gnueabihf -cpu cortex-a7"},
    // Broadcom left the cryptographic extension out of its cores.
    {.name = "rpi3",
     .summary = "Raspberry Pi 3 and Zero 2 (Cortex-A53), 64-bit",
     .triple = kArm64,
     .cpu = "cortex-a53",
     .features = "-aes,-sha2",
     .isa = "arm-neon",
     .runtime = "aarch64",
     .emulator = "qemu-aarch64 -L /usr/aarch64-linux-gnu -cpu cortex-a53"},
    {.name = "rpi4",
     .summary = "Raspberry Pi 4 (Cortex-A72), 64-bit",
     .triple = kArm64,
     .cpu = "cortex-a72",
     .features = "-aes,-sha2",
     .isa = "arm-neon",
     .runtime = "aarch64",
     .emulator = "qemu-aarch64 -L /usr/aarch64-linux-gnu -cpu cortex-a72"},
    {.name = "rpi5",
     .summary = "Raspberry Pi 5 (Cortex-A76 with dot products)",
     .triple = kArm64,
     .cpu = "cortex-a76",
     .isa = "arm-dot",
     .runtime = "aarch64",
     .requiredFeatures = kArmv82,
     .emulator = "qemu-aarch64 -L /usr/aarch64-linux-gnu -cpu cortex-a76"},
    {.name = "jetson-orin",
     .summary = "NVIDIA Jetson Orin (Cortex-A78AE)",
     .triple = kArm64,
     .cpu = "cortex-a78ae",
     .isa = "arm-dot",
     .runtime = "aarch64",
     .requiredFeatures = kArmv82,
     .emulator = "qemu-aarch64 -L /usr/aarch64-linux-gnu -cpu max"},
    // Kernels use NEON: fixed vectors at SVE's minimum are as long, and its dot product does no more.
    {.name = "neoverse-v1",
     .summary = "Arm Neoverse V1 (Graviton 3): SVE and int8 matrix products",
     .triple = kArm64,
     .cpu = "neoverse-v1",
     .isa = "arm-i8mm",
     .runtime = "aarch64",
     .requiredFeatures = kNeoverseV1,
     .emulator = "qemu-aarch64 -L /usr/aarch64-linux-gnu -cpu max"},
};

std::span<const TargetRow> armLinuxTargets() {
  return kRows;
}

} // namespace edgelm
