// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Integer products of dynamically quantized tokens with a trained matrix become linears that give the same bits.
#include "Dialect/CodedRows.h"
#include "Dialect/Storage.h"
#include "Passes/CodeSources.h"
#include "Passes/Match.h"
#include "Passes/Passes.h"

namespace edgelm {
#define GEN_PASS_DEF_ADOPTPRODUCTS
#include "Passes/Passes.h.inc"
} // namespace edgelm

using namespace mlir;
using namespace edgelm;

namespace {
/// cast(matmul_integer(x, W)) * (s * w), where x and s are of one dynamic quantization of rows.
struct Product {
  MatMulIntegerOp integers;
  DynamicQuantizeOp quantize;
  Value scales;    ///< w, of the matrix
  BinaryOp scaled; ///< the result
};

struct AdoptProducts : edgelm::impl::AdoptProductsBase<AdoptProducts> {
  using AdoptProductsBase::AdoptProductsBase;
  void runOnOperation() override;

private:
  LogicalResult adopt(Product product);
  FailureOr<Value> matrixOf(OpBuilder &builder, Product product);
  Value rowsOf(DynamicQuantizeOp quantize);

  DenseMap<Operation *, Value> quantized;
};
} // namespace

static Value withoutReshapes(Value value) {
  while (ReshapeOp reshape = value.getDefiningOp<ReshapeOp>())
    value = reshape.getInput();
  return value;
}

/// The only user, if it is of that kind.
template <typename Op> static Op onlyUser(Value value) {
  return value.hasOneUse() ? dyn_cast<Op>(*value.user_begin()) : Op();
}

/// What `fn` combines with `value`, or null.
static Value otherOperand(BinaryOp op, StringRef fn, Value value) {
  if (!op || op.getFn() != fn)
    return {};
  return op.getLhs() == value ? op.getRhs() : op.getRhs() == value ? op.getLhs() : Value();
}

/// Whether each row of a matrix has a scale of its own, be it that there is one row.
static bool quantizesRows(DynamicQuantizeOp op) {
  RankedTensorType type = tensorType(op.getInput());
  return type.getRank() == 2 && (op.getPerToken() || type.getDimSize(0) == 1);
}

static std::optional<Product> match(MatMulIntegerOp op) {
  DynamicQuantizeOp quantize = op.getLhs().getDefiningOp<DynamicQuantizeOp>();
  if (!quantize || !quantizesRows(quantize) || op.getLhs() != quantize.getResult() || !op.getLhsZeroPoint() ||
      withoutReshapes(op.getLhsZeroPoint()) != quantize.getZeroPoint() || tensorType(op.getRhs()).getRank() != 2)
    return std::nullopt;
  CastOp cast = onlyUser<CastOp>(op.getResult());
  BinaryOp scaled = cast ? onlyUser<BinaryOp>(cast.getResult()) : BinaryOp();
  Value factor = cast ? otherOperand(scaled, "mul", cast.getResult()) : Value();
  BinaryOp scales = factor ? factor.getDefiningOp<BinaryOp>() : BinaryOp();
  Value ofMatrix = otherOperand(scales, "mul", quantize.getScale());
  if (!ofMatrix || !isTrained(op.getRhs()) || scaled.getType() != cast.getType() ||
      !tensorType(scaled).getElementType().isF32() || !tensorType(quantize.getInput()).getElementType().isF32())
    return std::nullopt;
  return Product{op, quantize, ofMatrix, scaled};
}

/// A zero point for each of `count` scales, null where there is none.
static Value zerosOf(OpBuilder &builder, Value zeros, int64_t count) {
  ConstantOp constant = zeros ? zeros.getDefiningOp<ConstantOp>() : ConstantOp();
  DenseElementsAttr elements = constant ? dyn_cast<DenseElementsAttr>(constant.getValue()) : DenseElementsAttr();
  if (!elements || elements.getNumElements() == count)
    return zeros;
  if (elements.getNumElements() != 1)
    return zeros;
  SmallVector<APInt> repeated(count, *elements.value_begin<APInt>());
  RankedTensorType type = RankedTensorType::get({count}, elements.getElementType());
  return ConstantOp::create(builder, constant.getLoc(), DenseElementsAttr::get(type, repeated));
}

