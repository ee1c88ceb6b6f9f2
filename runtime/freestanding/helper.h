/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* What the helpers of a freestanding product share: their names, their linkage, the parts of a 32-bit float.
 *
 * A compiler calls these functions for what its processor has no instruction for. They are weak, so that those of a C
 * library or of a compiler take their place where a program has them, and each lies in its own section. Floats are passed
 * as their bits: on the targets that call these functions they travel in integer registers (Arm's run-time ABI, ilp32),
 * and no operation on floats can make a helper call itself. Rounding is to nearest, ties to even. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Names of GCC's library and, where they differ, of Arm's run-time ABI. The tests call both beside the host's own,
 * with the prefix EDGELM_HELPER_TEST, and with EDGELM_HELPER_PARTS as on a processor without wide products, division and
 * a count of leading zeros. */
#if defined(EDGELM_HELPER_TEST)
#define HELPER_JOINED(prefix, name) prefix##name
#define HELPER_PREFIXED(prefix, name) HELPER_JOINED(prefix, name)
#define HELPER(name) HELPER_PREFIXED(EDGELM_HELPER_TEST, name)
#define OTHER_HELPER(name) HELPER(name)
#else
#define HELPER(name) __attribute__((weak)) name
#define OTHER_HELPER(name) name /* or what takes its place in a program */
#endif
#if defined(EDGELM_HELPER_TEST) || defined(__arm__)
#define HELPER_NAMES_ARM 1
#endif
#if defined(EDGELM_HELPER_TEST) || !defined(__arm__)
#define HELPER_NAMES_GNU 1
#endif

enum { EXPONENT_BIAS = 127, EXPONENT_LIMIT = 255, FRACTION_BITS = 23 };
#define SIGN_BIT UINT32_C(0x80000000)
#define IMPLICIT_BIT UINT32_C(0x00800000)
#define FRACTION_MASK UINT32_C(0x007fffff)
#define INFINITY_BITS UINT32_C(0x7f800000)
#define QUIET_NAN UINT32_C(0x7fc00000)

/* Bits below the last of a result that rounding looks at: two of the value, and one that says if anything follows. */
enum { ROUND_BITS = 3 };

static inline int32_t exponent_of(uint32_t bits) {
  return (int32_t)(bits >> FRACTION_BITS & EXPONENT_LIMIT);
}

static inline int is_nan(uint32_t bits) {
  return bits << 1 > INFINITY_BITS << 1;
}

static inline uint32_t shift_right_sticky(uint32_t value, uint32_t shift) {
  if (shift == 0)
    return value;
  return shift > 31 ? value != 0 : value >> shift | (value << (32 - shift) != 0);
}

static inline uint32_t leading_zeros(uint32_t value) {
#if defined(__ARM_FEATURE_CLZ) || (!defined(__arm__) && !defined(EDGELM_HELPER_PARTS))
  return (uint32_t)__builtin_clz(value);
#else
  uint32_t zeros = 0;
  for (uint32_t step = 16; step; step >>= 1)
    if (!(value >> (32 - step))) {
      zeros += step;
      value <<= step;
    }
  return zeros;
#endif
}

/* The float sign * mantissa * 2^(exponent - EXPONENT_BIAS - FRACTION_BITS - ROUND_BITS). The mantissa's leading bit is
 * FRACTION_BITS + ROUND_BITS, or below where the exponent is 1, the least. */
static inline uint32_t round_float(uint32_t sign, int32_t exponent, uint32_t mantissa) {
  if (exponent >= EXPONENT_LIMIT)
    return sign | INFINITY_BITS;
  const uint32_t rest = mantissa & ((1u << ROUND_BITS) - 1), half = 1u << (ROUND_BITS - 1);
  uint32_t bits = ((uint32_t)(exponent - 1) << FRACTION_BITS) + (mantissa >> ROUND_BITS);
  if (rest > half || (rest == half && (bits & 1)))
    ++bits; /* may carry into the exponent, which is right */
  return sign | bits;
}
