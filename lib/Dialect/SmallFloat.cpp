// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "Dialect/SmallFloat.h"

#include <cmath>
#include <limits>

uint16_t edgelm::encodeFloat16(double x, int exponentBits, int mantissaBits) {
  int bias = (1 << (exponentBits - 1)) - 1;
  uint16_t sign = std::signbit(x) ? 0x8000 : 0,
           infinity = static_cast<uint16_t>(((1 << exponentBits) - 1) << mantissaBits);
  if (std::isnan(x))
    return sign | infinity | static_cast<uint16_t>(1 << (mantissaBits - 1));
  double magnitude = std::fabs(x);
  if (magnitude == 0)
    return sign;
  if (std::isinf(magnitude))
    return sign | infinity;
  int exponent = std::max(std::ilogb(magnitude), 1 - bias); // below it, subnormal: the spacing stays the same
  int64_t steps = static_cast<int64_t>(std::nearbyint(std::ldexp(magnitude, mantissaBits - exponent)));
  // A carry out of the mantissa runs into the exponent, which is just what rounding up means.
  int64_t bits = (static_cast<int64_t>(exponent + bias - 1) << mantissaBits) + steps;
  return sign | static_cast<uint16_t>(std::min<int64_t>(bits, infinity));
}
