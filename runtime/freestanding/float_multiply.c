/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* Products and quotients of floats. */
#include "helper.h"

/* Not the exponent of an ordinary number. */
static inline int is_special(int32_t exponent) {
  return (uint32_t)(exponent - 1) >= EXPONENT_LIMIT - 1;
}

/* A factor as mantissa * 2^exponent with the mantissa's leading bit at FRACTION_BITS, also of a subnormal number. */
struct factor {
  int32_t exponent;
  uint32_t mantissa;
};

static inline struct factor ordinary(uint32_t bits) {
  return (struct factor){exponent_of(bits), (bits & FRACTION_MASK) | IMPLICIT_BIT};
}

static inline struct factor normalise(uint32_t bits) {
  struct factor factor = ordinary(bits);
  if (factor.exponent == 0) {
    const uint32_t shift = leading_zeros(bits & FRACTION_MASK) - (31 - FRACTION_BITS);
    factor.exponent = 1 - (int32_t)shift;
    factor.mantissa = (bits & FRACTION_MASK) << shift;
  }
  return factor;
}

RARELY uint32_t round_extreme(uint32_t sign, int32_t exponent, uint32_t mantissa) {
  if (exponent < 1) {
    mantissa = shift_right_sticky(mantissa, (uint32_t)(1 - exponent));
    exponent = 1;
  }
  return round_float(sign, exponent, mantissa);
}

/* Rounds a mantissa whose leading bit is where round_float wants it, also where the exponent is none of a float's. */
static inline uint32_t round_any(uint32_t sign, int32_t exponent, uint32_t mantissa) {
  return is_special(exponent) ? round_extreme(sign, exponent, mantissa) : round_float(sign, exponent, mantissa);
}

/* a * b / 2^20 of two mantissas, its last bit set where anything is left. */
static inline uint32_t multiply_mantissas(uint32_t a, uint32_t b) {
#if defined(__ARM_ARCH_6M__) || defined(EDGELM_HELPER_PARTS)
  /* There is no product of 64 bits: parts of 8 and 16 bits. */
  const uint32_t ah = a >> 16, al = a & 0xffff, bh = b >> 16, bl = b & 0xffff;
  const uint32_t low = al * bl, middle = ah * bl + al * bh + (low >> 16);
  return ((ah * bh) << 12) + (middle >> 4) | (((middle & 15) | (low & 0xffff)) != 0);
#else
  const uint64_t product = (uint64_t)(a << 6) * (b << 6);
  return (uint32_t)(product >> 32) | ((uint32_t)product != 0);
#endif
}

static inline uint32_t multiply_factors(uint32_t sign, struct factor f, struct factor g) {
  uint32_t mantissa = multiply_mantissas(f.mantissa, g.mantissa);
  int32_t exponent = f.exponent + g.exponent - EXPONENT_BIAS;
  if (mantissa >= IMPLICIT_BIT << (ROUND_BITS + 1)) {
    mantissa = mantissa >> 1 | (mantissa & 1);
    ++exponent;
  }
  return round_any(sign, exponent, mantissa);
}

RARELY uint32_t multiply_special(uint32_t a, uint32_t b) {
  const uint32_t sign = (a ^ b) & SIGN_BIT;
  if (is_nan(a) || is_nan(b))
    return (is_nan(a) ? a : b) | QUIET_NAN;
  const int isInfinite = exponent_of(a) == EXPONENT_LIMIT || exponent_of(b) == EXPONENT_LIMIT;
  if (a << 1 == 0 || b << 1 == 0)
    return isInfinite ? QUIET_NAN : sign;
  if (isInfinite)
    return sign | INFINITY_BITS;
  return multiply_factors(sign, normalise(a), normalise(b));
}

static inline uint32_t multiply(uint32_t a, uint32_t b) {
  if (is_special(exponent_of(a)) || is_special(exponent_of(b)))
    return multiply_special(a, b);
  return multiply_factors((a ^ b) & SIGN_BIT, ordinary(a), ordinary(b));
}

/* a * 2^26 / b for b <= a < 2b, its last bit set where anything is left. */
static inline uint32_t divide_mantissas(uint32_t a, uint32_t b) {
  enum { QUOTIENT_BITS = FRACTION_BITS + ROUND_BITS };
  uint32_t quotient = 1, rest = a - b;
#if defined(__ARM_FEATURE_IDIV) || defined(__riscv_div) || (!defined(__arm__) && !defined(EDGELM_HELPER_PARTS))
  enum { STEP = 8 }; /* a rest of 24 bits and as many more as a word has */
  int32_t bits = QUOTIENT_BITS;
  for (; bits >= STEP; bits -= STEP) {
    const uint32_t digit = (rest << STEP) / b;
    rest = (rest << STEP) - digit * b;
    quotient = quotient << STEP | digit;
  }
  const uint32_t digit = (rest << bits) / b;
  rest = (rest << bits) - digit * b;
  quotient = quotient << bits | digit;
#else
  for (int32_t bits = QUOTIENT_BITS; bits; --bits) {
    rest <<= 1;
    quotient <<= 1;
    if (rest >= b) {
      rest -= b;
      ++quotient;
    }
  }
#endif
  return quotient | (rest != 0);
}

static inline uint32_t divide_factors(uint32_t sign, struct factor f, struct factor g) {
  int32_t exponent = f.exponent - g.exponent + EXPONENT_BIAS;
  if (f.mantissa < g.mantissa) {
    f.mantissa <<= 1;
    --exponent;
  }
  return round_any(sign, exponent, divide_mantissas(f.mantissa, g.mantissa));
}

static inline uint32_t divide(uint32_t a, uint32_t b) {
  const uint32_t sign = (a ^ b) & SIGN_BIT;
  if (is_special(exponent_of(a)) || is_special(exponent_of(b))) {
    if (is_nan(a) || is_nan(b))
      return (is_nan(a) ? a : b) | QUIET_NAN;
    if (exponent_of(a) == EXPONENT_LIMIT)
      return exponent_of(b) == EXPONENT_LIMIT ? QUIET_NAN : sign | INFINITY_BITS;
    if (exponent_of(b) == EXPONENT_LIMIT)
      return sign;
    if (b << 1 == 0)
      return a << 1 == 0 ? QUIET_NAN : sign | INFINITY_BITS;
    if (a << 1 == 0)
      return sign;
    return divide_factors(sign, normalise(a), normalise(b));
  }
  return divide_factors(sign, ordinary(a), ordinary(b));
}

#ifdef HELPER_NAMES_GNU
uint32_t HELPER(__mulsf3)(uint32_t a, uint32_t b) {
  return multiply(a, b);
}
uint32_t HELPER(__divsf3)(uint32_t a, uint32_t b) {
  return divide(a, b);
}
#endif
#ifdef HELPER_NAMES_ARM
uint32_t HELPER(__aeabi_fmul)(uint32_t a, uint32_t b) {
  return multiply(a, b);
}
uint32_t HELPER(__aeabi_fdiv)(uint32_t a, uint32_t b) {
  return divide(a, b);
}
#endif
