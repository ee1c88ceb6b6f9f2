// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Quantization: between floats and integer codes, and packed blocks of weights.
#include "Dialect/Reference/Families.h"

using namespace mlir;
using namespace edgelm;

/// For every element of `shape`, the index of its scale: one for all, one for each entry along `axis`, or with a
/// `blockSize`, one for each block along it (the scales then have the shape with that dimension divided).
static FailureOr<std::vector<int32_t>> scaleIndices(Operation *op, Shape shape, const Tensor &scale, int64_t axis,
                                                    int64_t blockSize) {
  std::vector<int32_t> indices(elementCount(shape), 0);
  if (scale.size() == 1 && blockSize == 0)
    return indices;
  if (axis < 0)
    axis += shape.size();
  AxisSplit split = splitAt(shape, axis);
  int64_t blocks = blockSize == 0 ? split.extent : (split.extent + blockSize - 1) / blockSize;
  int64_t expected = blockSize == 0 ? split.extent : split.outer * blocks * split.inner;
  if (scale.size() != expected)
    return op->emitError("has ") << scale.size() << " scales, expected " << expected;
  for (size_t i = 0; i < indices.size(); ++i) {
    int64_t along = static_cast<int64_t>(i) / split.inner % split.extent;
    indices[i] = static_cast<int32_t>(
        blockSize == 0
            ? along
            : (static_cast<int64_t>(i) / (split.inner * split.extent) * blocks + along / blockSize) * split.inner +
                  static_cast<int64_t>(i) % split.inner);
  }
  return indices;
}

static std::vector<int64_t> zeroPoints(const Tensor &zeroPoint, int64_t count) {
  return zeroPoint ? zeroPoint.toIntegers() : std::vector<int64_t>(count, 0);
}

/// Least and greatest code of an integer type.
static std::pair<double, double> codeRange(Type type) {
  unsigned bits = type.getIntOrFloatBitWidth();
  if (type.isUnsignedInteger())
    return {0, std::ldexp(1.0, bits) - 1};
  return {-std::ldexp(1.0, bits - 1), std::ldexp(1.0, bits - 1) - 1};
}

TensorOr edgelm::evaluateOp(QuantizeOp op, const Operands &in) {
  const Tensor &input = in[op.getInput()], &scale = in[op.getScale()];
  FailureOr<std::vector<int32_t>> indices = scaleIndices(op, input.shape(), scale, op.getAxis(), op.getBlockSize());
  if (failed(indices))
    return failure();
  std::vector<float> values = input.toFloats(), scales = scale.toFloats();
  std::vector<int64_t> zeros = zeroPoints(in[op.getZeroPoint()], scale.size());
  auto [least, greatest] = codeRange(op.getTo());
  std::vector<double> codes(values.size());
  for (size_t i = 0; i < codes.size(); ++i) {
    int32_t s = (*indices)[i];
    // The quotient is rounded to f32 first, as ONNX Runtime does.
    double code = std::nearbyint(static_cast<double>(values[i] / scales[s])) + static_cast<double>(zeros[s]);
    codes[i] = std::fmin(greatest, std::fmax(least, code));
  }
  return Tensor::fromDoubles(input.shape(), op.getTo(), codes);
}

TensorOr edgelm::evaluateOp(DequantizeOp op, const Operands &in) {
  const Tensor &input = in[op.getInput()], &scale = in[op.getScale()];
  FailureOr<std::vector<int32_t>> indices = scaleIndices(op, input.shape(), scale, op.getAxis(), op.getBlockSize());
  if (failed(indices))
    return failure();
  std::vector<int64_t> codes = input.toIntegers(), zeros = zeroPoints(in[op.getZeroPoint()], scale.size());
  std::vector<float> scales = scale.toFloats();
  std::vector<double> values(codes.size());
  for (size_t i = 0; i < codes.size(); ++i) {
    int32_t s = (*indices)[i];
    values[i] = static_cast<double>(static_cast<float>(codes[i] - zeros[s]) * scales[s]);
  }
  return Tensor::fromDoubles(input.shape(), resultElementType(op), values);
}

/// Code number `index` of `bits` bits; the first code of a byte is in its low bits.
static int64_t packedCode(const uint8_t *bytes, int64_t index, int64_t bits) {
  int64_t bit = index * bits, value = bytes[bit / 8];
  if (bit % 8 + bits > 8)
    value |= static_cast<int64_t>(bytes[bit / 8 + 1]) << 8;
  return value >> (bit % 8) & ((1 << bits) - 1);
}

