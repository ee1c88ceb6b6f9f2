// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Cortex-M: the identification registers, and whether the program has switched floating point on, without which its
// instructions are faults. They answer to privileged code only (edgelm-compile --no-cpu-check).
#include "cpu.h"

#ifdef EDGELM_CPU_CORTEX_M
#include <stddef.h>
#include <stdint.h>

// Arm v8-M Architecture Reference Manual, D1.2: registers of the System Control Space, where v7-M has its own too.
enum { CPUID = 0, ID_ISAR3 = 0x6c, CPACR = 0x88, MVFR1 = 0x244, MVFR2 = 0x248 };
enum { CORTEX_M4 = 0xc24 }; // part number in CPUID

static uint32_t field(uint32_t offset, uint32_t shift, uint32_t mask) {
  return *(const volatile uint32_t *)(uintptr_t)(0xe000ed00 + offset) >> shift & mask;
}

// The second letter tells the features apart that rows of the target table name: a table of names is too long here.
static int has(const char *name) {
  // QEMU's Cortex-M4 shows the ID_ISAR3 of a Cortex-M3.
  if (name[1] == 's') // dsp
    return field(ID_ISAR3, 4, 0xf) >= 3 || field(CPUID, 4, 0xfff) == CORTEX_M4;
  if (field(CPACR, 20, 0xf) != 0xf) // coprocessors 10 and 11, two bits each
    return 0;
  switch (name[1]) {
  case 'f': // vfp4d16sp
    return field(MVFR1, 28, 0xf) != 0;
  case 'p': // fp-armv8d16sp
    return field(MVFR2, 4, 0xf) >= 4;
  case 'v': // mve.fp
    return field(MVFR1, 8, 0xf) >= 2;
  }
  return 0;
}

const char *edgelm_rt_missing_feature(const char *features) {
  // One loop: of one that looks for the end of a name LLVM would make a call of strlen.
  int starts = 1;
  for (const char *name = features; name && (*name || !starts); ++name) {
    if (starts && !has(name))
      return name;
    starts = !*name;
  }
  return NULL;
}
#endif
