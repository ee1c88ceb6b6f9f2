/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* Sums and differences of floats. */
#include "helper.h"

/* Of two values of which one is infinite or no number; |a| >= |b|. */
RARELY uint32_t add_special(uint32_t a, uint32_t b) {
  if (is_nan(a))
    return a | QUIET_NAN;
  return (b & ~SIGN_BIT) == INFINITY_BITS && ((a ^ b) & SIGN_BIT) ? QUIET_NAN : a;
}

/* Puts the leading bit of a difference where round_float wants it, as far as the exponent allows. */
RARELY uint32_t round_difference(uint32_t sign, int32_t exponent, uint32_t mantissa) {
  int32_t shift = (int32_t)leading_zeros(mantissa) - (31 - FRACTION_BITS - ROUND_BITS);
  if (shift >= exponent)
    shift = exponent - 1;
  return round_float(sign, exponent - shift, mantissa << shift);
}

__attribute__((always_inline)) static inline uint32_t add(uint32_t a, uint32_t b) {
  if (a << 1 < b << 1) {
    const uint32_t larger = b;
    b = a;
    a = larger;
  }
  const uint32_t sign = a & SIGN_BIT;
  int32_t exponent = exponent_of(a), other = exponent_of(b);
  uint32_t mantissa = (a & FRACTION_MASK) | IMPLICIT_BIT, addend = (b & FRACTION_MASK) | IMPLICIT_BIT;
  if (exponent == EXPONENT_LIMIT)
    return add_special(a, b);
  if (other == 0) { /* zero or subnormal */
    addend -= IMPLICIT_BIT;
    if (addend == 0)
      return a << 1 ? a : a & b; /* -0 is only the sum of two -0 */
    other = 1;
    if (exponent == 0) {
      mantissa -= IMPLICIT_BIT;
      exponent = 1;
    }
  }
  mantissa <<= ROUND_BITS;
  addend = shift_right_sticky(addend << ROUND_BITS, (uint32_t)(exponent - other));
  if ((a ^ b) & SIGN_BIT) {
    mantissa -= addend;
    if (mantissa == 0)
      return 0;
    if (mantissa < IMPLICIT_BIT << (ROUND_BITS - 1) || exponent == 1)
      return round_difference(sign, exponent, mantissa);
    if (mantissa < IMPLICIT_BIT << ROUND_BITS) {
      mantissa <<= 1;
      --exponent;
    }
    return round_float(sign, exponent, mantissa);
  }
  mantissa += addend;
  if (mantissa >= IMPLICIT_BIT << (ROUND_BITS + 1)) {
    mantissa = mantissa >> 1 | (mantissa & 1);
    ++exponent;
  }
  return round_float(sign, exponent, mantissa);
}

#ifdef HELPER_NAMES_GNU
uint32_t HELPER(__addsf3)(uint32_t a, uint32_t b) {
  return add(a, b);
}
uint32_t HELPER(__subsf3)(uint32_t a, uint32_t b) {
  return OTHER_HELPER(__addsf3)(a, b ^ SIGN_BIT);
}
#endif
#ifdef HELPER_NAMES_ARM
uint32_t HELPER(__aeabi_fadd)(uint32_t a, uint32_t b) {
  return add(a, b);
}
uint32_t HELPER(__aeabi_fsub)(uint32_t a, uint32_t b) {
  return OTHER_HELPER(__aeabi_fadd)(a, b ^ SIGN_BIT);
}
uint32_t HELPER(__aeabi_frsub)(uint32_t a, uint32_t b) {
  return OTHER_HELPER(__aeabi_fadd)(b, a ^ SIGN_BIT);
}
#endif