TensorOr edgelm::evaluateOp(DequantizeBlocksOp op, const Operands &in) {
  const Tensor &codes = in[op.getCodes()];
  int64_t bits = op.getBits(), blockSize = op.getBlockSize(), k = op.getK(), n = codes.dim(0);
  int64_t blocks = (k + blockSize - 1) / blockSize, blockBytes = blockSize * bits / 8,
          zeroRowBytes = (blocks * bits + 7) / 8;
  if (codes.size() != n * blocks * blockBytes || in[op.getScales()].size() != n * blocks)
    return op.emitError("has ") << codes.getType() << " and " << in[op.getScales()].getType() << ", expected codes of "
                                << n << "x" << blocks << "x" << blockBytes << " bytes and a scale for each block";
  std::vector<float> scales = in[op.getScales()].toFloats();
  const Tensor &zeroPoint = in[op.getZeroPoints()];
  std::vector<float> floatZeros;
  bool packedZeros = zeroPoint && !isa<FloatType>(zeroPoint.elementType());
  if (packedZeros && zeroPoint.size() != n * zeroRowBytes)
    return op.emitError("has ") << zeroPoint.size() << " bytes of zero points, expected " << n * zeroRowBytes;
  if (zeroPoint && !packedZeros)
    floatZeros = zeroPoint.toFloats();
  std::vector<double> values(n * k);
  const uint8_t *packed = reinterpret_cast<const uint8_t *>(codes.bytes());
  for (int64_t row = 0; row < n; ++row)
    for (int64_t block = 0; block < blocks; ++block) {
      int64_t s = row * blocks + block;
      float zero = static_cast<float>(1 << (bits - 1));
      if (packedZeros)
        zero = packedCode(reinterpret_cast<const uint8_t *>(zeroPoint.bytes()) + row * zeroRowBytes, block, bits);
      else if (zeroPoint)
        zero = floatZeros[s];
      for (int64_t i = 0; i < blockSize && block * blockSize + i < k; ++i) {
        double &value = values[row * k + block * blockSize + i];
        if (op.getCodebook()) {
          value = (*op.getCodebook())[packedCode(packed + s * blockBytes, i ^ 1, bits)] * scales[s];
          continue;
        }
        float code = static_cast<float>(packedCode(packed + s * blockBytes, i, bits));
        value = static_cast<double>((code - zero) * scales[s]);
      }
    }
  return Tensor::fromDoubles({n, k}, resultElementType(op), values);
}

TensorsOr edgelm::evaluateOp(DynamicQuantizeOp op, const Operands &in) {
  const Tensor &input = in[op.getInput()];
  ShapeVector scaleShape;
  if (op.getPerToken()) {
    scaleShape.assign(input.shape().begin(), input.shape().end());
    scaleShape.back() = 1;
  }
  std::vector<float> values = input.toFloats();
  int64_t groups = elementCount(scaleShape), groupSize = groups == 0 ? 0 : static_cast<int64_t>(values.size()) / groups;
  std::vector<double> codes(values.size()), scales(groups), zeros(groups);
  for (int64_t g = 0; g < groups; ++g) {
    const float *group = values.data() + g * groupSize;
    float least = 0, greatest = 0; // ONNX: the range includes 0
    for (int64_t i = 0; i < groupSize; ++i) {
      least = std::fmin(least, group[i]);
      greatest = std::fmax(greatest, group[i]);
    }
    float scale = (greatest - least) / 255.0f;
    if (scale == 0)
      scale = 1;
    float zero = std::nearbyint(std::fmin(255.0f, std::fmax(0.0f, 0.0f - least / scale)));
    for (int64_t i = 0; i < groupSize; ++i)
      codes[g * groupSize + i] = std::fmin(255.0f, std::fmax(0.0f, std::nearbyint(group[i] / scale) + zero));
    scales[g] = scale;
    zeros[g] = zero;
  }
  return SmallVector<Tensor>{Tensor::fromDoubles(input.shape(), resultElementType(op, 0), codes),
                             Tensor::fromDoubles(scaleShape, resultElementType(op, 1), scales),
                             Tensor::fromDoubles(scaleShape, resultElementType(op, 2), zeros)};
}
