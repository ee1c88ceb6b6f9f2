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

/* What is rarely called stays out of the way of what is often. */
#define RARELY __attribute__((noinline, cold)) static

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
  if (shift > 31)
    return value != 0;
  const uint32_t kept = value >> shift;
  return kept << shift == value ? kept : kept | 1;
}

static inline uint32_t leading_zeros(uint32_t value) {
#if defined(__ARM_FEATURE_CLZ) || (!defined(__arm__) && !defined(EDGELM_HELPER_PARTS))
  return (uint32_t)__builtin_clz(value);
#else
  uint32_t zeros = 0;
#define SKIP_ZEROS(bits)                                                                                               \
  if (!(value >> (32 - (bits))))                                                                                       \
  zeros += (bits), value <<= (bits)
  SKIP_ZEROS(16);
  SKIP_ZEROS(8);
  SKIP_ZEROS(4);
  SKIP_ZEROS(2);
#undef SKIP_ZEROS
  return zeros + !(value >> 31);
#endif
}

/* The float sign * mantissa * 2^(exponent - EXPONENT_BIAS - FRACTION_BITS - ROUND_BITS). The mantissa's leading bit is
 * FRACTION_BITS + ROUND_BITS, or below where the exponent is 1, the least. */
static inline uint32_t round_float(uint32_t sign, int32_t exponent, uint32_t mantissa) {
  if (exponent >= EXPONENT_LIMIT)
    return sign | INFINITY_BITS;
  /* Just below a half, and a half where the last bit is odd; what carries into the exponent belongs there. */
  const uint32_t below = (1u << (ROUND_BITS - 1)) - 1, odd = mantissa >> ROUND_BITS & 1;
  return sign | (((uint32_t)(exponent - 1) << FRACTION_BITS) + ((mantissa + below + odd) >> ROUND_BITS));
}
