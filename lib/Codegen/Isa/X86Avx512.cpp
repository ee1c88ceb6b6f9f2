// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// AVX-512 (x86-64-v4): 32 registers of 16 floats, an FMA can broadcast its operand from memory, every access has a
// mask. VNNI adds products of bytes.
#include "Codegen/Isa/X86Dot.h"
#include "Codegen/Isa/X86Schedules.h"

namespace edgelm {

const IsaRow kX86Avx512 = {
    .name = "x86-avx512",
    .lanes = 16,
    .panel = 32,
    .hasFma = true,
    .hasF16Convert = true,
    .hasMaskedMemory = true,
    .dot = kX86Madd,
    .schedules = kX86Avx512Schedules,
};

const IsaRow kX86Avx512Vnni = {
    .name = "x86-avx512-vnni",
    .lanes = 16,
    .panel = 32,
    .hasFma = true,
    .hasF16Convert = true,
    .hasMaskedMemory = true,
    .dot = kX86VnniDot,
    .schedules = kX86Avx512Schedules,
};

} // namespace edgelm
