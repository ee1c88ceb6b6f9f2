/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* Integers that are wider than the processor's, and division where it has none. Division by zero gives 0 and leaves the
 * dividend. Each function is made of operations on single words, so that none needs another helper. */
#include "helper.h"

enum { BITS = 32 };

static inline uint64_t join(uint32_t low, uint32_t high) {
  return (uint64_t)high << BITS | low;
}
static inline uint32_t low_word(uint64_t value) {
  return (uint32_t)value;
}
static inline uint32_t high_word(uint64_t value) {
  return (uint32_t)(value >> BITS);
}

/* All 64 bits of a product of two words, by halves of words. */
static inline uint64_t multiply_words(uint32_t a, uint32_t b) {
  const uint32_t ah = a >> 16, al = a & 0xffff, bh = b >> 16, bl = b & 0xffff;
  const uint32_t low = al * bl, cross = ah * bl + (low >> 16), middle = al * bh + (cross & 0xffff);
  return join(middle << 16 | (low & 0xffff), ah * bh + (cross >> 16) + (middle >> 16));
}

static inline uint64_t multiply(uint64_t a, uint64_t b) {
  const uint64_t words = multiply_words(low_word(a), low_word(b));
  const uint32_t high = high_word(words) + low_word(a) * high_word(b) + high_word(a) * low_word(b);
  return join(low_word(words), high);
}

/* Shifts by less than 64. */
static inline uint64_t shift_left(uint64_t value, uint32_t by) {
  const uint32_t low = low_word(value), high = high_word(value);
  if (by >= BITS)
    return join(0, low << (by - BITS));
  return by ? join(low << by, high << by | low >> (BITS - by)) : value;
}

static inline uint64_t shift_right(uint64_t value, uint32_t by, uint32_t fill) {
  const uint32_t low = low_word(value), high = high_word(value);
  if (by == 0)
    return value;
  if (by < BITS)
    return join(low >> by | high << (BITS - by), high >> by | fill << (BITS - by));
  if (by == BITS)
    return join(high, fill);
  return join(high >> (by - BITS) | fill << (2 * BITS - by), fill);
}

static inline uint64_t shift_right_signed(uint64_t value, uint32_t by) {
  return shift_right(value, by, high_word(value) >> (BITS - 1) ? UINT32_MAX : 0);
}

struct quotient32 {
  uint32_t quotient, rest;
};

static inline struct quotient32 divide32(uint32_t a, uint32_t b) {
  struct quotient32 result = {0, a};
  if (b == 0 || b > a)
    return result;
  uint32_t bit = 1;
  for (; !(b >> (BITS - 1)) && b << 1 <= a; b <<= 1)
    bit <<= 1;
  for (; bit; bit >>= 1, b >>= 1)
    if (result.rest >= b) {
      result.rest -= b;
      result.quotient |= bit;
    }
  return result;
}

static inline struct quotient32 divide32_signed(int32_t a, int32_t b) {
  struct quotient32 result = divide32(a < 0 ? -(uint32_t)a : (uint32_t)a, b < 0 ? -(uint32_t)b : (uint32_t)b);
  if ((a ^ b) < 0)
    result.quotient = -result.quotient;
  if (a < 0)
    result.rest = -result.rest;
  return result;
}

struct quotient64 {
  uint64_t quotient, rest;
};

static inline struct quotient64 divide64(uint64_t a, uint64_t b) {
  struct quotient64 result = {0, a};
  if (b == 0)
    return result;
  result.rest = 0;
  for (uint32_t left = 2 * BITS; left; --left) {
    const uint32_t top = high_word(a) >> (BITS - 1), carry = high_word(result.rest) >> (BITS - 1);
    a += a;
    result.rest += result.rest + top;
    result.quotient += result.quotient;
    if (carry || result.rest >= b) {
      result.rest -= b;
      ++result.quotient;
    }
  }
  return result;
}

