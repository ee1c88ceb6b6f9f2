// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Transformer operations but attention and linear layers: embeddings, norms, rotary embedding, rows.
#include "Dialect/Reference/Families.h"
#include "Dialect/Reference/Quantized.h"

#include <cstring>

using namespace mlir;
using namespace edgelm;

/// Position of row 0: the scalar operand, or 0 where it is absent.
static int64_t positionOf(const Tensor &pos) {
  return pos ? pos.scalarInteger() : 0;
}

TensorOr edgelm::evaluateOp(EmbedOp op, const Operands &in) {
  const Tensor &tokens = in[op.getTokens()], &table = in[op.getTable()];
  ShapeVector shape(tokens.shape());
  shape.push_back(table.dim(1));
  Tensor result(shape, resultElementType(op));
  int64_t features = table.dim(1);
  std::vector<int64_t> ids = tokens.toIntegers();
  if (isa<QType>(table.elementType())) {
    for (size_t i = 0; i < ids.size(); ++i) {
      int64_t row = ids[i] < 0 || ids[i] >= table.dim(0) ? 0 : ids[i];
      dequantizeRows(rowsOf(table, /*transposed=*/false, row, 1), result.writable<float>().data() + i * features);
    }
    return result;
  }
  unsigned width = table.elementBytes();
  Tensor rows(shape, table.elementType());
  for (size_t i = 0; i < ids.size(); ++i) {
    int64_t row = ids[i] < 0 || ids[i] >= table.dim(0) ? 0 : ids[i];
    std::memcpy(rows.writableBytes() + i * features * width, table.bytes() + row * features * width, features * width);
  }
  return Tensor::fromDoubles(shape, result.elementType(), rows.toDoubles());
}

TensorOr edgelm::evaluateOp(PositionRowsOp op, const Operands &in) {
  const Tensor &table = in[op.getTable()];
  RankedTensorType type = cast<RankedTensorType>(op.getType());
  int64_t axis = op.getAxis(), tokens = type.getDimSize(axis), pos = op.getPos() ? positionOf(in[op.getPos()]) : 0;
  if (pos < 0 || pos > table.dim(0))
    return op.emitError("starts at row ") << pos << " of a table of " << table.dim(0);
  AxisSplit split = splitAt(type.getShape(), axis);
  Tensor result(type.getShape(), type.getElementType());
  unsigned width = table.elementBytes();
  // Rows at and above the table's end belong to tokens beyond `n`, whose results nobody reads.
  for (int64_t i = 0; i < split.outer; ++i)
    for (int64_t s = 0; s < std::min(tokens, table.dim(0) - pos); ++s)
      std::memcpy(result.writableBytes() + (i * tokens + s) * split.inner * width,
                  table.bytes() + ((pos + s) * split.outer + i) * split.inner * width, split.inner * width);
  return result;
}

/// Calls `normalise(row, features)` on every row of the last dimension, in double.
template <typename Normalise> static Tensor eachRow(const Tensor &input, Type elementType, Normalise normalise) {
  std::vector<double> values = input.toDoubles();
  int64_t features = input.dim(input.rank() - 1);
  for (size_t start = 0; start < values.size(); start += features)
    normalise(values.data() + start, features);
  if (Int8RowsType rows = dyn_cast<Int8RowsType>(elementType))
    return quantizedRows(Tensor::fromDoubles(input.shape(), input.elementType(), values), rows);
  return Tensor::fromDoubles(input.shape(), elementType, values);
}

TensorOr edgelm::evaluateOp(RmsNormOp op, const Operands &in) {
  std::vector<double> weight = in[op.getWeight()].toDoubles();
  double epsilon = op.getEpsilon().convertToDouble();
  return eachRow(in[op.getInput()], resultElementType(op), [&](double *row, int64_t features) {
    double squares = 0;
    for (int64_t i = 0; i < features; ++i)
      squares += row[i] * row[i];
    double scale = 1 / std::sqrt(squares / static_cast<double>(features) + epsilon);
    for (int64_t i = 0; i < features; ++i)
      row[i] *= scale * weight[i];
  });
}

TensorOr edgelm::evaluateOp(LayerNormOp op, const Operands &in) {
  std::vector<double> weight = in[op.getWeight()].toDoubles(), bias(weight.size(), 0);
  if (op.getBias())
    bias = in[op.getBias()].toDoubles();
  double epsilon = op.getEpsilon().convertToDouble();
  return eachRow(in[op.getInput()], resultElementType(op), [&](double *row, int64_t features) {
    double sum = 0, squares = 0;
    for (int64_t i = 0; i < features; ++i)
      sum += row[i];
    double mean = sum / static_cast<double>(features);
    for (int64_t i = 0; i < features; ++i)
      squares += (row[i] - mean) * (row[i] - mean);
    double scale = 1 / std::sqrt(squares / static_cast<double>(features) + epsilon);
    for (int64_t i = 0; i < features; ++i)
      row[i] = (row[i] - mean) * scale * weight[i] + bias[i];
  });
}

TensorOr edgelm::evaluateOp(RopeOp op, const Operands &in) {
  const Tensor &input = in[op.getInput()], &cosTable = in[op.getCos()];
  std::vector<double> values = input.toDoubles(), cosines = cosTable.toDoubles(), sines = in[op.getSin()].toDoubles();
  int64_t tokens = input.dim(0), heads = input.dim(1), headDim = input.dim(2), pairs = cosTable.dim(1);
  int64_t pos = op.getPos() ? positionOf(in[op.getPos()]) : 0;
  for (int64_t s = 0; s < tokens; ++s) {
    int64_t row = pos + s;
    if (row < 0 || row >= cosTable.dim(0))
      continue; // a token beyond `n`
    for (int64_t h = 0; h < heads; ++h) {
      double *head = values.data() + (s * heads + h) * headDim;
      for (int64_t i = 0; i < pairs; ++i) {
        double &a = head[op.getInterleaved() ? 2 * i : i], &b = head[op.getInterleaved() ? 2 * i + 1 : i + pairs];
        double c = cosines[row * pairs + i], d = sines[row * pairs + i], x = a, y = b;
        a = x * c - y * d;
        b = y * c + x * d;
      }
    }
  }
  return Tensor::fromDoubles(input.shape(), resultElementType(op), values);
}

TensorOr edgelm::evaluateOp(SelectRowOp op, const Operands &in) {
  const Tensor &input = in[op.getInput()];
  int64_t n = in[op.getN()].scalarInteger();
  if (n < 1 || n > input.dim(0))
    return op.emitError("takes row ") << n - 1 << " of " << input.dim(0);
  Tensor result({1, input.dim(1)}, input.elementType());
  int64_t rowBytes = input.dim(1) * input.elementBytes();
  std::memcpy(result.writableBytes(), input.bytes() + (n - 1) * rowBytes, rowBytes);
  return result;
}
