// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The helpers of freestanding products against this machine's own arithmetic: every pair of edge cases and many random
// bits. They are linked under names of their own.
#include "gtest/gtest.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

using Pair64 = uint64_t __attribute__((vector_size(16)));

extern "C" {
uint32_t edgelm_helper___addsf3(uint32_t, uint32_t);
uint32_t edgelm_helper___subsf3(uint32_t, uint32_t);
uint32_t edgelm_helper___mulsf3(uint32_t, uint32_t);
uint32_t edgelm_helper___divsf3(uint32_t, uint32_t);
uint32_t edgelm_helper___aeabi_fadd(uint32_t, uint32_t);
uint32_t edgelm_helper___aeabi_fsub(uint32_t, uint32_t);
uint32_t edgelm_helper___aeabi_frsub(uint32_t, uint32_t);
uint32_t edgelm_helper___aeabi_fmul(uint32_t, uint32_t);
uint32_t edgelm_helper___aeabi_fdiv(uint32_t, uint32_t);
uint32_t edgelm_helper_parts___aeabi_fadd(uint32_t, uint32_t);
uint32_t edgelm_helper_parts___aeabi_fmul(uint32_t, uint32_t);
uint32_t edgelm_helper_parts___aeabi_fdiv(uint32_t, uint32_t);
uint32_t edgelm_helper___udivsi3(uint32_t, uint32_t);
uint32_t edgelm_helper___umodsi3(uint32_t, uint32_t);
uint32_t edgelm_helper___aeabi_uidiv(uint32_t, uint32_t);
int32_t edgelm_helper___eqsf2(uint32_t, uint32_t);
int32_t edgelm_helper___nesf2(uint32_t, uint32_t);
int32_t edgelm_helper___ltsf2(uint32_t, uint32_t);
int32_t edgelm_helper___lesf2(uint32_t, uint32_t);
int32_t edgelm_helper___gtsf2(uint32_t, uint32_t);
int32_t edgelm_helper___gesf2(uint32_t, uint32_t);
int32_t edgelm_helper___unordsf2(uint32_t, uint32_t);
int32_t edgelm_helper___aeabi_fcmpeq(uint32_t, uint32_t);
int32_t edgelm_helper___aeabi_fcmplt(uint32_t, uint32_t);
int32_t edgelm_helper___aeabi_fcmple(uint32_t, uint32_t);
int32_t edgelm_helper___aeabi_fcmpgt(uint32_t, uint32_t);
int32_t edgelm_helper___aeabi_fcmpge(uint32_t, uint32_t);
int32_t edgelm_helper___aeabi_fcmpun(uint32_t, uint32_t);
int32_t edgelm_helper___fixsfsi(uint32_t);
int32_t edgelm_helper___aeabi_f2iz(uint32_t);
uint32_t edgelm_helper___fixunssfsi(uint32_t);
uint32_t edgelm_helper___aeabi_f2uiz(uint32_t);
uint32_t edgelm_helper___floatunsisf(uint32_t);
uint32_t edgelm_helper___aeabi_ui2f(uint32_t);
uint32_t edgelm_helper_parts___aeabi_ui2f(uint32_t);
int64_t edgelm_helper___fixsfdi(uint32_t);
int64_t edgelm_helper___aeabi_f2lz(uint32_t);
uint64_t edgelm_helper___fixunssfdi(uint32_t);
uint64_t edgelm_helper___aeabi_f2ulz(uint32_t);
uint32_t edgelm_helper___floatsisf(int32_t);
uint32_t edgelm_helper___aeabi_i2f(int32_t);
uint32_t edgelm_helper___floatdisf(int64_t);
uint32_t edgelm_helper___aeabi_l2f(int64_t);
uint32_t edgelm_helper___floatundisf(uint64_t);
uint32_t edgelm_helper___aeabi_ul2f(uint64_t);
uint64_t edgelm_helper___muldi3(uint64_t, uint64_t);
uint64_t edgelm_helper___aeabi_lmul(uint64_t, uint64_t);
uint64_t edgelm_helper___udivdi3(uint64_t, uint64_t);
uint64_t edgelm_helper___umoddi3(uint64_t, uint64_t);
uint64_t edgelm_helper___ashldi3(uint64_t, int32_t);
uint64_t edgelm_helper___lshrdi3(uint64_t, int32_t);
uint64_t edgelm_helper___aeabi_llsl(uint64_t, int32_t);
uint64_t edgelm_helper___aeabi_llsr(uint64_t, int32_t);
int64_t edgelm_helper___ashrdi3(int64_t, int32_t);
int64_t edgelm_helper___aeabi_lasr(int64_t, int32_t);
int32_t edgelm_helper___divsi3(int32_t, int32_t);
int32_t edgelm_helper___modsi3(int32_t, int32_t);
int32_t edgelm_helper___aeabi_idiv(int32_t, int32_t);
uint64_t edgelm_helper___aeabi_uidivmod(uint32_t, uint32_t);
uint64_t edgelm_helper___aeabi_idivmod(int32_t, int32_t);
int64_t edgelm_helper___divdi3(int64_t, int64_t);
int64_t edgelm_helper___moddi3(int64_t, int64_t);
Pair64 edgelm_helper___aeabi_uldivmod(uint64_t, uint64_t);
Pair64 edgelm_helper___aeabi_ldivmod(int64_t, int64_t);
void *edgelm_helper_memcpy(void *, const void *, size_t);
void *edgelm_helper_memmove(void *, const void *, size_t);
void *edgelm_helper_memset(void *, int, size_t);
void edgelm_helper___aeabi_memmove4(void *, const void *, size_t);
void edgelm_helper___aeabi_memset8(void *, size_t, int);
void edgelm_helper___aeabi_memclr(void *, size_t);
}

