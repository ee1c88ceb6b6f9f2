// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Linear layers over floats and codes, and gated units.
#include "Dialect/Reference/Families.h"
#include "Dialect/Reference/Quantized.h"
#include "Dialect/ScalarFunctions.h"

using namespace mlir;
using namespace edgelm;

static void activate(Operation *op, StringRef name, float *values, int64_t count) {
  const UnaryFunction *function = lookupUnary(name);
  for (int64_t i = 0; i < count; ++i)
    values[i] = static_cast<float>(function->onFloat(values[i], function->defaults));
}

TensorOr edgelm::evaluateOp(GluOp op, const Operands &in) {
  const Tensor &gate = in[op.getGate()];
  std::vector<float> gates = gate.toFloats(), ups = in[op.getUp()].toFloats();
  activate(op, op.getFn(), gates.data(), gates.size());
  std::vector<double> values(gates.size());
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = static_cast<double>(gates[i]) * ups[i];
  return Tensor::fromDoubles(gate.shape(), resultElementType(op), values);
}

/// input · Wᵀ, [rows, N].
static std::vector<float> product(const Tensor &input, const Tensor &weight, bool transposed) {
  if (isa<Int8RowsType>(input.elementType()))
    return productOfCodes(input, weight, transposed);
  int64_t k = input.dim(input.rank() - 1), rows = input.size() / k, n = weight.dim(transposed ? 1 : 0);
  std::vector<float> x = input.toFloats(), y(rows * n);
  if (isa<QType>(weight.elementType())) {
    std::vector<float> values(n * k);
    dequantizeRows(rowsOf(weight, transposed, 0, n), values.data());
    multiplyAdd(x.data(), values.data(), y.data(), rows, n, k, /*rhsTransposed=*/true, /*fused=*/true);
    return y;
  }
  std::vector<float> widened;
  if (!weight.elementType().isF32())
    widened = weight.toFloats();
  multiplyAdd(x.data(), widened.empty() ? weight.values<float>().data() : widened.data(), y.data(), rows, n, k,
              /*rhsTransposed=*/!transposed, /*fused=*/true);
  return y;
}

TensorOr edgelm::evaluateOp(LinearOp op, const Operands &in) {
  const Tensor &input = in[op.getInput()];
  int64_t rows = input.size() / input.dim(input.rank() - 1), columns = 0;
  std::vector<std::vector<float>> parts; // each [rows, N]
  std::vector<int64_t> widths;
  for (auto [i, value] : llvm::enumerate(op.getWeights())) {
    const Tensor &weight = in[value];
    bool transposed = op.getTransposed()[i];
    int64_t n = weight.dim(transposed ? 1 : 0);
    std::vector<float> part = product(input, weight, transposed);
    if (!op.getBiases().empty()) {
      std::vector<float> bias = in[op.getBiases()[i]].toFloats();
      for (size_t j = 0; j < part.size(); ++j)
        part[j] += bias[j % n];
    }
    bool isUp = op.getGlu() && i == 1;
    if (op.getActivation() && !isUp)
      activate(op, *op.getActivation(), part.data(), part.size());
    parts.push_back(std::move(part));
    widths.push_back(n);
    columns += n;
  }
  if (op.getGlu()) {
    for (size_t j = 0; j < parts[0].size(); ++j)
      parts[0][j] *= parts[1][j];
    parts.pop_back();
    columns = widths[0];
  }
  std::vector<double> values(rows * columns);
  int64_t start = 0;
  for (auto [part, n] : llvm::zip(parts, widths)) {
    for (size_t j = 0; j < part.size(); ++j)
      values[j / n * columns + start + j % n] = part[j];
    start += n;
  }
  if (op.getResidual()) {
    std::vector<float> residual = in[op.getResidual()].toFloats();
    for (size_t i = 0; i < values.size(); ++i)
      values[i] += residual[i];
  }
  ShapeVector shape(input.shape());
  shape.back() = columns;
  return Tensor::fromDoubles(shape, resultElementType(op), values);
}
