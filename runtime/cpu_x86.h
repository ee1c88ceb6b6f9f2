// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The x86 features that a model may require: LLVM's name, where CPUID shows it, what the system must save.
#pragma once

/// State components in XCR0 (Intel SDM vol. 1, 13.3): the system saves these registers or the feature must not be used.
#define EDGELM_XCR0_AVX 0x6u     /* SSE, AVX */
#define EDGELM_XCR0_AVX512 0xe6u /* and opmask, ZMM_Hi256, Hi16_ZMM */
#define EDGELM_XCR0_AMX 0x60000u /* XTILECFG, XTILEDATA */

/// X(name, leaf, subleaf, register a=0 b=1 c=2 d=3, bit, xcr0). Source: Intel SDM vol. 2, CPUID; AMD APM vol. 3, E.4.
#define EDGELM_X86_FEATURES(X)                                                                                         \
  X("sse3", 1, 0, 2, 0, 0)                                                                                             \
  X("pclmul", 1, 0, 2, 1, 0)                                                                                           \
  X("ssse3", 1, 0, 2, 9, 0)                                                                                            \
  X("fma", 1, 0, 2, 12, EDGELM_XCR0_AVX)                                                                               \
  X("cx16", 1, 0, 2, 13, 0)                                                                                            \
  X("sse4.1", 1, 0, 2, 19, 0)                                                                                          \
  X("sse4.2", 1, 0, 2, 20, 0)                                                                                          \
  X("movbe", 1, 0, 2, 22, 0)                                                                                           \
  X("popcnt", 1, 0, 2, 23, 0)                                                                                          \
  X("aes", 1, 0, 2, 25, 0)                                                                                             \
  X("xsave", 1, 0, 2, 26, 0)                                                                                           \
  X("avx", 1, 0, 2, 28, EDGELM_XCR0_AVX)                                                                               \
  X("f16c", 1, 0, 2, 29, EDGELM_XCR0_AVX)                                                                              \
  X("sahf", 0x80000001u, 0, 2, 0, 0)                                                                                   \
  X("lzcnt", 0x80000001u, 0, 2, 5, 0)                                                                                  \
  X("bmi", 7, 0, 1, 3, 0)                                                                                              \
  X("avx2", 7, 0, 1, 5, EDGELM_XCR0_AVX)                                                                               \
  X("bmi2", 7, 0, 1, 8, 0)                                                                                             \
  X("avx512f", 7, 0, 1, 16, EDGELM_XCR0_AVX512)                                                                        \
  X("avx512dq", 7, 0, 1, 17, EDGELM_XCR0_AVX512)                                                                       \
  X("adx", 7, 0, 1, 19, 0)                                                                                             \
  X("avx512ifma", 7, 0, 1, 21, EDGELM_XCR0_AVX512)                                                                     \
  X("avx512cd", 7, 0, 1, 28, EDGELM_XCR0_AVX512)                                                                       \
  X("avx512bw", 7, 0, 1, 30, EDGELM_XCR0_AVX512)                                                                       \
  X("avx512vl", 7, 0, 1, 31, EDGELM_XCR0_AVX512)                                                                       \
  X("avx512vbmi", 7, 0, 2, 1, EDGELM_XCR0_AVX512)                                                                      \
  X("avx512vbmi2", 7, 0, 2, 6, EDGELM_XCR0_AVX512)                                                                     \
  X("gfni", 7, 0, 2, 8, 0)                                                                                             \
  X("vaes", 7, 0, 2, 9, EDGELM_XCR0_AVX)                                                                               \
  X("vpclmulqdq", 7, 0, 2, 10, EDGELM_XCR0_AVX)                                                                        \
  X("avx512vnni", 7, 0, 2, 11, EDGELM_XCR0_AVX512)                                                                     \
  X("avx512bitalg", 7, 0, 2, 12, EDGELM_XCR0_AVX512)                                                                   \
  X("avx512vpopcntdq", 7, 0, 2, 14, EDGELM_XCR0_AVX512)                                                                \
  X("amx-bf16", 7, 0, 3, 22, EDGELM_XCR0_AMX)                                                                          \
  X("avx512fp16", 7, 0, 3, 23, EDGELM_XCR0_AVX512)                                                                     \
  X("amx-tile", 7, 0, 3, 24, EDGELM_XCR0_AMX)                                                                          \
  X("amx-int8", 7, 0, 3, 25, EDGELM_XCR0_AMX)                                                                          \
  X("avxvnni", 7, 1, 0, 4, EDGELM_XCR0_AVX)                                                                            \
  X("avx512bf16", 7, 1, 0, 5, EDGELM_XCR0_AVX512)                                                                      \
  X("avxifma", 7, 1, 0, 23, EDGELM_XCR0_AVX)                                                                           \
  X("avxvnniint8", 7, 1, 3, 4, EDGELM_XCR0_AVX)                                                                        \
  X("avxneconvert", 7, 1, 3, 5, EDGELM_XCR0_AVX)
