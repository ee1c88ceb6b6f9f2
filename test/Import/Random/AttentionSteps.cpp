// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Attention in the forms that exporters and optimizers write.
#include "GraphMaker.h"

#include <cmath>
#include <limits>

using namespace edgelm::random;
using onnx::TensorProto;

namespace {
/// The sizes of one attention.
struct Sizes {
  int64_t batch, heads, keyHeads, tokens, keys, size;

  Sizes(GraphMaker &maker, bool isGrouped, bool isCross)
      : batch(maker.oneIn(3) ? 2 : 1), heads(maker.number(1, 4)), keyHeads(heads), tokens(maker.number(1, 6)),
        keys(tokens), size(8 * maker.number(1, 2)) {
    if (isGrouped && heads % 2 == 0 && maker.oneIn(2))
      keyHeads = heads / 2;
    if (isGrouped && maker.oneIn(3))
      keyHeads = 1;
    if (isCross && maker.oneIn(2))
      keys = maker.number(1, 7);
  }
  Shape joined(int64_t count, int64_t rows) const { return {batch, rows, count * size}; }
  Shape apart(int64_t count, int64_t rows) const { return {batch, count, rows, size}; }
};
} // namespace

/// A mask of the scores: who sees whom, as booleans.
static Tensor visibility(GraphMaker &maker, const Shape &shape) {
  int64_t elements = 1, columns = shape.back();
  for (int64_t size : shape)
    elements *= size;
  std::vector<int64_t> values;
  for (int64_t i = 0; i < elements; ++i) // each row sees its first key at least
    values.push_back(i % columns == 0 || maker.oneIn(2));
  return maker.integers(shape, values, TensorProto::BOOL);
}

static Tensor maskFor(GraphMaker &maker, const Sizes &sizes, bool isBool) {
  Shape shape = {maker.oneIn(2) ? 1 : sizes.batch, maker.oneIn(2) ? 1 : sizes.heads, sizes.tokens, sizes.keys};
  return isBool ? visibility(maker, shape) : maker.weight(shape);
}

/// Attention of opset 23, with heads apart or joined.
static void attention23(GraphMaker &maker) {
  Sizes sizes(maker, true, true);
  bool isJoined = maker.oneIn(2), isCausal = maker.oneIn(3);
  auto shapeOf = [&](int64_t heads, int64_t rows) {
    return isJoined ? sizes.joined(heads, rows) : sizes.apart(heads, rows);
  };
  std::vector<Tensor> operands = {maker.input(shapeOf(sizes.heads, sizes.tokens)),
                                  maker.input(shapeOf(sizes.keyHeads, sizes.keys)),
                                  maker.input(shapeOf(sizes.keyHeads, sizes.keys))};
  std::vector<onnx::AttributeProto> attributes = {integer("is_causal", isCausal)};
  if (isJoined) {
    attributes.push_back(integer("q_num_heads", sizes.heads));
    attributes.push_back(integer("kv_num_heads", sizes.keyHeads));
  }
  if (!isCausal && maker.oneIn(2))
    operands.push_back(maskFor(maker, sizes, maker.oneIn(2)));
  if (maker.oneIn(3))
    attributes.push_back(number("scale", maker.real(0.1f, 1)));
  if (maker.oneIn(3))
    attributes.push_back(number("softcap", maker.real(1, 5)));
  maker.keep(maker.node("Attention", operands, shapeOf(sizes.heads, sizes.tokens), attributes));
}

