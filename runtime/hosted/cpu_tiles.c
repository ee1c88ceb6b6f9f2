// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Linux saves the tiles of AMX only for processes that asked for it (Documentation/arch/x86/xstate.rst).
#include "../cpu.h"

#if defined(__linux__) && defined(__x86_64__)
enum {
  SYS_ARCH_PRCTL = 158,
  ARCH_REQ_XCOMP_PERM = 0x1023,
  XFEATURE_XTILEDATA = 18,
};

int edgelm_rt_request_tiles(void) {
  long result;
  // Without the C library's function, which not every one has. A kernel that does not know the request refuses it.
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "0"((long)SYS_ARCH_PRCTL), "D"((long)ARCH_REQ_XCOMP_PERM), "S"((long)XFEATURE_XTILEDATA)
                   : "rcx", "r11", "memory");
  return result == 0;
}
#endif