/// Bits with every exponent that matters, and fractions that round up, down and to even.
static std::vector<uint32_t> edgeCases() {
  std::vector<uint32_t> cases;
  for (uint32_t exponent : {0u,   1u,   2u,   22u,  23u,  24u,  25u,  100u, 103u, 126u, 127u, 128u,
                            149u, 150u, 151u, 157u, 158u, 159u, 189u, 190u, 191u, 253u, 254u, 255u})
    for (uint32_t fraction : {0u, 1u, 2u, 3u, 0x3fffffu, 0x400000u, 0x400001u, 0x555555u, 0x7ffffeu, 0x7fffffu})
      for (uint32_t sign : {0u, 1u})
        cases.push_back(sign << 31 | exponent << 23 | fraction);
  return cases;
}

static constexpr int kRandomCases = 1000000;

/// Calls `check` with every pair of edge cases and with random bits, half of them close to each other.
template <typename Check> static void forPairs(Check check) {
  const std::vector<uint32_t> cases = edgeCases();
  for (uint32_t a : cases)
    for (uint32_t b : cases)
      check(a, b);
  std::mt19937 random(7);
  for (int i = 0; i < kRandomCases && !testing::Test::HasFailure(); ++i) {
    const uint32_t a = random(), b = random();
    check(a, i % 2 ? b : a ^ (b & 0x81ffffffu));
  }
}

template <typename Check> static void forEach(Check check) {
  for (uint32_t a : edgeCases())
    check(a);
  std::mt19937 random(8);
  for (int i = 0; i < kRandomCases && !testing::Test::HasFailure(); ++i)
    check(random());
}

static float asFloat(uint32_t bits) {
  return std::bit_cast<float>(bits);
}

/// Equal to the bit; which NaN it is does not matter.
static testing::AssertionResult isSame(uint32_t found, float expected) {
  if (std::isnan(expected) ? std::isnan(asFloat(found)) : found == std::bit_cast<uint32_t>(expected))
    return testing::AssertionSuccess();
  return testing::AssertionFailure() << "found " << std::hex << found << ", expected "
                                     << std::bit_cast<uint32_t>(expected);
}

