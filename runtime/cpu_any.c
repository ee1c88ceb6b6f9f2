// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Where nobody can be asked: only a model that requires nothing runs.
#include "cpu.h"

#if !defined(EDGELM_CPU_X86) && !defined(EDGELM_CPU_HWCAP) && !defined(EDGELM_CPU_CORTEX_M) && !defined(EDGELM_CPU_MISA)
const char *edgelm_rt_missing_feature(const char *features) {
  return features && *features ? features : 0;
}
#endif
