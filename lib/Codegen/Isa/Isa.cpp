// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Lists the rows of the ISA table, each of which lives in its own file.
#include "Codegen/Isa/Isa.h"

namespace edgelm {

static const IsaRow *const kIsas[] = {&kScalar,  &kScalarFma,  &kSmall,     &kCortexMDsp,    &kHelium, &kX86Sse42,
                                      &kX86Avx2, &kX86AvxVnni, &kX86Avx512, &kX86Avx512Vnni, &kX86Amx, &kArmNeon,
                                      &kArmDot,  &kArmI8mm,    &kArmv7Neon, &kRiscvV};

std::span<const IsaRow *const> isaTable() {
  return kIsas;
}

const IsaRow *findIsa(std::string_view name) {
  for (const IsaRow *row : kIsas)
    if (row->name == name)
      return row;
  return nullptr;
}

} // namespace edgelm
