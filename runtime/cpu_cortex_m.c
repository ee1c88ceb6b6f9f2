// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Cortex-M: the identification registers, and whether the program has switched floating point on, without which its
// instructions are faults. They answer to privileged code only (edgelm-compile --no-cpu-check).
#include "cpu.h"

#ifdef EDGELM_CPU_CORTEX_M
#include "cpu_names.h"

// Arm v8-M Architecture Reference Manual, D1.2: registers of the System Control Space, where v7-M has its own too.
enum { CPUID = 0, ID_ISAR3 = 0x6c, CPACR = 0x88, MVFR0 = 0x240, MVFR1 = 0x244, MVFR2 = 0x248 };
enum { CORTEX_M4 = 0xc24 }; // part number in CPUID

typedef struct {
  char name[16]; // LLVM's
  uint16_t offset;
  uint8_t shift, least; // the register's field of four bits
  uint8_t is_float;
} feature;

static const feature features_known[] = {
    {"dsp", ID_ISAR3, 4, 3, 0},      {"vfp4d16sp", MVFR1, 28, 1, 1}, {"fp-armv8d16sp", MVFR2, 4, 4, 1},
    {"fp-armv8d16", MVFR0, 8, 2, 1}, {"mve", MVFR1, 8, 1, 1},        {"mve.fp", MVFR1, 8, 2, 1},
};

static uint32_t read(uint32_t offset) {
  return *(const volatile uint32_t *)(uintptr_t)(0xe000ed00 + offset);
}

static int has(const void *row) {
  const feature *f = row;
  // Coprocessors 10 and 11, two bits each.
  if (f->is_float && (read(CPACR) >> 20 & 0xf) != 0xf)
    return 0;
  // QEMU's Cortex-M4 shows the ID_ISAR3 of a Cortex-M3.
  return (read(f->offset) >> f->shift & 0xf) >= f->least ||
         (f->offset == ID_ISAR3 && (read(CPUID) >> 4 & 0xfff) == CORTEX_M4);
}

const char *edgelm_rt_missing_feature(const char *features) {
  return EDGELM_FIRST_MISSING(features, features_known, has);
}
#endif
