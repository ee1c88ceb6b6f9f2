// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Armv8.2 with dot products (Cortex-A76, A78): sdot adds four products of bytes to each of four i32, and takes the
// activations from one lane of a register, so that two loads serve 32 columns of every output row. Codes that are not
// negative are as good as signed ones.
#include "Codegen/Isa/ArmLookup.h"
#include "Codegen/Isa/ArmSchedules.h"
#include "Codegen/Isa/Isa.h"
#include "Codegen/Kernels/Activations.h"

namespace edgelm {

static Val sdot(KernelBuilder &k, Val sum, Slices weights, Activations &x, int64_t first) {
  return k.intrinsic("llvm.aarch64.neon.sdot", sum.type(), {sum, weights(first), x.quad(first)});
}

const IsaRow kArmDot = {
    .name = "arm-dot",
    .lanes = 4,
    .panel = 16,
    .hasFma = true,
    .hasF16Convert = true,
    .hasMaskedMemory = false,
    .dot = {.ofUnsigned = {.add = sdot},
            .unsignedBits = 7,
            .ofSigned = {.add = sdot},
            .lookup = armLookup,
            .shiftsBytes = true,
            .takesLanes = true},
    .schedules = kArmSchedules,
};

} // namespace edgelm