static inline struct quotient64 divide64_signed(int64_t a, int64_t b) {
  struct quotient64 result = divide64(a < 0 ? -(uint64_t)a : (uint64_t)a, b < 0 ? -(uint64_t)b : (uint64_t)b);
  if ((a ^ b) < 0)
    result.quotient = -result.quotient;
  if (a < 0)
    result.rest = -result.rest;
  return result;
}

#ifdef HELPER_NAMES_GNU
uint64_t HELPER(__muldi3)(uint64_t a, uint64_t b) {
  return multiply(a, b);
}
uint64_t HELPER(__ashldi3)(uint64_t value, int32_t by) {
  return shift_left(value, (uint32_t)by);
}
uint64_t HELPER(__lshrdi3)(uint64_t value, int32_t by) {
  return shift_right(value, (uint32_t)by, 0);
}
int64_t HELPER(__ashrdi3)(int64_t value, int32_t by) {
  return (int64_t)shift_right_signed((uint64_t)value, (uint32_t)by);
}
uint32_t HELPER(__udivsi3)(uint32_t a, uint32_t b) {
  return divide32(a, b).quotient;
}
uint32_t HELPER(__umodsi3)(uint32_t a, uint32_t b) {
  return divide32(a, b).rest;
}
int32_t HELPER(__divsi3)(int32_t a, int32_t b) {
  return (int32_t)divide32_signed(a, b).quotient;
}
int32_t HELPER(__modsi3)(int32_t a, int32_t b) {
  return (int32_t)divide32_signed(a, b).rest;
}
uint64_t HELPER(__udivdi3)(uint64_t a, uint64_t b) {
  return divide64(a, b).quotient;
}
uint64_t HELPER(__umoddi3)(uint64_t a, uint64_t b) {
  return divide64(a, b).rest;
}
int64_t HELPER(__divdi3)(int64_t a, int64_t b) {
  return (int64_t)divide64_signed(a, b).quotient;
}
int64_t HELPER(__moddi3)(int64_t a, int64_t b) {
  return (int64_t)divide64_signed(a, b).rest;
}
#endif

#ifdef HELPER_NAMES_ARM
/* Quotient and rest come back in r0 and r1, or in r0 to r3: where the base standard returns two words and a vector. */
#if defined(__arm__)
#define IN_CORE_REGISTERS __attribute__((pcs("aapcs")))
#else
#define IN_CORE_REGISTERS
#endif
typedef uint64_t pair64 __attribute__((vector_size(16)));

uint64_t HELPER(__aeabi_lmul)(uint64_t a, uint64_t b) {
  return multiply(a, b);
}
uint64_t HELPER(__aeabi_llsl)(uint64_t value, int32_t by) {
  return shift_left(value, (uint32_t)by);
}
uint64_t HELPER(__aeabi_llsr)(uint64_t value, int32_t by) {
  return shift_right(value, (uint32_t)by, 0);
}
int64_t HELPER(__aeabi_lasr)(int64_t value, int32_t by) {
  return (int64_t)shift_right_signed((uint64_t)value, (uint32_t)by);
}
uint32_t HELPER(__aeabi_uidiv)(uint32_t a, uint32_t b) {
  return divide32(a, b).quotient;
}
int32_t HELPER(__aeabi_idiv)(int32_t a, int32_t b) {
  return (int32_t)divide32_signed(a, b).quotient;
}
uint64_t HELPER(__aeabi_uidivmod)(uint32_t a, uint32_t b) {
  const struct quotient32 result = divide32(a, b);
  return join(result.quotient, result.rest);
}
uint64_t HELPER(__aeabi_idivmod)(int32_t a, int32_t b) {
  const struct quotient32 result = divide32_signed(a, b);
  return join(result.quotient, result.rest);
}
IN_CORE_REGISTERS pair64 HELPER(__aeabi_uldivmod)(uint64_t a, uint64_t b) {
  const struct quotient64 result = divide64(a, b);
  return (pair64){result.quotient, result.rest};
}
IN_CORE_REGISTERS pair64 HELPER(__aeabi_ldivmod)(int64_t a, int64_t b) {
  const struct quotient64 result = divide64_signed(a, b);
  return (pair64){result.quotient, result.rest};
}
#endif