/// The matrix in the smallest format that has its codes and scales as they are and the sums of its rows; null: none has.
FailureOr<Value> AdoptProducts::matrixOf(OpBuilder &builder, Product product) {
  MatMulIntegerOp op = product.integers;
  RankedTensorType type = tensorType(op.getRhs()); // [K, N]
  int64_t k = type.getDimSize(0), n = type.getDimSize(1), scales = tensorType(product.scales).getNumElements();
  if ((scales != 1 && scales != n) || k > kMaxColumnsWithZeros)
    return Value();
  Value zeros = zerosOf(builder, op.getRhsZeroPoint(), scales);
  if (zeros && tensorType(zeros).getNumElements() != scales)
    return Value();
  CodesAttr codes = codesOf({op.getRhs(), product.scales, zeros}, 0, 1, 0, /*transposed=*/true);
  if (!codes)
    return Value();
  FailureOr<CodedRows> rows = CodedRows::open(codes, k, modelDirOf(getOperation()), [&] { return op.emitError(); });
  if (failed(rows))
    return failure();
  const FormatRow *best = nullptr;
  for (const FormatRow &row : formatTable())
    if (row.hasRowSums && rows->fits(row) && (!best || row.bitsPerWeight(k) < best->bitsPerWeight(k)))
      best = &row;
  rows->release(&getContext());
  if (!best)
    return Value();
  Type element = QType::get(&getContext(), {best->name.data(), best->name.size()});
  return Value(CodedWeightOp::create(builder, op.getRhs().getLoc(), RankedTensorType::get({n, k}, element), codes));
}

/// The tokens in int8 with zero points, made once for all products.
Value AdoptProducts::rowsOf(DynamicQuantizeOp quantize) {
  Value &rows = quantized[quantize];
  if (!rows) {
    OpBuilder builder(quantize);
    Type element = Int8RowsType::get(&getContext(), /*group=*/0, /*zeros=*/true, /*paired=*/false);
    rows = QuantizeRowsOp::create(builder, quantize.getLoc(), tensorType(quantize.getInput()).clone(element),
                                  quantize.getInput());
  }
  return rows;
}

LogicalResult AdoptProducts::adopt(Product product) {
  BinaryOp last = product.scaled;
  int64_t features = tensorType(last).getShape().back();
  OpBuilder builder(last);
  FailureOr<Value> matrix = matrixOf(builder, product);
  if (failed(matrix) || !*matrix)
    return LogicalResult(matrix);
  SmallVector<Value> biases;
  BinaryOp sum = onlyUser<BinaryOp>(last.getResult());
  if (Value other = otherOperand(sum, "add", last.getResult()); other && sum.getType() == last.getType()) {
    builder.setInsertionPoint(sum);
    if (Value bias = trainedVector(builder, other, features)) {
      biases.push_back(bias);
      last = sum;
    }
  }
  LinearOp linear = LinearOp::create(builder, builder.getFusedLoc({product.integers.getLoc(), last.getLoc()}),
                                     last.getType(), rowsOf(product.quantize), *matrix, biases, /*residual=*/Value(),
                                     ArrayRef<bool>{false}, /*activation=*/StringAttr());
  last.replaceAllUsesWith(linear.getResult());
  ++numAdopted;
  return success();
}

void AdoptProducts::runOnOperation() {
  quantized.clear();
  for (func::FuncOp function : getOperation().getOps<func::FuncOp>()) {
    if (function.isExternal())
      continue;
    SmallVector<Product> products;
    function.walk([&](MatMulIntegerOp op) {
      if (std::optional<Product> product = match(op))
        products.push_back(*product);
    });
    for (const Product &product : products)
      if (failed(adopt(product)))
        return signalPassFailure();
    eraseUnused(function);
  }
}
