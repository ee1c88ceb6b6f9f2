// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Floats of 16 bits and exact conversions to and from them.
#pragma once

#include <bit>
#include <cstdint>

namespace edgelm {

/// The bits of the float format with that many exponent and mantissa bits nearest to `x`, ties to even.
uint16_t encodeFloat16(double x, int exponentBits, int mantissaBits);

/// IEEE binary16.
struct Half {
  uint16_t bits;
  operator float() const {
    uint32_t sign = uint32_t(bits & 0x8000) << 16, rest = bits & 0x7fff;
    if (rest >= 0x7c00) // infinity or NaN
      return std::bit_cast<float>(sign | 0x7f800000 | (rest & 0x3ff) << 13);
    // As a float exponent the 5-bit one is too small by 127 - 15; the product is exact, also for subnormals.
    return std::bit_cast<float>(sign | rest << 13) * 0x1p112f;
  }
  static Half nearest(double x) { return {encodeFloat16(x, 5, 10)}; }
};

/// The upper half of an IEEE binary32.
struct BFloat {
  uint16_t bits;
  operator float() const { return std::bit_cast<float>(uint32_t(bits) << 16); }
  static BFloat nearest(double x) { return {encodeFloat16(x, 8, 7)}; }
};

} // namespace edgelm