/// com.microsoft MultiHeadAttention: biases of the projections, masks of keys, biases of the scores.
static void multiHead(GraphMaker &maker) {
  Sizes sizes(maker, false, true);
  std::vector<Tensor> operands = {maker.input(sizes.joined(sizes.heads, sizes.tokens)),
                                  maker.input(sizes.joined(sizes.heads, sizes.keys)),
                                  maker.input(sizes.joined(sizes.heads, sizes.keys)),
                                  {},
                                  {},
                                  {}};
  std::vector<onnx::AttributeProto> attributes = {integer("num_heads", sizes.heads)};
  if (maker.oneIn(2))
    operands[3] = maker.weight({3 * sizes.heads * sizes.size});
  if (maker.oneIn(3)) {
    std::vector<int64_t> shown;
    for (int64_t i = 0; i < sizes.batch * sizes.keys; ++i)
      shown.push_back(i % sizes.keys == 0 || maker.oneIn(2));
    operands[4] = maker.integers({sizes.batch, sizes.keys}, shown, TensorProto::INT32);
  }
  if (maker.oneIn(3))
    operands[5] = maskFor(maker, sizes, false);
  if (maker.oneIn(3))
    attributes.push_back(number("scale", maker.real(0.1f, 1)));
  if (sizes.keys == sizes.tokens && maker.oneIn(3))
    attributes.push_back(integer("unidirectional", 1));
  maker.keep(
      maker.node("MultiHeadAttention", operands, sizes.joined(sizes.heads, sizes.tokens), attributes, "com.microsoft"));
}

/// com.microsoft Attention, which projects, with its masks.
static void projecting(GraphMaker &maker) {
  Sizes sizes(maker, false, false);
  int64_t hidden = sizes.heads * sizes.size, from = maker.number(4, 12);
  std::vector<Tensor> operands = {maker.input({sizes.batch, sizes.tokens, from}),
                                  maker.weight({from, 3 * hidden}, 0.5f), maker.weight({3 * hidden})};
  std::vector<onnx::AttributeProto> attributes = {integer("num_heads", sizes.heads)};
  bool isCausal = maker.oneIn(2);
  attributes.push_back(integer("unidirectional", isCausal));
  std::vector<int64_t> values;
  if (maker.oneIn(3)) {
    for (int64_t i = 0; i < sizes.batch; ++i)
      values.push_back(maker.number(1, sizes.tokens));
    operands.push_back(maker.integers({sizes.batch}, values, TensorProto::INT32));
  } else if (maker.oneIn(2)) {
    for (int64_t i = 0; i < sizes.batch * sizes.tokens; ++i)
      values.push_back(i % sizes.tokens == 0 || maker.oneIn(2));
    operands.push_back(maker.integers({sizes.batch, sizes.tokens}, values, TensorProto::INT32));
  }
  maker.keep(maker.node("Attention", operands, {sizes.batch, sizes.tokens, hidden}, attributes, "com.microsoft"));
}

/// Tables of cosines and sines.
static std::vector<Tensor> rotaryTables(GraphMaker &maker, int64_t rows, int64_t half) {
  return {maker.weight({rows, half}), maker.weight({rows, half})};
}

/// com.microsoft GroupQueryAttention: packed or not, with rotations, a window, a cap.
static void groupQuery(GraphMaker &maker) {
  Sizes sizes(maker, true, false);
  sizes.size = 16;
  bool isPacked = maker.oneIn(3), rotates = maker.oneIn(2);
  int64_t all = sizes.heads + 2 * sizes.keyHeads;
  std::vector<Tensor> operands = {
      maker.input(sizes.joined(isPacked ? all : sizes.heads, sizes.tokens)), {}, {}, {}, {}};
  for (size_t i = 1; i < 3 && !isPacked; ++i)
    operands[i] = maker.input(sizes.joined(sizes.keyHeads, sizes.tokens));
  operands.push_back(
      maker.integers({sizes.batch}, std::vector<int64_t>(sizes.batch, sizes.tokens - 1), TensorProto::INT32));
  operands.push_back(maker.integers({1}, {sizes.tokens}, TensorProto::INT32));
  std::vector<onnx::AttributeProto> attributes = {integer("num_heads", sizes.heads),
                                                  integer("kv_num_heads", sizes.keyHeads)};
  if (rotates) {
    for (const Tensor &table : rotaryTables(maker, sizes.tokens + 2, sizes.size / 2))
      operands.push_back(table);
    attributes.push_back(integer("do_rotary", 1));
    attributes.push_back(integer("rotary_interleaved", maker.oneIn(2)));
  }
  if (maker.oneIn(3))
    attributes.push_back(integer("local_window_size", maker.number(1, 4)));
  if (maker.oneIn(3))
    attributes.push_back(number("softcap", maker.real(1, 5)));
  if (maker.oneIn(3))
    attributes.push_back(number("scale", maker.real(0.1f, 1)));
  maker.keep(maker.node("GroupQueryAttention", operands, sizes.joined(sizes.heads, sizes.tokens), attributes,
                        "com.microsoft", 3));
}

