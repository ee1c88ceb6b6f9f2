// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Matrix products of floats and integers with NumPy's batch semantics.
#include "Dialect/Reference/Families.h"

using namespace mlir;
using namespace edgelm;

namespace {
/// Two operands of a batched product: promoted to matrices, their batches broadcast.
struct Product {
  Tensor lhs, rhs;     // [batches..., rows, k], [batches..., k, columns]
  ShapeVector result;  // shape of the result, without the dimensions of promoted operands
  ShapeVector batches; // common shape of the batches
  int64_t rows, columns, k;
};
} // namespace

static FailureOr<Product> prepare(Operation *op, Tensor lhs, Tensor rhs) {
  if (lhs.rank() == 0 || rhs.rank() == 0)
    return op->emitError("cannot multiply ") << lhs.getType() << " and " << rhs.getType();
  bool leftVector = lhs.rank() == 1, rightVector = rhs.rank() == 1;
  if (leftVector)
    lhs = lhs.reshaped({1, lhs.dim(0)});
  if (rightVector)
    rhs = rhs.reshaped({rhs.dim(0), 1});
  Product product;
  product.rows = lhs.dim(lhs.rank() - 2);
  product.k = lhs.dim(lhs.rank() - 1);
  product.columns = rhs.dim(rhs.rank() - 1);
  if (product.k != rhs.dim(rhs.rank() - 2))
    return op->emitError("cannot multiply ") << lhs.getType() << " and " << rhs.getType();
  FailureOr<ShapeVector> batches = broadcastShapes(op, {lhs.shape().drop_back(2), rhs.shape().drop_back(2)});
  if (failed(batches))
    return failure();
  product.batches = product.result = *batches;
  if (!leftVector)
    product.result.push_back(product.rows);
  if (!rightVector)
    product.result.push_back(product.columns);
  product.lhs = lhs;
  product.rhs = rhs;
  return product;
}

/// Calls `multiply(lhsOffset, rhsOffset, resultOffset)`, in elements, for every matrix of the batch.
template <typename Multiply> static void forEachMatrix(const Product &product, Multiply multiply) {
  auto matrixIndices = [&](const Tensor &operand) {
    Shape own = operand.shape().drop_back(2);
    std::vector<int64_t> numbers(elementCount(own));
    for (size_t i = 0; i < numbers.size(); ++i)
      numbers[i] = i;
    Type index = IntegerType::get(operand.elementType().getContext(), 64);
    return broadcastTo(Tensor::fromIntegers(own, index, numbers), product.batches).toIntegers();
  };
  std::vector<int64_t> lefts = matrixIndices(product.lhs), rights = matrixIndices(product.rhs);
  for (size_t i = 0; i < lefts.size(); ++i)
    multiply(lefts[i] * product.rows * product.k, rights[i] * product.k * product.columns,
             static_cast<int64_t>(i) * product.rows * product.columns);
}

template <typename Sum, typename Result>
static void multiplyPlainly(const Product &product, const std::vector<Sum> &lhs, const std::vector<Sum> &rhs,
                            Result *result) {
  std::vector<Sum> sums(product.columns);
  forEachMatrix(product, [&](int64_t left, int64_t right, int64_t out) {
    for (int64_t i = 0; i < product.rows; ++i) {
      std::fill(sums.begin(), sums.end(), Sum(0));
      for (int64_t p = 0; p < product.k; ++p) {
        Sum a = lhs[left + i * product.k + p];
        const Sum *b = rhs.data() + right + p * product.columns;
        for (int64_t j = 0; j < product.columns; ++j)
          sums[j] += a * b[j];
      }
      for (int64_t j = 0; j < product.columns; ++j)
        result[out + i * product.columns + j] = static_cast<Result>(sums[j]);
    }
  });
}

TensorOr edgelm::evaluateOp(MatMulOp op, const Operands &in) {
  FailureOr<Product> product = prepare(op, in[op.getLhs()], in[op.getRhs()]);
  if (failed(product))
    return failure();
  Tensor result(product->result, resultElementType(op));
  if (product->lhs.elementType().isF64()) {
    multiplyPlainly(*product, product->lhs.toDoubles(), product->rhs.toDoubles(), result.writable<double>().data());
    return result;
  }
  if (!isa<FloatType>(product->lhs.elementType())) {
    std::vector<int64_t> sums(result.size());
    multiplyPlainly(*product, product->lhs.toIntegers(), product->rhs.toIntegers(), sums.data());
    return Tensor::fromIntegers(product->result, result.elementType(), sums);
  }
  bool isF32 = product->lhs.elementType().isF32();
  Tensor lhs = product->lhs, rhs = product->rhs;
  std::vector<float> wideLhs, wideRhs, sums;
  if (!isF32) {
    wideLhs = lhs.toFloats();
    wideRhs = rhs.toFloats();
    sums.resize(result.size());
  }
  const float *x = isF32 ? lhs.values<float>().data() : wideLhs.data();
  const float *y = isF32 ? rhs.values<float>().data() : wideRhs.data();
  float *out = isF32 ? result.writable<float>().data() : sums.data();
  forEachMatrix(*product, [&](int64_t left, int64_t right, int64_t to) {
    multiplyAdd(x + left, y + right, out + to, product->rows, product->columns, product->k, /*rhsTransposed=*/false,
                /*fused=*/false);
  });
  if (isF32)
    return result;
  return Tensor::fromDoubles(product->result, result.elementType(), std::vector<double>(sums.begin(), sums.end()));
}

/// Integers less their zero point, which is a scalar or one number for each entry along `axis`.
static std::vector<int32_t> centered(const Tensor &codes, const Tensor &zeroPoint, int64_t axis) {
  std::vector<int64_t> wide = codes.toIntegers(), zeros = zeroPoint ? zeroPoint.toIntegers() : std::vector<int64_t>{0};
  AxisSplit split = splitAt(codes.shape(), axis);
  std::vector<int32_t> result(wide.size());
  for (size_t i = 0; i < wide.size(); ++i)
    result[i] = static_cast<int32_t>(wide[i] - (zeros.size() == 1 ? zeros[0] : zeros[i / split.inner % split.extent]));
  return result;
}

TensorOr edgelm::evaluateOp(MatMulIntegerOp op, const Operands &in) {
  const Tensor &lhs = in[op.getLhs()], &rhs = in[op.getRhs()];
  FailureOr<Product> product = prepare(op, lhs, rhs);
  if (failed(product))
    return failure();
  Tensor result(product->result, resultElementType(op));
  multiplyPlainly(*product, centered(lhs, in[op.getLhsZeroPoint()], std::max<int64_t>(lhs.rank() - 2, 0)),
                  centered(rhs, in[op.getRhsZeroPoint()], rhs.rank() - 1), result.writable<int32_t>().data());
  return result;
}
