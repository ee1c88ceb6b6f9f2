// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The features that a model may require where Linux shows them in the auxiliary vector.
#pragma once

#define EDGELM_HWCAP 16  /* AT_HWCAP */
#define EDGELM_HWCAP2 26 /* AT_HWCAP2 */
#define EDGELM_RISCV_V_BIT ('v' - 'a')

/// X(LLVM's name, entry, bit). Sources: Linux, arch/*/include/uapi/asm/hwcap.h; a bit of RISC-V's is a letter.
#if defined(__aarch64__)
#define EDGELM_HWCAP_FEATURES(X)                                                                                       \
  X("aes", EDGELM_HWCAP, 3)                                                                                            \
  X("sha2", EDGELM_HWCAP, 6)                                                                                           \
  X("crc", EDGELM_HWCAP, 7)                                                                                            \
  X("lse", EDGELM_HWCAP, 8)                                                                                            \
  X("fullfp16", EDGELM_HWCAP, 10)                                                                                      \
  X("rdm", EDGELM_HWCAP, 12)                                                                                           \
  X("rcpc", EDGELM_HWCAP, 15)                                                                                          \
  X("dotprod", EDGELM_HWCAP, 20)                                                                                       \
  X("sve", EDGELM_HWCAP, 22)                                                                                           \
  X("fp16fml", EDGELM_HWCAP, 23)                                                                                       \
  X("sve2", EDGELM_HWCAP2, 1)                                                                                          \
  X("i8mm", EDGELM_HWCAP2, 13)                                                                                         \
  X("bf16", EDGELM_HWCAP2, 14)
#elif defined(__arm__)
#define EDGELM_HWCAP_FEATURES(X)                                                                                       \
  X("neon", EDGELM_HWCAP, 12)                                                                                          \
  X("vfp4", EDGELM_HWCAP, 16)                                                                                          \
  X("hwdiv-arm", EDGELM_HWCAP, 17)                                                                                     \
  X("hwdiv", EDGELM_HWCAP, 18)
#else
#define EDGELM_HWCAP_FEATURES(X) X("v", EDGELM_HWCAP, EDGELM_RISCV_V_BIT)
#endif
