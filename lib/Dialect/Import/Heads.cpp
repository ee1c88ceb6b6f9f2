// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Builds scaled dot-product attention and rotations from matrix products, masks and a softmax.
#include "Dialect/Import/Heads.h"

#include <cmath>

using namespace mlir;
using namespace edgelm;

static Type elementOf(Value value) {
  return tensorType(value).getElementType();
}

Value edgelm::dimension(NodeBinder &node, Value value, int64_t axis) {
  return node.create<SqueezeOp>(node.create<ShapeOp>(value, axis, axis + 1), ArrayRef<int64_t>{0});
}

Value edgelm::splitHeads(NodeBinder &node, Value value, int64_t heads) {
  if (!node.expectRank(value, 3, "queries, keys and values"))
    return node.vector({});
  int64_t hidden = tensorType(value).getShape().back(), size = ShapedType::isDynamic(hidden) ? -1 : hidden / heads;
  Value split = node.create<ReshapeOp>(value, node.vector({0, 0, heads, size}), false);
  return node.create<TransposeOp>(split, ArrayRef<int64_t>{0, 2, 1, 3});
}

Value edgelm::joinHeads(NodeBinder &node, Value value) {
  Value rows = node.create<TransposeOp>(value, ArrayRef<int64_t>{0, 2, 1, 3});
  return node.create<ReshapeOp>(rows, node.vector({0, 0, -1}), false);
}

Value edgelm::sliceAxis(NodeBinder &node, Value value, int64_t axis, int64_t from, int64_t to, int64_t step) {
  SmallVector<Value> bounds = {node.vector(from), node.vector(to), node.vector(axis), node.vector(step)};
  return node.create<SliceOp>(value, ValueRange(bounds), DenseI64ArrayAttr(), DenseI64ArrayAttr(), DenseI64ArrayAttr());
}

Value edgelm::afterPast(NodeBinder &node, Value past, Value value) {
  if (!past)
    return value;
  SmallVector<Value> parts = {past, value};
  return node.create<ConcatOp>(ValueRange(parts), 2);
}

/// Every head `times` times in a row: `[B, G, L, D]` to `[B, G * times, L, D]`.
static Value repeatHeads(NodeBinder &node, Value value, int64_t groups, int64_t times) {
  if (times == 1)
    return value;
  Value apart = node.create<UnsqueezeOp>(value, ArrayRef<int64_t>{2});
  Value many = node.create<BroadcastOp>(apart, node.vector({1, 1, times, 1, 1}));
  SmallVector<Value> shape = {node.create<ShapeOp>(value, 0, 1), node.vector(groups * times),
                              node.create<ShapeOp>(value, 2, 4)};
  return node.create<ReshapeOp>(many, node.create<ConcatOp>(ValueRange(shape), 0), false);
}

/// `[S, L]` of i1: which keys stand at or before their query and within the window.
static Value causalMask(NodeBinder &node, Value query, Value key, Value past, int64_t window) {
  Type i64 = node.types().getI64Type();
  Value zero = node.scalar(0, i64), one = node.scalar(1, i64);
  Value rows = dimension(node, query, 2), columns = dimension(node, key, 2);
  Value row = node.create<UnsqueezeOp>(node.create<IotaOp>(zero, rows, one), ArrayRef<int64_t>{1});
  if (past)
    row = node.binary("add", row, dimension(node, past, 2));
  Value column = node.create<UnsqueezeOp>(node.create<IotaOp>(zero, columns, one), ArrayRef<int64_t>{0});
  Value visible = node.create<CompareOp>("le", column, row);
  if (window < 1)
    return visible;
  Value first = node.binary("sub", row, node.scalar(window, i64));
  return node.binary("and", visible, node.create<CompareOp>("gt", column, first));
}

Value HeadsAttention::build(NodeBinder &node) {
  for (Value part : {query, key, value})
    if (!node.expectRank(part, 4, "queries, keys and values in heads"))
      return node.vector({});
  RankedTensorType q = tensorType(query), k = tensorType(key);
  if (q.isDynamicDim(1) || k.isDynamicDim(1) || k.getDimSize(1) == 0 || q.getDimSize(1) % k.getDimSize(1) != 0) {
    node.emitError() << "expected a known number of heads that is a multiple of the key heads, found " << q << " and "
                     << k;
    return query;
  }
  if (scale == 0 && q.isDynamicDim(3)) {
    node.emitError() << "expected heads of a known size, found " << q;
    return query;
  }
  if (scale == 0 && q.getDimSize(3) == 0) {
    node.emitError() << "expected heads that are not empty, found " << q;
    return query;
  }
  if (scale == 0)
    scale = 1 / std::sqrt(double(q.getDimSize(3)));
  int64_t groups = k.getDimSize(1), times = q.getDimSize(1) / groups;
  Type element = elementOf(query);
  Value keys = node.create<TransposeOp>(repeatHeads(node, key, groups, times), ArrayRef<int64_t>{0, 1, 3, 2});
  products = node.binary("mul", node.create<MatMulOp>(query, keys), node.scalar(scale, element));
  scores = products;
  if (softcap != 0) {
    Value cap = node.scalar(softcap, element);
    scores = node.binary("mul", node.unary("tanh", node.binary("div", scores, cap)), cap);
  }
  if (bias)
    scores = node.binary("add", scores, bias);
  if (causal) {
    Value mask = causalMask(node, query, key, past, window);
    visible = visible ? node.binary("and", visible, mask) : mask;
  }
  if (visible)
    scores = node.binary("add", scores,
                         node.create<SelectOp>(visible, node.scalar(0, element), node.scalar(hidden, element)));
  shares = node.create<SoftmaxOp>(scores, 3, false);
  return node.create<MatMulOp>(shares, repeatHeads(node, value, groups, times));
}

Value edgelm::rotated(NodeBinder &node, Value value, Value cos, Value sin, bool interleaved) {
  RankedTensorType table = tensorType(cos), type = tensorType(value);
  if (table.getRank() == 0 || !node.expectRank(value, 4, "what is rotated in heads")) {
    node.emitError() << "expected tables of cosines and sines, found " << table;
    return value;
  }
  int64_t last = type.getRank() - 1, half = table.getShape().back(), size = type.getShape().back();
  if (ShapedType::isDynamic(half) || ShapedType::isDynamic(size) || 2 * half > size) {
    node.emitError() << "expected a rotation of at most the head's elements, found " << type << " and tables " << table;
    return value;
  }
  Value turned = 2 * half == size ? value : sliceAxis(node, value, last, 0, 2 * half);
  Value x = interleaved ? sliceAxis(node, turned, last, 0, 2 * half, 2) : sliceAxis(node, turned, last, 0, half);
  Value y = interleaved ? sliceAxis(node, turned, last, 1, 2 * half, 2) : sliceAxis(node, turned, last, half, 2 * half);
  Value a = node.binary("sub", node.binary("mul", x, cos), node.binary("mul", y, sin));
  Value b = node.binary("add", node.binary("mul", x, sin), node.binary("mul", y, cos));
  SmallVector<Value> parts = {a, b};
  if (interleaved) {
    for (Value &part : parts)
      part = node.create<UnsqueezeOp>(part, ArrayRef<int64_t>{last + 1});
    Value pairs = node.create<ConcatOp>(ValueRange(parts), last + 1);
    parts = {node.create<ReshapeOp>(pairs, node.create<ShapeOp>(turned, 0, last + 1), false)};
  }
  if (2 * half != size)
    parts.push_back(sliceAxis(node, value, last, 2 * half, size));
  return parts.size() == 1 ? parts[0] : node.create<ConcatOp>(ValueRange(parts), last);
}