/// RotaryEmbedding of opset 23 and of com.microsoft.
static void rotation(GraphMaker &maker) {
  Sizes sizes(maker, false, false);
  bool isJoined = maker.oneIn(2), isMicrosoft = maker.oneIn(2), isPartial = maker.oneIn(3);
  int64_t half = isPartial ? sizes.size / 4 : sizes.size / 2, rows = sizes.tokens + 3;
  Shape shape = isJoined ? sizes.joined(sizes.heads, sizes.tokens) : sizes.apart(sizes.heads, sizes.tokens);
  std::vector<int64_t> places;
  for (int64_t i = 0; i < sizes.batch * sizes.tokens; ++i)
    places.push_back(maker.number(0, rows - 1));
  Tensor x = maker.input(shape), positions = maker.integers({sizes.batch, sizes.tokens}, places);
  std::vector<Tensor> tables = rotaryTables(maker, rows, half);
  std::vector<onnx::AttributeProto> attributes = {integer("interleaved", maker.oneIn(2))};
  if (isJoined || isPartial)
    attributes.push_back(integer("num_heads", sizes.heads));
  if (isPartial)
    attributes.push_back(integer("rotary_embedding_dim", 2 * half));
  if (isMicrosoft)
    return maker.keep(
        maker.node("RotaryEmbedding", {x, positions, tables[0], tables[1]}, shape, attributes, "com.microsoft"));
  maker.keep(maker.node("RotaryEmbedding", {x, tables[0], tables[1], positions}, shape, attributes));
}

/// Which keys each query sees, and how much it likes them: none, causal, a window, ALiBi, at random.
static Tensor spelledMask(GraphMaker &maker, const Sizes &sizes) {
  int64_t kind = maker.number(0, 3), window = maker.number(1, 3), heads = kind == 2 ? sizes.heads : 1;
  std::vector<int64_t> visible;
  for (int64_t h = 0; h < heads; ++h)
    for (int64_t row = 0; row < sizes.tokens; ++row)
      for (int64_t key = 0; key < sizes.tokens; ++key)
        visible.push_back(kind == 3 ? key == 0 || maker.oneIn(2) : key <= row && (kind != 1 || row - key < window));
  Shape shape = {1, heads, sizes.tokens, sizes.tokens};
  Tensor mask = maker.node("Where",
                           {maker.integers(shape, visible, TensorProto::BOOL), maker.scalar(0),
                            maker.scalar(maker.oneIn(2) ? -1e9f : -std::numeric_limits<float>::infinity())},
                           shape);
  return kind == 2 ? maker.node("Add", {mask, maker.weight({1, heads, 1, sizes.tokens})}, shape) : mask;
}

/// x cos + rotated x sin, with the halves swapped.
static Tensor spelledRotation(GraphMaker &maker, const Tensor &x, const Tensor &cos, const Tensor &sin) {
  Shape half = x.shape;
  half.back() /= 2;
  Tensor axis = maker.vector({3}), middle = maker.vector({half.back()});
  Tensor first = maker.node("Slice", {x, maker.vector({0}), middle, axis}, half);
  Tensor second = maker.node("Slice", {x, middle, maker.vector({INT64_MAX}), axis}, half);
  Tensor swapped = maker.node("Concat", {maker.node("Neg", {second}, half), first}, x.shape, {integer("axis", -1)});
  return maker.node("Add", {maker.node("Mul", {x, cos}, x.shape), maker.node("Mul", {swapped, sin}, x.shape)}, x.shape);
}

