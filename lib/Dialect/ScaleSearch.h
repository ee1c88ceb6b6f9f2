// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Finds the scale of a group of weights by least squared error, and the codes for a scale.
#pragma once

#include "Dialect/Formats.h"

namespace edgelm {

/// Weights below this magnitude count as zeros, so that no quotient of them overflows.
inline constexpr float kSmallestWeight = 0x1p-100f;

/// A group's scale; 0 when all its weights count as zeros.
struct GroupScale {
  float scale = 0;
  int zeroPoint = 0;
};

/// Scales and codes of one format. The values of a group are `n` finite floats.
class ScaleSearch {
public:
  explicit ScaleSearch(const FormatRow &format);

  /// The scale, as the format stores it (Scale::Integer and Double: before it is divided), whose codes have the least
  /// squared error among candidates near those that map the largest weight to the end of the range.
  GroupScale best(const float *x, int64_t n) const;

  /// The one of the integers first .. first + 15 by which multiplied `unit` is the best scale.
  int bestMultiple(const float *x, int64_t n, float unit, int first) const;

  /// The codes [n] of x / scale.
  void encode(const float *x, int64_t n, GroupScale scale, uint8_t *codes) const;

private:
  /// Scales that are tried beside each other, a lane of a vector each: no sum is divided over lanes, so that neither the
  /// machine nor the group's length changes the result.
  static constexpr int kLanes = 16;
  struct Candidates {
    alignas(32) float inverse[kLanes]; // of the scale
    alignas(32) float low[kLanes];     // smallest and largest v
    alignas(32) float high[kLanes];
  };
  /// With v the nearest integers and r = x * inverse - v.
  struct Sums {
    alignas(32) float error[kLanes]; // sum of r * r
    alignas(32) float slope[kLanes]; // sum of v * r
    alignas(32) float power[kLanes]; // sum of v * v
  };
  void measure(const float *x, int64_t n, const Candidates &candidates, Sums &sums) const;
  template <bool HasCodebook>
  void measureLanes(const float *x, int64_t n, const Candidates &candidates, int lane, Sums &sums) const;
  GroupScale refine(const float *x, int64_t n, float extreme, float target, int zeroPoint) const;
  float stored(float scale) const;

  static constexpr int kMaxCodebook = 16;
  const FormatRow &format;
  float step;                         // between targets
  float targets[kLanes];              // integers that the largest weight is mapped to, also in between and outside
  float thresholds[kMaxCodebook - 1]; // the smallest value that is nearer to entry i + 1 than to entry i
  float steps[kMaxCodebook - 1];      // entry i + 1 minus entry i
};

} // namespace edgelm
