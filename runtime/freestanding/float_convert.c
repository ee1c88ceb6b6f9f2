/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* Floats from integers, rounded, and integers from floats, cut off; what an integer cannot hold becomes the nearest that
 * it can, what is no number 0. */
#include "helper.h"

enum { WORD_BITS = 32, LONG_BITS = 64 };

static inline uint32_t from_u32(uint32_t sign, uint32_t value) {
  if (value == 0)
    return 0;
  const uint32_t zeros = leading_zeros(value);
  const uint32_t mantissa = shift_right_sticky(value << zeros, WORD_BITS - 1 - FRACTION_BITS - ROUND_BITS);
  return round_float(sign, EXPONENT_BIAS + WORD_BITS - 1 - (int32_t)zeros, mantissa);
}

static inline uint32_t from_u64(uint32_t sign, uint64_t value) {
  const uint32_t high = (uint32_t)(value >> WORD_BITS), low = (uint32_t)value;
  if (high == 0)
    return from_u32(sign, low);
  /* A word with the leading bits, the last of which says if anything follows; it has at least the bits of a float. */
  const uint32_t zeros = leading_zeros(high);
  const uint32_t top = zeros ? high << zeros | low >> (WORD_BITS - zeros) : high;
  const uint32_t word = top | (low << zeros != 0);
  const uint32_t mantissa = shift_right_sticky(word, WORD_BITS - 1 - FRACTION_BITS - ROUND_BITS);
  return round_float(sign, EXPONENT_BIAS + LONG_BITS - 1 - (int32_t)zeros, mantissa);
}

static inline uint32_t from_i32(int32_t value) {
  return value < 0 ? from_u32(SIGN_BIT, -(uint32_t)value) : from_u32(0, (uint32_t)value);
}

static inline uint32_t from_i64(int64_t value) {
  return value < 0 ? from_u64(SIGN_BIT, -(uint64_t)value) : from_u64(0, (uint64_t)value);
}

/* The magnitude of a number that is below 2^bits, or `most`. */
static inline uint32_t to_u32(uint32_t bits, int32_t limit, uint32_t most) {
  const int32_t exponent = exponent_of(bits) - EXPONENT_BIAS;
  if (exponent < 0 || is_nan(bits))
    return 0;
  if (exponent >= limit)
    return most;
  const uint32_t mantissa = (bits & FRACTION_MASK) | IMPLICIT_BIT;
  return exponent <= FRACTION_BITS ? mantissa >> (FRACTION_BITS - exponent) : mantissa << (exponent - FRACTION_BITS);
}

static inline uint64_t to_u64(uint32_t bits, int32_t limit, uint64_t most) {
  const int32_t exponent = exponent_of(bits) - EXPONENT_BIAS;
  if (exponent < WORD_BITS || is_nan(bits))
    return to_u32(bits, WORD_BITS, 0);
  if (exponent >= limit)
    return most;
  return (uint64_t)((bits & FRACTION_MASK) | IMPLICIT_BIT) << (exponent - FRACTION_BITS);
}

static inline int32_t to_i32(uint32_t bits) {
  if (bits & SIGN_BIT)
    return (int32_t)-to_u32(bits, WORD_BITS - 1, (uint32_t)INT32_MAX + 1);
  return (int32_t)to_u32(bits, WORD_BITS - 1, INT32_MAX);
}

static inline int64_t to_i64(uint32_t bits) {
  if (bits & SIGN_BIT)
    return (int64_t)-to_u64(bits, LONG_BITS - 1, (uint64_t)INT64_MAX + 1);
  return (int64_t)to_u64(bits, LONG_BITS - 1, INT64_MAX);
}

#define CONVERSION(result, name, parameter, value)                                                                     \
  result HELPER(name)(parameter from) {                                                                                \
    return value;                                                                                                      \
  }
#define CONVERSIONS(i2f, ui2f, l2f, ul2f, f2iz, f2uiz, f2lz, f2ulz)                                                    \
  CONVERSION(uint32_t, i2f, int32_t, from_i32(from))                                                                   \
  CONVERSION(uint32_t, ui2f, uint32_t, from_u32(0, from))                                                              \
  CONVERSION(uint32_t, l2f, int64_t, from_i64(from))                                                                   \
  CONVERSION(uint32_t, ul2f, uint64_t, from_u64(0, from))                                                              \
  CONVERSION(int32_t, f2iz, uint32_t, to_i32(from))                                                                    \
  CONVERSION(uint32_t, f2uiz, uint32_t, from &SIGN_BIT ? 0 : to_u32(from, WORD_BITS, UINT32_MAX))                      \
  CONVERSION(int64_t, f2lz, uint32_t, to_i64(from))                                                                    \
  CONVERSION(uint64_t, f2ulz, uint32_t, from &SIGN_BIT ? 0 : to_u64(from, LONG_BITS, UINT64_MAX))

#ifdef HELPER_NAMES_GNU
CONVERSIONS(__floatsisf, __floatunsisf, __floatdisf, __floatundisf, __fixsfsi, __fixunssfsi, __fixsfdi, __fixunssfdi)
#endif
#ifdef HELPER_NAMES_ARM
CONVERSIONS(__aeabi_i2f, __aeabi_ui2f, __aeabi_l2f, __aeabi_ul2f, __aeabi_f2iz, __aeabi_f2uiz, __aeabi_f2lz,
            __aeabi_f2ulz)
#endif