/// Attention of small nodes, as exporters write it: projections, heads, rotations, repeated keys, scores, a softmax.
static void spelledOut(GraphMaker &maker) {
  Sizes sizes(maker, true, false);
  int64_t hidden = sizes.heads * sizes.size, groups = sizes.keyHeads, times = sizes.heads / groups;
  Tensor x = maker.input({sizes.batch, sizes.tokens, hidden});
  auto heads = [&](int64_t count) {
    Tensor flat =
        maker.node("MatMul", {x, maker.weight({hidden, count * sizes.size}, 0.3f)}, sizes.joined(count, sizes.tokens));
    if (maker.oneIn(2))
      flat = maker.node("Add", {flat, maker.weight({count * sizes.size})}, flat.shape);
    Tensor split = maker.node("Reshape", {flat, maker.vector({sizes.batch, sizes.tokens, count, sizes.size})},
                              {sizes.batch, sizes.tokens, count, sizes.size});
    return maker.node("Transpose", {split}, sizes.apart(count, sizes.tokens), {integers("perm", {0, 2, 1, 3})});
  };
  Tensor query = heads(sizes.heads), key = heads(groups), value = heads(groups);
  if (maker.oneIn(2)) {
    Tensor cos = maker.weight({1, 1, sizes.tokens, sizes.size}), sin = maker.weight(cos.shape);
    query = spelledRotation(maker, query, cos, sin);
    key = spelledRotation(maker, key, cos, sin);
  }
  auto repeated = [&](const Tensor &few) {
    if (times == 1)
      return few;
    Tensor apart = maker.node("Unsqueeze", {few, maker.vector({2})}, {});
    Tensor many =
        maker.node("Expand", {apart, maker.vector({sizes.batch, groups, times, sizes.tokens, sizes.size})}, {});
    return maker.node("Reshape", {many, maker.vector(sizes.apart(sizes.heads, sizes.tokens))},
                      sizes.apart(sizes.heads, sizes.tokens));
  };
  Shape square = {sizes.batch, sizes.heads, sizes.tokens, sizes.tokens};
  Tensor turned = maker.node("Transpose", {repeated(key)}, {}, {integers("perm", {0, 1, 3, 2})});
  Tensor scores = maker.node("MatMul", {query, turned}, square);
  float root = std::sqrt(float(sizes.size));
  scores = maker.oneIn(2) ? maker.node("Div", {scores, maker.scalar(root)}, square)
                          : maker.node("Mul", {scores, maker.scalar(1 / root)}, square);
  if (maker.oneIn(4)) {
    Tensor cap = maker.scalar(3);
    scores = maker.node("Mul", {maker.node("Tanh", {maker.node("Div", {scores, cap}, square)}, square), cap}, square);
  }
  if (!maker.oneIn(4))
    scores = maker.node("Add", {scores, spelledMask(maker, sizes)}, square);
  Tensor shares = maker.node("Softmax", {scores}, square, {integer("axis", -1)});
  Tensor mixed = maker.node("MatMul", {shares, repeated(value)}, sizes.apart(sizes.heads, sizes.tokens));
  Tensor back = maker.node("Transpose", {mixed}, {}, {integers("perm", {0, 2, 1, 3})});
  Tensor joined = maker.node("Reshape", {back, maker.vector(x.shape)}, x.shape);
  maker.keep(
      maker.node("Add", {x, maker.node("MatMul", {joined, maker.weight({hidden, hidden}, 0.3f)}, x.shape)}, x.shape));
}

const std::vector<Step> &edgelm::random::attentionSteps() {
  static const std::vector<Step> steps = {{"attention-23", attention23},    {"multi-head", multiHead},
                                          {"projecting", projecting},       {"group-query", groupQuery},
                                          {"rotation", rotation},           {"spelled-attention", spelledOut},
                                          {"spelled-attention", spelledOut}};
  return steps;
}
