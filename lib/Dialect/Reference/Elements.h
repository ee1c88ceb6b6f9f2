// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// C++ types of tensor elements and exact conversions between them.
#pragma once

#include "Dialect/SmallFloat.h"
#include "mlir/IR/BuiltinTypes.h"
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

namespace edgelm {

template <typename T>
inline constexpr bool isFloatElement =
    std::is_floating_point_v<T> || std::is_same_v<T, Half> || std::is_same_v<T, BFloat>;

/// `x` as an element: rounded to nearest even, to integers truncated toward zero and saturated, to bool tested.
template <typename T> T elementFromDouble(double x) {
  if constexpr (std::is_same_v<T, bool>)
    return x != 0;
  else if constexpr (std::is_same_v<T, Half>)
    return Half::nearest(x);
  else if constexpr (std::is_same_v<T, BFloat>)
    return BFloat::nearest(x);
  else if constexpr (std::is_integral_v<T>) {
    constexpr double low = static_cast<double>(std::numeric_limits<T>::min());
    constexpr double high = static_cast<double>(std::numeric_limits<T>::max());
    if (!(x > low)) // also NaN
      return std::numeric_limits<T>::min();
    return x >= high ? std::numeric_limits<T>::max() : static_cast<T>(x);
  } else
    return static_cast<T>(x);
}

/// `x` as an element; integers wrap.
template <typename T> T elementFromInteger(int64_t x) {
  if constexpr (std::is_same_v<T, bool>)
    return x != 0;
  else if constexpr (std::is_integral_v<T>)
    return static_cast<T>(x);
  else
    return elementFromDouble<T>(static_cast<double>(x));
}

/// Bytes of one element in memory; i1 and 4-bit integers take a whole byte. 0 for types that tensors do not hold.
unsigned elementBytes(mlir::Type type);

/// Calls `visitor` with a value of the C++ type of `type`'s elements (4-bit integers are held as 8-bit ones).
/// The type must be one that `elementBytes` knows.
template <typename Visitor> auto visitElementType(mlir::Type type, Visitor &&visitor) {
  if (type.isF32())
    return visitor(float{});
  if (type.isF64())
    return visitor(double{});
  if (type.isF16())
    return visitor(Half{});
  if (type.isBF16())
    return visitor(BFloat{});
  unsigned width = type.getIntOrFloatBitWidth();
  bool isUnsigned = type.isUnsignedInteger();
  if (width == 1)
    return visitor(bool{});
  if (width <= 8)
    return isUnsigned ? visitor(uint8_t{}) : visitor(int8_t{});
  if (width <= 16)
    return isUnsigned ? visitor(uint16_t{}) : visitor(int16_t{});
  if (width <= 32)
    return isUnsigned ? visitor(uint32_t{}) : visitor(int32_t{});
  return isUnsigned ? visitor(uint64_t{}) : visitor(int64_t{});
}

} // namespace edgelm