TEST(Helper, Arithmetic) {
  forPairs([](uint32_t a, uint32_t b) {
    const float x = asFloat(a), y = asFloat(b);
    ASSERT_TRUE(isSame(edgelm_helper___addsf3(a, b), x + y)) << std::hex << a << " + " << b;
    ASSERT_TRUE(isSame(edgelm_helper___subsf3(a, b), x - y)) << std::hex << a << " - " << b;
    ASSERT_TRUE(isSame(edgelm_helper___mulsf3(a, b), x * y)) << std::hex << a << " * " << b;
    ASSERT_TRUE(isSame(edgelm_helper___divsf3(a, b), x / y)) << std::hex << a << " / " << b;
    ASSERT_TRUE(isSame(edgelm_helper___aeabi_fadd(a, b), x + y)) << std::hex << a << " + " << b;
    ASSERT_TRUE(isSame(edgelm_helper___aeabi_fsub(a, b), x - y)) << std::hex << a << " - " << b;
    ASSERT_TRUE(isSame(edgelm_helper___aeabi_frsub(a, b), y - x)) << std::hex << b << " - " << a;
    ASSERT_TRUE(isSame(edgelm_helper___aeabi_fmul(a, b), x * y)) << std::hex << a << " * " << b;
    ASSERT_TRUE(isSame(edgelm_helper___aeabi_fdiv(a, b), x / y)) << std::hex << a << " / " << b;
  });
}

/// The ways of processors without a wide product or without division.
TEST(Helper, ArithmeticInParts) {
  forPairs([](uint32_t a, uint32_t b) {
    const float x = asFloat(a), y = asFloat(b);
    ASSERT_TRUE(isSame(edgelm_helper_parts___aeabi_fmul(a, b), x * y)) << std::hex << a << " * " << b;
    ASSERT_TRUE(isSame(edgelm_helper_parts___aeabi_fdiv(a, b), x / y)) << std::hex << a << " / " << b;
    ASSERT_TRUE(isSame(edgelm_helper_parts___aeabi_fadd(a, b), x + y)) << std::hex << a << " + " << b;
    ASSERT_TRUE(isSame(edgelm_helper_parts___aeabi_ui2f(a), float(a))) << a;
  });
}

TEST(Helper, Comparisons) {
  forPairs([](uint32_t a, uint32_t b) {
    const float x = asFloat(a), y = asFloat(b);
    const bool isUnordered = std::isnan(x) || std::isnan(y);
    ASSERT_EQ(edgelm_helper___eqsf2(a, b) == 0, x == y) << std::hex << a << " " << b;
    ASSERT_EQ(edgelm_helper___nesf2(a, b) != 0, x != y) << std::hex << a << " " << b;
    ASSERT_EQ(edgelm_helper___ltsf2(a, b) < 0, x < y) << std::hex << a << " " << b;
    ASSERT_EQ(edgelm_helper___lesf2(a, b) <= 0, x <= y) << std::hex << a << " " << b;
    ASSERT_EQ(edgelm_helper___gtsf2(a, b) > 0, x > y) << std::hex << a << " " << b;
    ASSERT_EQ(edgelm_helper___gesf2(a, b) >= 0, x >= y) << std::hex << a << " " << b;
    ASSERT_EQ(edgelm_helper___unordsf2(a, b) != 0, isUnordered) << std::hex << a << " " << b;
    ASSERT_EQ(edgelm_helper___aeabi_fcmpeq(a, b), x == y) << std::hex << a << " " << b;
    ASSERT_EQ(edgelm_helper___aeabi_fcmplt(a, b), x < y) << std::hex << a << " " << b;
    ASSERT_EQ(edgelm_helper___aeabi_fcmple(a, b), x <= y) << std::hex << a << " " << b;
    ASSERT_EQ(edgelm_helper___aeabi_fcmpgt(a, b), x > y) << std::hex << a << " " << b;
    ASSERT_EQ(edgelm_helper___aeabi_fcmpge(a, b), x >= y) << std::hex << a << " " << b;
    ASSERT_EQ(edgelm_helper___aeabi_fcmpun(a, b), isUnordered) << std::hex << a << " " << b;
  });
}

/// Cut off, within the integer's range, 0 for what is no number.
template <typename Integer> static Integer cutOff(float value) {
  const double exact = value, least = double(std::numeric_limits<Integer>::min());
  if (std::isnan(exact))
    return 0;
  if (exact <= least)
    return std::numeric_limits<Integer>::min();
  // 2^bits is exact where the largest integer is not.
  if (exact >= std::ldexp(1.0, std::numeric_limits<Integer>::digits))
    return std::numeric_limits<Integer>::max();
  return Integer(exact);
}

