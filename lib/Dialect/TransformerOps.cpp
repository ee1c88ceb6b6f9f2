// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Verifiers of the transformer operations; the labels are those of the constraints in TransformerOps.td.
#include "Dialect/EdgeLMDialect.h"
#include "Dialect/PackedLayout.h"
#include "Dialect/ScalarFunctions.h"

using namespace mlir;
using namespace edgelm;

static LogicalResult verifyRank(Operation *op, Value value, int64_t rank, StringRef what) {
  if (tensorType(value).getRank() == rank)
    return success();
  return op->emitOpError("expects ") << what << " of rank " << rank << ", got " << value.getType();
}

static LogicalResult verifyFeatures(Operation *op, Value vector, Value input, StringRef what) {
  if (failed(verifyRank(op, vector, 1, what)))
    return failure();
  int64_t features = tensorType(input).getShape().back();
  if (ShapedType::isDynamic(features) || tensorType(vector).getDimSize(0) == features)
    return success();
  return op->emitOpError("expects ") << what << " of " << features << " elements, got " << vector.getType();
}

LogicalResult EmbedOp::verify() {
  return verifyRank(*this, getTable(), 2, "a table");
}

LogicalResult PositionRowsOp::verify() {
  RankedTensorType table = tensorType(getTable()), result = tensorType(getResult());
  int64_t axis = getAxis();
  if (axis < 0 || axis >= result.getRank())
    return emitOpError("has token axis ") << axis << ", but a result of rank " << result.getRank();
  if (!result.hasStaticShape() || !table.hasStaticShape() || result.getDimSize(axis) == 0 || table.getDimSize(0) == 0)
    return success();
  int64_t perToken = result.getNumElements() / result.getDimSize(axis),
          perRow = table.getNumElements() / table.getDimSize(0);
  if (perToken != perRow)
    return emitOpError("takes rows of ") << perRow << " elements for tokens of " << perToken;
  return success();
}

LogicalResult RmsNormOp::verify() {
  return verifyFeatures(*this, getWeight(), getInput(), "a weight");
}

LogicalResult LayerNormOp::verify() {
  if (failed(verifyFeatures(*this, getWeight(), getInput(), "a weight")))
    return failure();
  return getBias() ? verifyFeatures(*this, getBias(), getInput(), "a bias") : success();
}

LogicalResult RopeOp::verify() {
  if (failed(verifyRank(*this, getInput(), 3, "an input")) || failed(verifyRank(*this, getCos(), 2, "a table")))
    return failure();
  if (getCos().getType() != getSin().getType()) // rope_c1
    return emitOpError("expects tables of one type, got ") << getCos().getType() << " and " << getSin().getType();
  int64_t rotated = 2 * tensorType(getCos()).getDimSize(1), headDim = tensorType(getInput()).getDimSize(2);
  if (rotated > headDim) // rope_c1
    return emitOpError("rotates ") << rotated << " elements of a head that has " << headDim;
  return success();
}

template <typename Op>
static LogicalResult verifyHeads(Op op, int64_t queryHeads, int64_t keyHeads, int64_t queryDim, int64_t keyDim) {
  if (keyHeads == 0 || queryHeads % keyHeads != 0) // attention_c1
    return op->emitOpError("has ") << queryHeads << " query heads, not a multiple of " << keyHeads << " key heads";
  if (queryDim != keyDim) // attention_c2
    return op->emitOpError("has queries of ") << queryDim << " elements and keys of " << keyDim;
  std::optional<APFloat> softcap = op.getSoftcap();
  if (softcap && !(softcap->convertToDouble() > 0)) // attention_c3
    return op.emitOpError("(C3) expects a positive softcap, got ") << softcap->convertToDouble();
  return success();
}

LogicalResult AttentionOp::verify() {
  for (Value operand : {getQuery(), getKey(), getValue()})
    if (failed(verifyRank(*this, operand, 3, "operands")))
      return failure();
  RankedTensorType query = tensorType(getQuery()), key = tensorType(getKey());
  return verifyHeads(*this, query.getDimSize(1), key.getDimSize(1), query.getDimSize(2), key.getDimSize(2));
}

LogicalResult CachedAttentionOp::verify() {
  for (Value operand : {getQuery(), getKeyCache(), getValueCache()})
    if (failed(verifyRank(*this, operand, 3, "operands")))
      return failure();
  RankedTensorType query = tensorType(getQuery()), key = tensorType(getKeyCache());
  return verifyHeads(*this, query.getDimSize(1), key.getDimSize(0), query.getDimSize(2), key.getDimSize(2));
}

LogicalResult CacheAppendOp::verify() {
  RankedTensorType cache = tensorType(getCache()), rows = tensorType(getRows());
  if (cache.getRank() != 3 || rows.getRank() != 3 || cache.getDimSize(0) != rows.getDimSize(1) ||
      cache.getDimSize(2) != rows.getDimSize(2))
    return emitOpError("expects a cache [heads, context, dim] and rows [tokens, heads, dim], got ")
           << cache << " and " << rows;
  if (getResult().getType() != cache)
    return emitOpError("expects its result to have the cache's type ") << cache << ", got " << getResult().getType();
  return success();
}

