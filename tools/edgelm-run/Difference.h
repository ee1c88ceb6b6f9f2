// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How far computed numbers are from expected ones.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

namespace edgelm::tools {

/// The greatest difference of a set of numbers, and the greatest expected magnitude that it is relative to.
struct Difference {
  double maxAbs = 0, maxExpected = 0;
  size_t count = 0;

  void add(double found, double expected) {
    ++count;
    // Equal infinities do not differ; a NaN on one side is as wrong as can be.
    double difference = found == expected ? 0 : std::fabs(found - expected);
    if (std::isnan(difference))
      difference = std::isnan(found) && std::isnan(expected) ? 0 : std::numeric_limits<double>::infinity();
    maxAbs = std::max(maxAbs, difference);
    if (std::isfinite(expected))
      maxExpected = std::max(maxExpected, std::fabs(expected));
  }

  double maxRel() const { return maxExpected > 0 ? maxAbs / maxExpected : maxAbs; }
};

/// What one data set came to.
struct Verdict {
  std::string skipped; ///< why it was not run; empty when it was
  Difference outputs;  ///< logits, or the outputs of an encoder
  Difference presents; ///< key and value rows of a decoder
};

} // namespace edgelm::tools