TEST(Helper, IntegersFromFloats) {
  forEach([](uint32_t a) {
    const float x = asFloat(a);
    ASSERT_EQ(edgelm_helper___fixsfsi(a), cutOff<int32_t>(x)) << x;
    ASSERT_EQ(edgelm_helper___fixunssfsi(a), cutOff<uint32_t>(x)) << x;
    ASSERT_EQ(edgelm_helper___fixsfdi(a), cutOff<int64_t>(x)) << x;
    ASSERT_EQ(edgelm_helper___fixunssfdi(a), cutOff<uint64_t>(x)) << x;
    ASSERT_EQ(edgelm_helper___aeabi_f2iz(a), cutOff<int32_t>(x)) << x;
    ASSERT_EQ(edgelm_helper___aeabi_f2uiz(a), cutOff<uint32_t>(x)) << x;
    ASSERT_EQ(edgelm_helper___aeabi_f2lz(a), cutOff<int64_t>(x)) << x;
    ASSERT_EQ(edgelm_helper___aeabi_f2ulz(a), cutOff<uint64_t>(x)) << x;
  });
}

/// Integers of any number of bits, where rounding matters most around 25 of them.
template <typename Check> static void forIntegers(Check check) {
  for (int bits = 0; bits <= 64; ++bits)
    for (int64_t around = -3; around <= 3; ++around)
      check((bits == 64 ? 0 : uint64_t(1) << bits) + uint64_t(around));
  std::mt19937_64 random(9);
  for (int i = 0; i < kRandomCases && !testing::Test::HasFailure(); ++i)
    check(random() >> random() % 64);
}

TEST(Helper, FloatsFromIntegers) {
  forIntegers([](uint64_t a) {
    ASSERT_TRUE(isSame(edgelm_helper___floatsisf(int32_t(a)), float(int32_t(a)))) << a;
    ASSERT_TRUE(isSame(edgelm_helper___floatunsisf(uint32_t(a)), float(uint32_t(a)))) << a;
    ASSERT_TRUE(isSame(edgelm_helper___floatdisf(int64_t(a)), float(int64_t(a)))) << a;
    ASSERT_TRUE(isSame(edgelm_helper___floatundisf(a), float(a))) << a;
    ASSERT_TRUE(isSame(edgelm_helper___aeabi_i2f(int32_t(a)), float(int32_t(a)))) << a;
    ASSERT_TRUE(isSame(edgelm_helper___aeabi_ui2f(uint32_t(a)), float(uint32_t(a)))) << a;
    ASSERT_TRUE(isSame(edgelm_helper___aeabi_l2f(int64_t(a)), float(int64_t(a)))) << a;
    ASSERT_TRUE(isSame(edgelm_helper___aeabi_ul2f(a), float(a))) << a;
  });
}

TEST(Helper, WideProductsAndShifts) {
  uint64_t b = 0x123456789abcdef;
  forIntegers([&](uint64_t a) {
    ASSERT_EQ(edgelm_helper___muldi3(a, b), a * b) << a << " " << b;
    ASSERT_EQ(edgelm_helper___aeabi_lmul(a, b), a * b) << a << " " << b;
    const int by = int(b % 64);
    ASSERT_EQ(edgelm_helper___ashldi3(a, by), a << by) << a << " " << by;
    ASSERT_EQ(edgelm_helper___lshrdi3(a, by), a >> by) << a << " " << by;
    ASSERT_EQ(edgelm_helper___ashrdi3(int64_t(a), by), int64_t(a) >> by) << a << " " << by;
    ASSERT_EQ(edgelm_helper___aeabi_llsl(a, by), a << by) << a << " " << by;
    ASSERT_EQ(edgelm_helper___aeabi_llsr(a, by), a >> by) << a << " " << by;
    ASSERT_EQ(edgelm_helper___aeabi_lasr(int64_t(a), by), int64_t(a) >> by) << a << " " << by;
    b = b * 0x9e3779b97f4a7c15 + a;
  });
}

