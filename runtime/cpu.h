// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The processor check before the first generated instruction; one cpu_*.c per way to ask implements it.
#pragma once

#if defined(__x86_64__) || defined(__i386__)
#define EDGELM_CPU_X86
#elif defined(EDGELM_HOSTED) && defined(__linux__)
#define EDGELM_CPU_HWCAP
#elif defined(__ARM_ARCH_PROFILE) && __ARM_ARCH_PROFILE == 'M' && __ARM_ARCH >= 7
#define EDGELM_CPU_CORTEX_M
#elif defined(__riscv) && __riscv_xlen == 32
#define EDGELM_CPU_MISA
#endif

/// The first name in `features` (each ended by NUL, then an empty one; NULL is an empty list) that this processor or
/// its operating system does not have, or that this runtime does not know; NULL when all are there.
const char *edgelm_rt_missing_feature(const char *features);

/// Asks the system to save the registers of a matrix unit (AMX) for this process; 0 when it refuses. Hosted x86 only.
int edgelm_rt_request_tiles(void);
