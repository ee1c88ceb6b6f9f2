// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Two rounds of sixteen candidates each: scales that map the largest weight around the ends of the range, then scales
// around the least-squares solution for the best one's integers.
#include "Dialect/ScaleSearch.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>
#include <limits>

// The same bytes on every machine.
#pragma STDC FP_CONTRACT OFF

namespace edgelm {

/// Added and subtracted again, it rounds |x| < 2^22 to an integer, half to even.
static constexpr float kRounder = 0x1.8p23f;
static constexpr float kInfinity = std::numeric_limits<float>::infinity();

static float roundEven(float x) {
  return x + kRounder - kRounder;
}

/// The f16 value nearest to x, ties to even; the largest finite one from there on.
static float roundToHalf(float x) {
  float magnitude = std::min(std::fabs(x), 65504.0f);
  // A float whose last bit is worth what f16's is at this exponent, 2^-24 below the smallest normal one.
  uint32_t exponent = std::max(std::bit_cast<uint32_t>(magnitude) & 0x7f800000, std::bit_cast<uint32_t>(0x1p-14f));
  float rounder = std::bit_cast<float>(exponent + (13 << 23));
  return std::copysign(magnitude + rounder - rounder, x);
}

ScaleSearch::ScaleSearch(const FormatRow &format) : format(format) {
  assert(!format.isFloat() && format.codebook.size() <= kMaxCodebook && "no scales to search");
  bool hasCodebook = !format.codebook.empty();
  bool isSymmetric = !hasCodebook && format.lowest() == -format.highest();
  // A negative scale makes the larger half of the range the positive one.
  bool isSigned = (format.scale == Scale::F16 || format.scale == Scale::F32) && !isSymmetric && !format.hasZeroPoints;
  float top = hasCodebook ? format.codebook.back() : format.hasZeroPoints ? 2 * format.offset() - 1 : format.offset();
  step = hasCodebook ? (isSigned ? 6 : 3) : format.bits() <= 3 || !isSigned ? 0.25f : 0.5f;
  int below = !isSigned ? (hasCodebook ? 4 : 12) : hasCodebook ? 2 : 4;
  for (int lane = 0; lane < kLanes; ++lane) {
    int place = isSigned ? lane / 2 : lane;
    targets[lane] = (top + (place - below) * step) * (isSigned && lane % 2 ? 1 : -1);
    if (!isSigned)
      targets[lane] = -targets[lane];
  }
  for (size_t i = 0; i + 1 < format.codebook.size(); ++i) {
    float middle = (format.codebook[i] + format.codebook[i + 1]) * 0.5f;
    // A tie goes to the even code.
    thresholds[i] = (i + 1) % 2 == 0 ? middle : std::nextafter(middle, kInfinity);
    steps[i] = format.codebook[i + 1] - format.codebook[i];
  }
}

float ScaleSearch::stored(float scale) const {
  return format.scale == Scale::F16 ? roundToHalf(scale) : scale;
}

template <bool HasCodebook>
[[gnu::always_inline]] inline void ScaleSearch::measureLanes(const float *x, int64_t n, const Candidates &candidates,
                                                             int lane, Sums &sums) const {
  using Vector = float __attribute__((vector_size(32)));
  const Vector &inverse = reinterpret_cast<const Vector &>(candidates.inverse[lane]);
  const Vector &low = reinterpret_cast<const Vector &>(candidates.low[lane]);
  const Vector &high = reinterpret_cast<const Vector &>(candidates.high[lane]);
  Vector error = {}, slope = {}, power = {};
  for (int64_t i = 0; i < n; ++i) {
    Vector y = x[i] * inverse, v;
    if constexpr (HasCodebook) {
      v = Vector{} + float(format.codebook[0]);
      for (size_t entry = 0; entry + 1 < kMaxCodebook; ++entry)
        v += y >= thresholds[entry] ? Vector{} + steps[entry] : Vector{};
    } else {
      v = __builtin_elementwise_min(__builtin_elementwise_max(y, low), high) + kRounder - kRounder;
    }
    Vector r = y - v;
    error += r * r;
    slope += v * r;
    power += v * v;
  }
  reinterpret_cast<Vector &>(sums.error[lane]) = error;
  reinterpret_cast<Vector &>(sums.slope[lane]) = slope;
  reinterpret_cast<Vector &>(sums.power[lane]) = power;
}

#ifdef __x86_64__
__attribute__((target_clones("avx2", "default"))) // the same sums: neither has fused multiply-adds
#endif
void ScaleSearch::measure(const float *x, int64_t n, const Candidates &candidates, Sums &sums) const {
  for (int lane = 0; lane < kLanes; lane += 8)
    if (format.codebook.empty())
      measureLanes<false>(x, n, candidates, lane, sums);
    else
      measureLanes<true>(x, n, candidates, lane, sums);
}

GroupScale ScaleSearch::best(const float *x, int64_t n) const {
  float smallest = 0, largest = 0;
  for (int64_t i = 0; i < n; ++i) {
    smallest = std::min(smallest, x[i]);
    largest = std::max(largest, x[i]);
  }
  float extreme = largest >= -smallest ? largest : smallest;
  if (std::fabs(extreme) < kSmallestWeight)
    return {};
  if (format.hasZeroPoints)
    extreme = std::min(largest - smallest, std::numeric_limits<float>::max());
  else if (targets[0] > 0) // scales are positive
    extreme = std::fabs(extreme);

  Candidates candidates;
  float zeroPoints[kLanes] = {};
  int codes = 2 * format.offset();
  for (int lane = 0; lane < kLanes; ++lane) {
    candidates.inverse[lane] = targets[lane] / extreme;
    if (format.hasZeroPoints)
      zeroPoints[lane] = roundEven(std::clamp(-smallest * candidates.inverse[lane], 0.0f, codes - 1.0f));
    candidates.low[lane] = format.hasZeroPoints ? -zeroPoints[lane] : format.lowest();
    candidates.high[lane] = format.hasZeroPoints ? codes - 1 - zeroPoints[lane] : format.highest();
  }
  Sums sums;
  measure(x, n, candidates, sums);
  int chosen = 0;
  float least = kInfinity;
  for (int lane = 0; lane < kLanes; ++lane) {
    if (sums.power[lane] == 0)
      continue;
    // What is left of the error after the scale is multiplied by 1 + slope / power.
    float left = sums.error[lane] - sums.slope[lane] * sums.slope[lane] / sums.power[lane];
    float relative = left / (targets[lane] * targets[lane]);
    if (relative < least) {
      least = relative;
      chosen = lane;
    }
  }
  if (least == kInfinity)
    return {};
  float target = targets[chosen] / (1 + sums.slope[chosen] / sums.power[chosen]);
  return refine(x, n, extreme, target, int(zeroPoints[chosen]));
}

GroupScale ScaleSearch::refine(const float *x, int64_t n, float extreme, float target, int zeroPoint) const {
  Candidates candidates;
  GroupScale scales[kLanes];
  for (int lane = 0; lane < kLanes; ++lane) {
    // Half a step to either side; with zero points, fewer places for each of three of these.
    int place = format.hasZeroPoints ? 3 * (lane % 5 - 2) : lane - 7;
    int zero = format.hasZeroPoints ? std::clamp(zeroPoint + lane / 5 % 3 - 1, 0, 2 * format.offset() - 1) : 0;
    scales[lane] = {stored(extreme / (target + place * (step / 16))), zero};
    candidates.inverse[lane] = scales[lane].scale == 0 ? 0 : 1 / scales[lane].scale;
    candidates.low[lane] = format.hasZeroPoints ? -zero : format.lowest();
    candidates.high[lane] = format.hasZeroPoints ? 2 * format.offset() - 1 - zero : format.highest();
  }
  Sums sums;
  measure(x, n, candidates, sums);
  GroupScale chosen =
      scales[7]; // in the middle; it stays where the type's largest scale is so small that sums overflow
  float least = kInfinity;
  for (int lane = 0; lane < kLanes; ++lane) {
    float relative = scales[lane].scale / extreme;
    float error = sums.error[lane] * (relative * relative);
    if (scales[lane].scale != 0 && error < least) {
      least = error;
      chosen = scales[lane];
    }
  }
  return chosen.scale == 0 ? GroupScale{} : chosen;
}

int ScaleSearch::bestMultiple(const float *x, int64_t n, float unit, int first) const {
  Candidates candidates;
  for (int lane = 0; lane < kLanes; ++lane) {
    candidates.inverse[lane] = first + lane == 0 ? 0 : 1 / (float(first + lane) * unit);
    candidates.low[lane] = format.lowest();
    candidates.high[lane] = format.highest();
  }
  Sums sums;
  measure(x, n, candidates, sums);
  int chosen = first;
  float least = kInfinity;
  for (int lane = 0; lane < kLanes; ++lane) {
    float multiple = first + lane;
    if (multiple != 0 && sums.error[lane] * (multiple * multiple) < least) {
      least = sums.error[lane] * (multiple * multiple);
      chosen = first + lane;
    }
  }
  return chosen;
}

void ScaleSearch::encode(const float *x, int64_t n, GroupScale scale, uint8_t *codes) const {
  if (!format.codebook.empty()) {
    for (int64_t i = 0; i < n; ++i) {
      float y = scale.scale == 0 ? 0 : x[i] / scale.scale;
      int code = 0;
      for (size_t entry = 0; entry + 1 < kMaxCodebook; ++entry)
        code += y >= thresholds[entry];
      codes[i] = uint8_t(code);
    }
    return;
  }
  int zero = format.hasZeroPoints ? scale.zeroPoint : format.offset();
  float low = format.hasZeroPoints ? -zero : format.lowest();
  float high = format.hasZeroPoints ? 2 * format.offset() - 1 - zero : format.highest();
  if (scale.scale == 0) {
    std::fill_n(codes, n, uint8_t(zero));
    return;
  }
  for (int64_t i = 0; i < n; ++i) {
    float y = x[i] / scale.scale;
    y = y < low ? low : y > high ? high : y;
    codes[i] = uint8_t(int(roundEven(y)) + zero);
  }
}

} // namespace edgelm
