// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Codecs and float conversions behind one function, so that whoever measures and whoever writes round alike.
#include "Dialect/RoundRows.h"
#include "Dialect/Reference/Elements.h"
#include "llvm/Support/raw_ostream.h"

#include <cmath>

using namespace mlir;

namespace edgelm {

double RoundingError::relative() const {
  return squares == 0 ? 0.0 : std::sqrt(errors / squares);
}

/// Returns the first element that is not finite afterwards.
static std::optional<int64_t> roundFloats(Type type, ArrayRef<float> weights, MutableArrayRef<float> out) {
  for (size_t i = 0; i < weights.size(); ++i) {
    out[i] = type.isF16()    ? float(elementFromDouble<Half>(weights[i]))
             : type.isBF16() ? float(elementFromDouble<BFloat>(weights[i]))
                             : weights[i];
    if (!std::isfinite(out[i]))
      return i;
  }
  return std::nullopt;
}

static RoundingError errorOf(const float *weights, const float *rounded, int64_t count) {
  RoundingError sums;
  for (int64_t i = 0; i < count; ++i) {
    double difference = double(weights[i]) - rounded[i];
    sums.squares += double(weights[i]) * weights[i];
    sums.errors += difference * difference;
  }
  return sums;
}

std::optional<int64_t> roundRows(Type type, ArrayRef<float> weights, int64_t k, RoundedRows &out) {
  int64_t rows = k == 0 ? 0 : int64_t(weights.size()) / k;
  out.values.resize(weights.size());
  if (QType format = dyn_cast<QType>(type)) {
    if (std::optional<int64_t> refused = quantizeRows(format.row(), weights.data(), rows, k, k, out.quantized))
      return refused;
    dequantizeRows(out.quantized, out.values.data());
  } else if (std::optional<int64_t> refused = roundFloats(type, weights, out.values)) {
    return refused;
  }
  out.errors.resize(rows);
  for (int64_t row = 0; row < rows; ++row)
    out.errors[row] = errorOf(weights.data() + row * k, out.values.data() + row * k, k);
  return std::nullopt;
}

std::string refusedWeight(Type type, float weight, int64_t row, int64_t column) {
  std::string text;
  llvm::raw_string_ostream(text) << "has the value " << weight << " in row " << row << ", column " << column
                                 << ", which '" << type << "' cannot hold; formats need finite weights";
  return text;
}

} // namespace edgelm
