// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Attention, its masks and the key/value cache.
#include "Dialect/Reference/Families.h"
#include "Dialect/Reference/Quantized.h"
#include "Dialect/Storage.h"

#include <cstring>

using namespace mlir;
using namespace edgelm;

/// Whether the query at position i sees the key at position j.
static bool sees(MaskAttr mask, int64_t i, int64_t j) {
  switch (mask.getKind()) {
  case MaskKind::Bidirectional:
    return true;
  case MaskKind::Causal:
    return j <= i;
  case MaskKind::SlidingWindow:
    return j <= i && i - j < mask.getWindow();
  }
  llvm_unreachable("unknown kind of mask");
}

/// What ALiBi adds to the score of query head `head`, 0 without slopes.
static float slopeTerm(MaskAttr mask, int64_t head, int64_t i, int64_t j) {
  ArrayRef<float> slopes = mask.getSlopes() ? mask.getSlopes().asArrayRef() : ArrayRef<float>();
  return slopes.empty() ? 0 : slopes[head % slopes.size()] * static_cast<float>(j - i);
}

TensorOr edgelm::evaluateOp(MaskOp op, const Operands &in) {
  RankedTensorType type = cast<RankedTensorType>(op.getType());
  Shape shape = type.getShape();
  int64_t rank = type.getRank(), queries = shape[rank - 2], keys = shape[rank - 1];
  int64_t heads = rank > 2 ? shape[rank - 3] : 1;
  std::vector<double> real(keys, 1);
  if (op.getKeyMask())
    real = in[op.getKeyMask()].toDoubles();
  bool isBool = type.getElementType().isInteger(1);
  double hidden = -static_cast<double>(std::numeric_limits<float>::max());
  if (type.getElementType().isF16())
    hidden = -65504;
  std::vector<double> values(elementCount(shape));
  for (size_t index = 0; index < values.size(); ++index) {
    int64_t j = index % keys, i = index / keys % queries, head = index / (keys * queries) % heads;
    bool visible = sees(op.getMask(), i, j) && real[j] != 0;
    values[index] = isBool ? visible : visible ? slopeTerm(op.getMask(), head, i, j) : hidden;
  }
  return Tensor::fromDoubles(shape, type.getElementType(), values);
}

namespace {
/// One attention over all heads; keys and values are read at `(key, head)` by strides, so that caches need no copy.
struct Attention {
  std::vector<float> query, key, value; // query [rows, heads, dim]
  int64_t rows, heads, keyHeads, dim, valueDim, keys;
  int64_t keyStride, keyHeadStride, valueStride, valueHeadStride; // in elements
  int64_t pos;                                                    // position of query row 0
  MaskAttr mask;
  double scale;
  double softcap;           // 0: none
  std::vector<double> real; // [keys], nonzero where the key is a token
};
} // namespace

/// Softmax of one row of scores times the values, in f32 as the operation's description says (sums in double).
static void attendRow(const Attention &a, int64_t row, int64_t head, float *out) {
  int64_t group = head / (a.heads / a.keyHeads), i = a.pos + row;
  const float *query = a.query.data() + (row * a.heads + head) * a.dim;
  std::vector<double> scores(a.keys);
  double greatest = -INFINITY, sum = 0;
  bool sawAny = false;
  std::vector<bool> visible(a.keys);
  for (int64_t j = 0; j < a.keys; ++j) {
    visible[j] = sees(a.mask, i, j) && a.real[j] != 0;
    if (!visible[j])
      continue;
    const float *key = a.key.data() + j * a.keyStride + group * a.keyHeadStride;
    float dot = 0;
    for (int64_t d = 0; d < a.dim; ++d)
      dot += query[d] * key[d];
    double score = a.scale * dot;
    if (a.softcap != 0)
      score = a.softcap * std::tanh(score / a.softcap);
    scores[j] = score + slopeTerm(a.mask, head, i, j);
    greatest = std::fmax(greatest, scores[j]);
    sawAny = true;
  }
  std::vector<double> sums(a.valueDim, 0);
  for (int64_t j = 0; j < a.keys; ++j) {
    if (sawAny && !visible[j])
      continue;
    double weight = sawAny ? std::exp(scores[j] - greatest) : 1;
    const float *value = a.value.data() + j * a.valueStride + group * a.valueHeadStride;
    for (int64_t d = 0; d < a.valueDim; ++d)
      sums[d] += weight * value[d];
    sum += weight;
  }
  for (int64_t d = 0; d < a.valueDim; ++d)
    out[d] = static_cast<float>(sums[d] / sum);
}

