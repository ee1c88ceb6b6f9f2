// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Architectures without a check of their own: only a model that requires nothing runs.
#include "cpu.h"

#if !defined(__x86_64__) && !defined(__i386__)
const char *edgelm_rt_missing_feature(const char *features) {
  return features && *features ? features : 0;
}
#endif