/// Which number formats meet in one linear.
static LogicalResult verifyFormats(LinearOp op) {
  Int8RowsType quantized = dyn_cast<Int8RowsType>(tensorType(op.getInput()).getElementType());
  QType format = dyn_cast<QType>(tensorType(op.getWeights().front()).getElementType());
  for (Value weight : op.getWeights())
    if (dyn_cast<QType>(tensorType(weight).getElementType()) != format)
      return op.emitOpError("(C5) expects weights of one number format, got ")
             << op.getWeights().front().getType() << " and " << weight.getType();
  if (!quantized)
    return success();
  int64_t expected = format ? format.row().activationGroup() : -1, k = tensorType(op.getInput()).getShape().back();
  if (!format)
    return op.emitOpError("(C6) has quantized activations, so it expects weights of a number format, got ")
           << op.getWeights().front().getType();
  if (quantized.getGroup() != expected)
    return op.emitOpError("(C6) expects activations in groups of ")
           << expected << ", as " << format << " has them, got " << op.getInput().getType();
  if (quantized.getZeros() != format.row().hasRowSums)
    return op.emitOpError("(C6) expects activations ")
           << (quantized.getZeros() ? "without" : "with") << " zero points, as " << format << " has them, got "
           << op.getInput().getType();
  int64_t most = quantized.getZeros() ? kMaxColumnsWithZeros : kMaxSummedColumns;
  if (k > most)
    return op.emitOpError("(C7) expects at most ") << most << " columns, got " << op.getInput().getType();
  return success();
}

LogicalResult LinearOp::verify() {
  size_t count = getWeights().size();
  if (count == 0) // linear_c2
    return emitOpError("expects at least one weight");
  if ((!getBiases().empty() && getBiases().size() != count) || getTransposed().size() != count) // linear_c2
    return emitOpError("has ") << count << " weights, " << getBiases().size() << " biases and "
                               << getTransposed().size() << " entries of transposed";
  int64_t k = tensorType(getInput()).getShape().back(), n = 0;
  for (auto [weight, transposed] : llvm::zip_equal(getWeights(), getTransposed())) {
    RankedTensorType type = tensorType(weight);
    if (type.getRank() != 2 || type.getDimSize(transposed ? 0 : 1) != k) // linear_c1
      return emitOpError("expects weights with K = ") << k << ", got " << type << (transposed ? " (transposed)" : "");
    n += type.getDimSize(transposed ? 1 : 0);
  }
  if (getGlu() && (count != 2 || getWeights()[0].getType() != getWeights()[1].getType())) // linear_c3
    return emitOpError("with glu expects two weights of one type");
  if (failed(verifyFormats(*this)))
    return failure();
  n = getGlu() ? n / 2 : n;
  RankedTensorType result = tensorType(getResult()), input = tensorType(getInput());
  if (result.getRank() != input.getRank() || result.getShape().back() != n ||
      result.getShape().drop_back() != input.getShape().drop_back()) // linear_c4
    return emitOpError("expects a result like its input with ") << n << " features, got " << result;
  if (getActivation() && !lookupUnary(*getActivation()))
    return emitOpError("names the unknown function \"")
           << *getActivation() << "\"; known functions: " << unaryFunctionNames();
  return success();
}

LogicalResult GluOp::verify() {
  if (!lookupUnary(getFn()))
    return emitOpError("names the unknown function \"") << getFn() << "\"; known functions: " << unaryFunctionNames();
  return success();
}

LogicalResult PackedWeightOp::verify() {
  if (getSources().empty() || getSources().size() != getTransposed().size())
    return emitOpError("(C1) expects as many entries of 'transposed' as sources, at least one, got ")
           << getTransposed().size() << " and " << getSources().size();
  if (getStoredAs() && getStoredAs()->size() != getSources().size())
    return emitOpError("(C1) expects as many entries of 'stored_as' as sources, got ")
           << getStoredAs()->size() << " and " << getSources().size();
  bool needsMatrix = getPanel() != 0 || llvm::is_contained(getTransposed(), true);
  if (needsMatrix && tensorType(getResult()).getRank() != 2)
    return emitOpError("(C2) expects a matrix, got ") << getResult().getType();
  if (getOffset() % 64 != 0)
    return emitOpError("(C3) expects an offset that is a multiple of 64, got ") << getOffset();
  bool isQuantized = isa<QType>(tensorType(getResult()).getElementType());
  if (isQuantized && (getPanel() == 0 || !getStoredAs()))
    return emitOpError("(C4) expects a panel and the types that its sources are stored as");
  if (!isQuantized && getColumnsApart())
    return emitOpError("(C4) expects 'columns_apart' of quantized weights alone, got ") << getResult().getType();
  QType format = dyn_cast<QType>(tensorType(getResult()).getElementType());
  if (getPaired() && !(format && hasPairedCodes(format.row())))
    return emitOpError("(C5) expects codes of 8 bits without row sums where they are paired, got ")
           << getResult().getType();
  return success();
}
