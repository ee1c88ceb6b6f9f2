// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// x86: CPUID shows what the processor has, XGETBV which registers the operating system saves; both must agree.
#include "cpu.h"

#ifdef EDGELM_CPU_X86
#include "cpu_names.h"
#include "cpu_x86.h"
#include <cpuid.h>

typedef struct {
  char name[16];
  uint32_t leaf;
  uint8_t subleaf;
  uint8_t reg;
  uint8_t bit;
  uint32_t xcr0;
} feature;

#define EDGELM_FEATURE_ROW(name, leaf, subleaf, reg, bit, xcr0) {name, leaf, subleaf, reg, bit, xcr0},
static const feature features_known[] = {EDGELM_X86_FEATURES(EDGELM_FEATURE_ROW)};

// XGETBV may only run when OSXSAVE (leaf 1, ecx bit 27) is set; without it the system saves only SSE.
static uint32_t saved_registers(void) {
  uint32_t a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & (1u << 27)))
    return 0;
  __asm__ volatile("xgetbv" : "=a"(a), "=d"(d) : "c"(0));
  return a;
}

// Whether the system lets this process use the feature's registers; where there is none, they belong to the program.
static int is_permitted(const feature *f) {
#if defined(EDGELM_HOSTED) && defined(__linux__) && defined(__x86_64__)
  if (f->xcr0 & EDGELM_XCR0_AMX)
    return edgelm_rt_request_tiles();
#endif
  (void)f;
  return 1;
}

static int has(const void *row) {
  const feature *f = row;
  uint32_t registers[4];
  if (!__get_cpuid_count(f->leaf, f->subleaf, &registers[0], &registers[1], &registers[2], &registers[3]))
    return 0;
  if (!(registers[f->reg] >> f->bit & 1))
    return 0;
  return (saved_registers() & f->xcr0) == f->xcr0 && is_permitted(f);
}

const char *edgelm_rt_missing_feature(const char *features) {
  return EDGELM_FIRST_MISSING(features, features_known, has);
}
#endif