TEST(Helper, Divisions) {
  uint64_t random = 0x9e3779b97f4a7c15, count = 0;
  forIntegers([&](uint64_t a) {
    if (++count % 8) // a division of 64 bits has 64 steps
      return;
    random = random * 6364136223846793005u + 1442695040888963407u;
    const uint64_t b = std::max<uint64_t>(1, random >> (random >> 8) % 64);
    const uint32_t a32 = uint32_t(a), b32 = std::max(1u, uint32_t(b));
    ASSERT_EQ(edgelm_helper___udivsi3(a32, b32), a32 / b32);
    ASSERT_EQ(edgelm_helper___umodsi3(a32, b32), a32 % b32);
    ASSERT_EQ(edgelm_helper___aeabi_uidiv(a32, b32), a32 / b32);
    ASSERT_EQ(edgelm_helper___aeabi_uidivmod(a32, b32), uint64_t(a32 % b32) << 32 | a32 / b32);
    ASSERT_EQ(edgelm_helper___udivdi3(a, b), a / b);
    ASSERT_EQ(edgelm_helper___umoddi3(a, b), a % b);
    ASSERT_EQ(edgelm_helper___aeabi_uldivmod(a, b)[0], a / b);
    ASSERT_EQ(edgelm_helper___aeabi_uldivmod(a, b)[1], a % b);
    const int64_t c = int64_t(a), d = int64_t(b);
    const int32_t c32 = int32_t(a32), d32 = int32_t(b32);
    if (d32 != -1) { // the least integer has no quotient then
      ASSERT_EQ(edgelm_helper___divsi3(c32, d32), c32 / d32);
      ASSERT_EQ(edgelm_helper___modsi3(c32, d32), c32 % d32);
      ASSERT_EQ(edgelm_helper___aeabi_idiv(c32, d32), c32 / d32);
      ASSERT_EQ(uint32_t(edgelm_helper___aeabi_idivmod(c32, d32) >> 32), uint32_t(c32 % d32));
    }
    if (d != -1) {
      ASSERT_EQ(edgelm_helper___divdi3(c, d), c / d);
      ASSERT_EQ(edgelm_helper___moddi3(c, d), c % d);
      ASSERT_EQ(int64_t(edgelm_helper___aeabi_ldivmod(c, d)[0]), c / d);
      ASSERT_EQ(int64_t(edgelm_helper___aeabi_ldivmod(c, d)[1]), c % d);
    }
  });
  EXPECT_EQ(edgelm_helper___udivdi3(7, 0), 0u);
  EXPECT_EQ(edgelm_helper___umodsi3(7, 0), 7u);
}

/// Every placement of up to 70 bytes within two words of each other, and overlaps.
TEST(Helper, Memory) {
  constexpr size_t size = 160, middle = 40;
  unsigned char start[size], found[size], expected[size];
  for (size_t i = 0; i < size; ++i)
    start[i] = static_cast<unsigned char>(i * 7 + 1);
  for (size_t bytes = 0; bytes <= 70; ++bytes)
    for (size_t from = middle - 20; from <= middle + 20; ++from)
      for (size_t to = middle; to < middle + 16; ++to) {
        std::memcpy(found, start, size);
        std::memcpy(expected, start, size);
        std::memmove(expected + to, expected + from, bytes);
        ASSERT_EQ(edgelm_helper_memmove(found + to, found + from, bytes), found + to);
        ASSERT_EQ(std::memcmp(found, expected, size), 0) << bytes << " bytes from " << from << " to " << to;
        std::memcpy(found, start, size);
        edgelm_helper___aeabi_memmove4(found + to, found + from, bytes);
        ASSERT_EQ(std::memcmp(found, expected, size), 0) << bytes << " bytes from " << from << " to " << to;

        std::memcpy(expected, start, size);
        std::memcpy(expected + to, start + from, bytes);
        std::memcpy(found, start, size);
        ASSERT_EQ(edgelm_helper_memcpy(found + to, start + from, bytes), found + to);
        ASSERT_EQ(std::memcmp(found, expected, size), 0) << bytes << " bytes from " << from << " to " << to;
      }
  for (size_t bytes = 0; bytes <= 70; ++bytes)
    for (size_t to = middle; to < middle + 16; ++to) {
      std::memcpy(found, start, size);
      std::memcpy(expected, start, size);
      std::memset(expected + to, 0x1a5, bytes);
      ASSERT_EQ(edgelm_helper_memset(found + to, 0x1a5, bytes), found + to);
      ASSERT_EQ(std::memcmp(found, expected, size), 0) << bytes << " bytes to " << to;
      edgelm_helper___aeabi_memset8(found + to, bytes, 3);
      edgelm_helper___aeabi_memclr(found + to, bytes);
      std::memset(expected + to, 0, bytes);
      ASSERT_EQ(std::memcmp(found, expected, size), 0) << bytes << " bytes to " << to;
    }
}