static Tensor attend(const Attention &a, Type elementType) {
  std::vector<float> out(a.rows * a.heads * a.valueDim);
  for (int64_t row = 0; row < a.rows; ++row)
    for (int64_t head = 0; head < a.heads; ++head)
      attendRow(a, row, head, out.data() + (row * a.heads + head) * a.valueDim);
  return Tensor::fromDoubles({a.rows, a.heads, a.valueDim}, elementType, std::vector<double>(out.begin(), out.end()));
}

template <typename Op> static double softcapOf(Op op) {
  return op.getSoftcap() ? op.getSoftcap()->convertToDouble() : 0;
}

TensorOr edgelm::evaluateOp(AttentionOp op, const Operands &in) {
  const Tensor &query = in[op.getQuery()], &key = in[op.getKey()], &value = in[op.getValue()];
  Attention a;
  a.query = query.toFloats(), a.key = key.toFloats(), a.value = value.toFloats();
  a.rows = query.dim(0), a.heads = query.dim(1), a.dim = query.dim(2);
  a.keys = key.dim(0), a.keyHeads = key.dim(1), a.valueDim = value.dim(2);
  a.keyHeadStride = a.dim, a.keyStride = a.keyHeads * a.dim;
  a.valueHeadStride = a.valueDim, a.valueStride = a.keyHeads * a.valueDim;
  a.pos = 0, a.mask = op.getMask(), a.scale = op.getScale().convertToDouble();
  a.softcap = softcapOf(op);
  a.real.assign(a.keys, 1);
  if (op.getKeyMask())
    a.real = in[op.getKeyMask()].toDoubles();
  return attend(a, resultElementType(op));
}

TensorOr edgelm::evaluateOp(CachedAttentionOp op, const Operands &in) {
  const Tensor &query = in[op.getQuery()], &key = in[op.getKeyCache()], &value = in[op.getValueCache()];
  Attention a;
  a.pos = in[op.getPos()].scalarInteger();
  int64_t n = in[op.getN()].scalarInteger(), context = key.dim(1);
  if (a.pos < 0 || n < 1 || n > query.dim(0) || a.pos + n > context)
    return op.emitError("attends with ") << n << " tokens at position " << a.pos << " over a context of " << context;
  a.query = query.toFloats(), a.key = cachedFloats(key), a.value = cachedFloats(value);
  a.rows = n, a.heads = query.dim(1), a.dim = query.dim(2);
  a.keys = a.pos + n, a.keyHeads = key.dim(0), a.valueDim = value.dim(2);
  a.keyStride = a.dim, a.keyHeadStride = context * a.dim;
  a.valueStride = a.valueDim, a.valueHeadStride = context * a.valueDim;
  // Later keys of the chunk are in the cache already: nobody sees them early, whatever the mask.
  a.mask = op.getMask(), a.scale = op.getScale().convertToDouble();
  a.softcap = softcapOf(op);
  a.real.assign(a.keys, 1);
  Tensor valid = attend(a, resultElementType(op));
  Tensor result({query.dim(0), a.heads, a.valueDim}, resultElementType(op)); // undefined rows are 0 here
  std::memcpy(result.writableBytes(), valid.bytes(), valid.size() * valid.elementBytes());
  return result;
}

TensorOr edgelm::evaluateOp(CacheAppendOp op, const Operands &in) {
  const Tensor &cache = in[op.getCache()], &rows = in[op.getRows()];
  int64_t pos = in[op.getPos()].scalarInteger(), n = in[op.getN()].scalarInteger();
  int64_t heads = cache.dim(0), context = cache.dim(1);
  if (pos < 0 || n < 0 || n > rows.dim(0) || pos + n > context)
    return op.emitError("writes ") << n << " rows at position " << pos << " of a cache of " << context;
  int64_t bytes = bufferBytes(cache.getType()), rowBytes = bytes / (heads * context);
  std::vector<char> result(cache.bytes(), cache.bytes() + bytes);
  Tensor converted = rows;
  if (isa<Int8CacheType>(cache.elementType()))
    converted = quantizedRows(rows, cache.elementType());
  else if (rows.elementType() != cache.elementType())
    converted = Tensor::fromDoubles(rows.shape(), cache.elementType(), rows.toDoubles());
  for (int64_t t = 0; t < n; ++t)
    for (int64_t g = 0; g < heads; ++g)
      std::memcpy(result.data() + (g * context + pos + t) * rowBytes, converted.bytes() + (t * heads + g) * rowBytes,
                  rowBytes);
  return Tensor::ofCodes(cache.getType(), std::move(result));
}
