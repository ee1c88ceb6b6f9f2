// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// 64-bit RISC-V boards under Linux.
#include "Dialect/Targets/Rows.h"

namespace edgelm {

static constexpr std::string_view kLinux = "riscv64-unknown-linux-gnu";

// Only extensions that HWCAP shows are used: those of several letters need a system call that not every kernel has.
static constexpr TargetRow kRows[] = {
    {.name = "visionfive2",
     .summary = "StarFive VisionFive 2 (SiFive U74), rv64gc",
     .triple = kLinux,
     .cpu = "generic-rv64",
     .tuneCpu = "sifive-u74",
     .features = "+m,+a,+f,+d,+c",
     .abi = "lp64d",
     .isa = "scalar-fma",
     .runtime = "riscv64-lp64d",
     .emulator = "qemu-riscv64 -L /usr/riscv64-linux-gnu -cpu rv64"},
    // Vectors of the 128 bits that the V extension guarantees: the same results at any VLEN.
    {.name = "bpi-f3",
     .summary = "Banana Pi F3 (SpacemiT X60) and others with rv64gcv",
     .triple = kLinux,
     .cpu = "generic-rv64",
     .tuneCpu = "spacemit-x60",
     .features = "+m,+a,+f,+d,+c,+v",
     .abi = "lp64d",
     .isa = "riscv-v",
     .runtime = "riscv64-lp64d",
     .requiredFeatures = "v",
     .emulator = "qemu-riscv64 -L /usr/riscv64-linux-gnu -cpu rv64,v=true,vlen=256,vext_spec=v1.0"},
};

std::span<const TargetRow> riscvLinuxTargets() {
  return kRows;
}

} // namespace edgelm
