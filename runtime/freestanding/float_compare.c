/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* Comparisons of floats; with what is no number everything is false but "unordered" and "not equal". */
#include "helper.h"

static inline int is_unordered(uint32_t a, uint32_t b) {
  return is_nan(a) || is_nan(b);
}

/* An integer that is ordered as the floats are; both zeros are 0. */
static inline int32_t order(uint32_t bits) {
  return bits & SIGN_BIT ? -(int32_t)(bits & ~SIGN_BIT) : (int32_t)bits;
}

#ifdef HELPER_NAMES_GNU
/* Negative, 0, positive; `unordered` where a comparison has to fail. */
static inline int32_t compare(uint32_t a, uint32_t b, int32_t unordered) {
  if (is_unordered(a, b))
    return unordered;
  return (order(a) > order(b)) - (order(a) < order(b));
}

/* Each is compared with 0 the way that its name says. */
int32_t HELPER(__eqsf2)(uint32_t a, uint32_t b) {
  return compare(a, b, 1);
}
int32_t HELPER(__nesf2)(uint32_t a, uint32_t b) {
  return compare(a, b, 1);
}
int32_t HELPER(__ltsf2)(uint32_t a, uint32_t b) {
  return compare(a, b, 1);
}
int32_t HELPER(__lesf2)(uint32_t a, uint32_t b) {
  return compare(a, b, 1);
}
int32_t HELPER(__gtsf2)(uint32_t a, uint32_t b) {
  return compare(a, b, -1);
}
int32_t HELPER(__gesf2)(uint32_t a, uint32_t b) {
  return compare(a, b, -1);
}
int32_t HELPER(__unordsf2)(uint32_t a, uint32_t b) {
  return is_unordered(a, b);
}
#endif

#ifdef HELPER_NAMES_ARM
/* Each is true or false. */
int32_t HELPER(__aeabi_fcmpeq)(uint32_t a, uint32_t b) {
  return !is_unordered(a, b) && order(a) == order(b);
}
int32_t HELPER(__aeabi_fcmplt)(uint32_t a, uint32_t b) {
  return !is_unordered(a, b) && order(a) < order(b);
}
int32_t HELPER(__aeabi_fcmple)(uint32_t a, uint32_t b) {
  return !is_unordered(a, b) && order(a) <= order(b);
}
int32_t HELPER(__aeabi_fcmpgt)(uint32_t a, uint32_t b) {
  return !is_unordered(a, b) && order(a) > order(b);
}
int32_t HELPER(__aeabi_fcmpge)(uint32_t a, uint32_t b) {
  return !is_unordered(a, b) && order(a) >= order(b);
}
int32_t HELPER(__aeabi_fcmpun)(uint32_t a, uint32_t b) {
  return is_unordered(a, b);
}
#endif
