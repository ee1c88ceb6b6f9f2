// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RISC-V without an operating system: misa, which only machine mode may read (edgelm-compile --no-cpu-check).
#include "cpu.h"

#ifdef EDGELM_CPU_MISA
#include "cpu_names.h"

const char *edgelm_rt_missing_feature(const char *features) {
  uint32_t misa;
  __asm__ volatile("csrr %0, misa" : "=r"(misa));
  // A processor that does not say what it has (RISC-V Privileged Architecture, 3.1.1) is believed.
  for (const char *name = features; misa && name && *name; name += 2)
    if (name[1] || !(misa >> (*name - 'a') & 1))
      return name;
  return NULL;
}
#endif
