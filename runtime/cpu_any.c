// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Where nobody can be asked (hosted/cpu_hwcap.c asks Linux): only a model that requires nothing runs.
#include "cpu.h"

#if !defined(__x86_64__) && !defined(__i386__) && !(defined(EDGELM_HOSTED) && defined(__linux__))
const char *edgelm_rt_missing_feature(const char *features) {
  return features && *features ? features : 0;
}
#endif
