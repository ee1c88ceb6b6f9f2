// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Quantization of weights and activations, and products of codes.
#include "Dialect/Reference/Quantized.h"
#include "Dialect/Storage.h"

#include <cstring>

using namespace mlir;
using namespace edgelm;

/// Panels of one row each.
static PackedLayout layoutOf(RankedTensorType type, bool transposed) {
  PackedLayout layout = packedLayout(type, /*panel=*/1);
  if (transposed)
    std::swap(layout.n, layout.k);
  return layout;
}

TensorOr edgelm::quantizedMatrix(Operation *op, RankedTensorType type, bool transposed,
                                 const std::vector<float> &values) {
  PackedLayout layout = layoutOf(type, transposed);
  QuantizedRows rows;
  if (std::optional<int64_t> refused = quantizeRows(*layout.format, values.data(), layout.n, layout.k, layout.k, rows))
    return op->emitError("cannot quantize row ")
           << *refused / layout.k << ", whose element " << *refused % layout.k << " is not finite";
  return packedRows(type, transposed, rows);
}

Tensor edgelm::packedRows(RankedTensorType type, bool transposed, const QuantizedRows &rows) {
  PackedLayout layout = layoutOf(type, transposed);
  std::vector<char> bytes(layout.bytes());
  for (int64_t n = 0; n < layout.n; ++n)
    packPanel(layout, rows.slice(n, 1), reinterpret_cast<uint8_t *>(bytes.data()) + n * layout.panelBytes());
  return Tensor::ofCodes(type, std::move(bytes));
}

QuantizedRows edgelm::rowsOf(const Tensor &matrix, bool transposed, int64_t first, int64_t count) {
  PackedLayout layout = layoutOf(matrix.getType(), transposed);
  const uint8_t *bytes = reinterpret_cast<const uint8_t *>(matrix.bytes());
  QuantizedRows all;
  all.resize(*layout.format, 0, layout.k);
  for (int64_t n = first; n < first + count; ++n)
    all.append(unpackPanel(layout, bytes + n * layout.panelBytes(), 1));
  return all;
}

Tensor edgelm::quantizedRows(const Tensor &input, Type elementType) {
  RankedTensorType result = RankedTensorType::get(input.shape(), elementType);
  ActivationLayout layout = activationLayout(result);
  std::vector<char> bytes(bufferBytes(result));
  std::vector<float> values = input.toFloats();
  for (int64_t row = 0; row < input.size() / layout.k; ++row)
    quantizeActivations(layout, values.data() + row * layout.k,
                        reinterpret_cast<uint8_t *>(bytes.data()) + row * layout.rowBytes());
  return Tensor::ofCodes(result, std::move(bytes));
}

std::vector<float> edgelm::cachedFloats(const Tensor &cache) {
  if (!isa<Int8CacheType>(cache.elementType()))
    return cache.toFloats();
  ActivationLayout layout = activationLayout(cache.getType());
  std::vector<float> values(cache.size());
  for (int64_t row = 0; row < cache.size() / layout.k; ++row) {
    const char *bytes = cache.bytes() + row * layout.rowBytes();
    float scale;
    std::memcpy(&scale, bytes + layout.scales(), sizeof scale);
    for (int64_t i = 0; i < layout.k; ++i)
      values[row * layout.k + i] = scale * static_cast<int8_t>(bytes[i]);
  }
  return values;
}

/// One output: activation codes `a`, to each of which `zero` is added, with `scales`, weight integers `v` of row n.
static float dot(const int8_t *a, int32_t zero, const float *scales, const int16_t *v, const QuantizedRows &weights,
                 int64_t n) {
  auto product = [&](int64_t first, int64_t end, int64_t g) {
    int64_t sum = 0;
    for (int64_t i = first; i < end; ++i)
      sum += int64_t(v[i]) * (a[i] + zero);
    float scale = scales[g] * weights.scale(n, g);
    return static_cast<float>(sum) * scale;
  };
  if (!weights.format->activationGroup())
    return product(0, weights.k, 0);
  int64_t group = weights.format->groupOf(weights.k);
  float acc = 0;
  for (int64_t first = 0, g = 0; first < weights.k; first += group, ++g) {
    // Two roundings; in one expression a compiler might make one of them.
    float term = product(first, std::min(first + group, weights.k), g);
    acc += term;
  }
  return acc;
}

std::vector<float> edgelm::productOfCodes(const Tensor &input, const Tensor &matrix, bool transposed) {
  ActivationLayout layout = activationLayout(input.getType());
  int64_t count = input.size() / layout.k, n = matrix.dim(transposed ? 1 : 0);
  QuantizedRows weights = rowsOf(matrix, transposed, 0, n);
  std::vector<int16_t> integers(n * layout.k);
  for (int64_t row = 0; row < n; ++row)
    for (int64_t i = 0; i < layout.k; ++i)
      integers[row * layout.k + i] = static_cast<int16_t>(weights.integer(row, i));
  std::vector<float> result(count * n), scales(layout.groups());
  std::vector<int8_t> codes(layout.k);
  for (int64_t t = 0; t < count; ++t) {
    const char *row = input.bytes() + t * layout.rowBytes();
    std::memcpy(scales.data(), row + layout.scales(), scales.size() * sizeof(float));
    activationCodes(layout, reinterpret_cast<const uint8_t *>(row), codes.data());
    int32_t zero = 0;
    if (layout.hasZeros)
      std::memcpy(&zero, row + layout.zeros(), sizeof zero);
    for (int64_t j = 0; j < n; ++j)
      result[t * n + j] = dot(codes.data(), zero, scales.data(), integers.data() + j * layout.k, weights, j);
  }
  return result;
}

TensorOr edgelm::evaluateOp(QuantizeWeightOp op, const Operands &in) {
  RankedTensorType type = cast<RankedTensorType>(op.getType());
  const Tensor &weight = in[op.getWeight()];
  if (!isa<QType>(type.getElementType()))
    return Tensor::fromDoubles(weight.shape(), type.getElementType(), weight.toDoubles());
  bool liesTransposed = op.getAxis() == 0;
  Tensor rows = liesTransposed ? edgelm::transposed(weight, {1, 0}) : weight;
  return quantizedMatrix(op, type, liesTransposed, rows.toFloats());
}

TensorOr edgelm::evaluateOp(QuantizeRowsOp op, const Operands &in) {
  return quantizedRows(in[op.getInput()], cast<RankedTensorType>(op.getType()).getElementType());
}
