// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// ARM and RISC-V under Linux: the kernel says in the auxiliary vector what the processor has and what it saves.
#include "../cpu.h"

#ifdef EDGELM_CPU_HWCAP
#include "../cpu_names.h"
#include "cpu_hwcap.h"
#include <sys/auxv.h>

typedef struct {
  char name[12];
  unsigned long vector; // which entry of the auxiliary vector
  uint8_t bit;
} feature;

#define EDGELM_FEATURE_ROW(name, vector, bit) {name, vector, bit},
static const feature features_known[] = {EDGELM_HWCAP_FEATURES(EDGELM_FEATURE_ROW)};

#if defined(__riscv)
// Kernels are made for vector registers of at least 128 bits, which the V extension asks for but Zve32x does not.
// Without V the register may not be read.
static int registers_suffice(void) {
  unsigned long bytes;
  __asm__ volatile("csrr %0, 0xc22" : "=r"(bytes)); // vlenb
  return bytes >= 16;
}
#endif

static int has(const void *row) {
  const feature *f = row;
  if (!(getauxval(f->vector) >> f->bit & 1))
    return 0;
#if defined(__riscv)
  if (f->bit == EDGELM_RISCV_V_BIT)
    return registers_suffice();
#endif
  return 1;
}

const char *edgelm_rt_missing_feature(const char *features) {
  return EDGELM_FIRST_MISSING(features, features_known, has);
}
#endif
