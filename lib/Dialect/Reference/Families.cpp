// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the families of the reference evaluator share: broadcasting, strided copies, matrix products.
#include "Dialect/Reference/Families.h"

#include <cstring>

using namespace mlir;
using namespace edgelm;

const Tensor &Operands::operator[](Value value) const {
  static const Tensor absent;
  for (auto [operand, tensor] : llvm::zip(op->getOperands(), tensors))
    if (operand == value)
      return tensor;
  return absent;
}

Type edgelm::resultElementType(Operation *op, unsigned index) {
  return cast<RankedTensorType>(op->getResult(index).getType()).getElementType();
}

FailureOr<ShapeVector> edgelm::broadcastShapes(Operation *op, ArrayRef<Shape> shapes) {
  size_t rank = 0;
  for (Shape shape : shapes)
    rank = std::max(rank, shape.size());
  ShapeVector result(rank, 1);
  for (Shape shape : shapes) {
    for (size_t i = 0; i < shape.size(); ++i) {
      int64_t &dim = result[rank - shape.size() + i];
      if (shape[i] == dim || shape[i] == 1)
        continue;
      if (dim != 1)
        return op->emitError("cannot broadcast dimension ") << shape[i] << " against " << dim;
      dim = shape[i];
    }
  }
  return result;
}

ShapeVector edgelm::stridesOf(Shape shape) {
  ShapeVector strides(shape.size(), 1);
  for (size_t i = shape.size(); i-- > 1;)
    strides[i - 1] = strides[i] * shape[i];
  return strides;
}

template <typename Element> static void copyRow(char *out, const char *in, int64_t count, int64_t stride) {
  Element *to = reinterpret_cast<Element *>(out);
  const Element *from = reinterpret_cast<const Element *>(in);
  for (int64_t i = 0; i < count; ++i)
    to[i] = from[i * stride];
}

void edgelm::copyStrided(char *out, const char *in, Shape shape, Shape strides, unsigned width) {
  // Trailing dimensions that lie densely are one run of bytes.
  int64_t run = 1;
  size_t rank = shape.size();
  while (rank > 0 && (shape[rank - 1] == 1 || strides[rank - 1] == run))
    run *= shape[--rank];
  int64_t rowCount = 1, rowStride = 0;
  if (rank > 0) {
    --rank;
    rowCount = shape[rank];
    rowStride = strides[rank];
  }
  int64_t rows = elementCount(shape.take_front(rank));
  if (run == 0 || rowCount == 0)
    return;
  ShapeVector index(rank, 0);
  for (int64_t row = 0; row < rows; ++row) {
    if (run > 1)
      for (int64_t i = 0; i < rowCount; ++i)
        std::memcpy(out + i * run * width, in + i * rowStride * width, run * width);
    else if (width == 4)
      copyRow<uint32_t>(out, in, rowCount, rowStride);
    else if (width == 2)
      copyRow<uint16_t>(out, in, rowCount, rowStride);
    else if (width == 1)
      copyRow<uint8_t>(out, in, rowCount, rowStride);
    else
      copyRow<uint64_t>(out, in, rowCount, rowStride);
    out += rowCount * run * width;
    for (size_t d = rank; d-- > 0;) {
      in += strides[d] * width;
      if (++index[d] < shape[d])
        break;
      in -= index[d] * strides[d] * width;
      index[d] = 0;
    }
  }
}

Tensor edgelm::broadcastTo(const Tensor &input, Shape shape) {
  if (input.shape() == shape)
    return input;
  if (input.size() == elementCount(shape))
    return input.reshaped(shape);
  ShapeVector own = stridesOf(input.shape()), strides(shape.size(), 0);
  size_t skipped = shape.size() - own.size();
  for (size_t i = 0; i < own.size(); ++i)
    strides[skipped + i] = input.dim(i) == 1 ? 0 : own[i];
  Tensor result(shape, input.elementType());
  copyStrided(result.writableBytes(), input.bytes(), shape, strides, input.elementBytes());
  return result;
}

Tensor edgelm::transposed(const Tensor &input, ArrayRef<int64_t> perm) {
  ShapeVector own = stridesOf(input.shape()), shape, strides;
  for (int64_t axis : perm) {
    shape.push_back(input.dim(axis));
    strides.push_back(own[axis]);
  }
  Tensor result(shape, input.elementType());
  copyStrided(result.writableBytes(), input.bytes(), shape, strides, input.elementBytes());
  return result;
}

AxisSplit edgelm::splitAt(Shape shape, int64_t axis) {
  return {elementCount(shape.take_front(axis)), shape[axis], elementCount(shape.drop_front(axis + 1))};
}

/// glibc picks the hardware's instruction for fmaf at load time, so that this is exact on any machine.
template <bool Fused> static inline float step(float sum, float a, float b) {
  if constexpr (Fused)
    return std::fma(a, b, sum);
  float product = a * b;
  return sum + product;
}

template <bool Fused>
static void multiplyAddImpl(const float *lhs, const float *rhs, float *out, int64_t rows, int64_t columns, int64_t k,
                            bool rhsTransposed) {
#pragma STDC FP_CONTRACT OFF
  for (int64_t i = 0; i < rows; ++i) {
    const float *a = lhs + i * k;
    float *sums = out + i * columns;
    if (rhsTransposed) {
      for (int64_t j = 0; j < columns; ++j) {
        const float *b = rhs + j * k;
        float sum = sums[j];
        for (int64_t p = 0; p < k; ++p)
          sum = step<Fused>(sum, a[p], b[p]);
        sums[j] = sum;
      }
      continue;
    }
    for (int64_t p = 0; p < k; ++p) {
      const float *b = rhs + p * columns;
      for (int64_t j = 0; j < columns; ++j)
        sums[j] = step<Fused>(sums[j], a[p], b[j]);
    }
  }
}

void edgelm::multiplyAdd(const float *lhs, const float *rhs, float *out, int64_t rows, int64_t columns, int64_t k,
                         bool rhsTransposed, bool fused) {
  if (fused)
    multiplyAddImpl<true>(lhs, rhs, out, rows, columns, k, rhsTransposed);
  else
    multiplyAddImpl<false>(lhs, rhs, out, rows, columns, k, rhsTransposed);
}
