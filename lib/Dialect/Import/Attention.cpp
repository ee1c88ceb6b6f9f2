// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Fused attention and rotary operators: Attention and RotaryEmbedding of opset 23, and those of com.microsoft.
#include "Dialect/Import/Heads.h"

using namespace mlir;
using namespace edgelm;

static int64_t rankOf(Value value) {
  return tensorType(value).getRank();
}

/// Refuses inputs whose meaning is not built below.
static LogicalResult refuseInputs(NodeBinder &node, ArrayRef<std::pair<size_t, StringRef>> inputs) {
  for (auto [index, name] : inputs)
    if (node.input(index))
      return node.emitError() << "the input " << name << " is not supported";
  return success();
}

/// Keys before a length of each batch entry, as i1 `[B, 1, 1, L]`.
static Value visibleBefore(NodeBinder &node, Value lengths, Value key) {
  Type i64 = node.types().getI64Type();
  Value positions = node.create<IotaOp>(node.scalar(0, i64), dimension(node, key, 2), node.scalar(1, i64));
  Value limits = node.create<UnsqueezeOp>(node.cast(lengths, i64), ArrayRef<int64_t>{1, 2, 3});
  return node.create<CompareOp>("lt", positions, limits);
}

//===- ai.onnx ----------------------------------------------------------===//

/// A mask whose last dimension is shorter than the keys hides the rest.
static Value paddedMask(NodeBinder &node, Value mask, Value key) {
  RankedTensorType type = tensorType(mask), keys = tensorType(key);
  int64_t rank = type.getRank();
  if (rank == 0 || !node.expectRank(key, 4, "keys in heads"))
    return mask;
  if (keys.isDynamicDim(2) || type.isDynamicDim(rank - 1))
    return mask;
  int64_t missing = keys.getDimSize(2) - type.getShape().back();
  if (missing <= 0)
    return mask;
  SmallVector<int64_t> pads(2 * rank, 0);
  pads.back() = missing;
  bool isBool = type.getElementType().isInteger(1);
  Value fill = node.scalar(isBool ? 0 : -std::numeric_limits<double>::infinity(), type.getElementType());
  return node.create<PadOp>(mask, Value(), fill, "constant", node.types().getDenseI64ArrayAttr(pads));
}

static LogicalResult attention(NodeBinder &node) {
  HeadsAttention heads;
  bool isJoined = rankOf(node.input(0)) == 3;
  int64_t queryHeads = node.integer("q_num_heads", 0), keyHeads = node.integer("kv_num_heads", 0);
  if (isJoined && (queryHeads < 1 || keyHeads < 1))
    return node.emitError() << "expected q_num_heads and kv_num_heads with inputs of rank 3";
  auto split = [&](Value value, int64_t count) { return isJoined ? splitHeads(node, value, count) : value; };
  heads.query = split(node.input(0), queryHeads);
  heads.key = afterPast(node, node.input(4), split(node.input(1), keyHeads));
  heads.value = afterPast(node, node.input(5), split(node.input(2), keyHeads));
  heads.scale = node.number("scale", 0);
  heads.softcap = node.number("softcap", 0);
  heads.causal = node.integer("is_causal", 0);
  if (heads.causal && node.input(6))
    return node.emitError() << "is_causal with nonpad_kv_seqlen is not supported";
  heads.past = node.input(4);
  if (Value mask = node.input(3)) {
    mask = paddedMask(node, mask, heads.key);
    (tensorType(mask).getElementType().isInteger(1) ? heads.visible : heads.bias) = mask;
  }
  if (node.input(6)) {
    Value present = visibleBefore(node, node.input(6), heads.key);
    heads.visible = heads.visible ? node.binary("and", heads.visible, present) : present;
  }
  Value result = heads.build(node);
  int64_t mode = node.integer("qk_matmul_output_mode", 0);
  // Versions of the standard differ in whether the softcap, whose result is mode 2, is in front of the mask or behind it.
  if (node.numOutputs() > 3 && mode != 0 && mode != 1 && mode != 3)
    return node.emitError() << "found qk_matmul_output_mode = " << mode << " with its output; expected 0, 1 or 3";
  SmallVector<Value> outputs = {isJoined ? joinHeads(node, result) : result};
  if (node.numOutputs() > 1)
    outputs.append({heads.key, heads.value});
  if (node.numOutputs() > 3)
    outputs.push_back(mode == 0 ? heads.products : mode == 1 ? heads.scores : heads.shares);
  return node.finish(outputs);
}

/// The size of the last dimension; unknown where there is none.
static int64_t lastSize(Value value) {
  return rankOf(value) ? tensorType(value).getShape().back() : ShapedType::kDynamic;
}

/// The rows of a table at the positions, over all heads: `[B, 1, S, R / 2]`.
static Value tableRows(NodeBinder &node, Value table, Value positions) {
  Value rows = positions ? node.create<GatherOp>(table, positions, 0) : table;
  return node.create<UnsqueezeOp>(rows, ArrayRef<int64_t>{1});
}

/// Of ai.onnx: input, tables, positions; of com.microsoft (the row's function is "ms"): input, positions, tables.
static LogicalResult rotaryEmbedding(NodeBinder &node) {
  bool isMicrosoft = node.function() == "ms";
  Value input = node.input(0), positions = node.input(isMicrosoft ? 1 : 3);
  Value cos = node.input(isMicrosoft ? 2 : 1), sin = node.input(isMicrosoft ? 3 : 2);
  if (node.number("scale", 1) != 1)
    return node.emitError() << "found scale = " << node.number("scale", 1) << "; expected 1";
  int64_t heads = node.integer("num_heads", 0);
  if (!cos || !sin || !input)
    return node.emitError() << "expected an input and tables of cosines and sines";
  int64_t width = lastSize(cos), hidden = lastSize(input);
  bool isJoined = rankOf(input) == 3;
  if (!isJoined && !node.expectRank(input, 4, "an input"))
    return failure();
  if (isJoined && heads < 1 && hidden > 0 && width > 0)
    heads = hidden / (2 * width);
  if (isJoined && heads < 1)
    return node.emitError() << "expected num_heads with an input of rank 3";
  Value value = isJoined ? splitHeads(node, input, heads) : input;
  if (positions && rankOf(positions) == 1) {
    // One offset for the whole sequence.
    Type i64 = node.types().getI64Type();
    Value count = node.create<IotaOp>(node.scalar(0, i64), dimension(node, value, 2), node.scalar(1, i64));
    positions = node.binary("add", node.cast(positions, i64), count);
    positions = node.create<UnsqueezeOp>(positions, ArrayRef<int64_t>{0});
  }
  Value result = rotated(node, value, tableRows(node, cos, positions), tableRows(node, sin, positions),
                         node.integer("interleaved", 0) != 0);
  return node.finish(isJoined ? joinHeads(node, result) : result);
}

//===- com.microsoft ----------------------------------------------------===//

/// com.microsoft's key masks: `[B]` lengths, `[B, L]` or `[B, S, L]` with nonzero for real tokens.
static LogicalResult setKeyMask(NodeBinder &node, Value mask, HeadsAttention &heads) {
  if (!mask)
    return success();
  int64_t rank = rankOf(mask);
  if (rank == 1) {
    heads.visible = visibleBefore(node, mask, heads.key);
    return success();
  }
  if (rank != 2 && rank != 3)
    return node.emitError() << "found a mask of rank " << rank << "; expected 1, 2 or 3";
  Value real = node.create<CompareOp>("ne", mask, node.scalar(0, tensorType(mask).getElementType()));
  SmallVector<int64_t> axes = rank == 2 ? SmallVector<int64_t>{1, 2} : SmallVector<int64_t>{1};
  heads.visible = node.create<UnsqueezeOp>(real, axes);
  return success();
}

/// Queries, keys and values of `[B, S, 3 * hidden]`, with past and present as one tensor `[2, B, H, P, D]`.
static LogicalResult fusedProjection(NodeBinder &node, Value projected, Value mask, Value past, Value bias) {
  int64_t count = node.integer("num_heads", 0), width = lastSize(projected);
  if (count < 1 || width < 1)
    return node.emitError() << "expected num_heads and a projection of a known size";
  SmallVector<int64_t> sizes = node.integers("qkv_hidden_sizes");
  if (sizes.empty())
    sizes.assign(3, width / 3);
  bool isOutside = llvm::any_of(sizes, [&](int64_t size) { return size < 0 || size > width; });
  if (sizes.size() != 3 || isOutside || sizes[0] + sizes[1] + sizes[2] != width)
    return node.emitError() << "qkv_hidden_sizes do not add up to " << width;
  if (node.integer("do_rotary", 0))
    return node.emitError() << "do_rotary is not supported";
  SmallVector<Value> parts = node.createMany<SplitOp>(3, projected, node.vector(sizes), rankOf(projected) - 1);
  HeadsAttention heads;
  heads.query = splitHeads(node, parts[0], count);
  auto pastOf = [&](int64_t which) -> Value {
    if (!past)
      return {};
    return node.create<SqueezeOp>(sliceAxis(node, past, 0, which, which + 1), ArrayRef<int64_t>{0});
  };
  heads.past = pastOf(0);
  heads.key = afterPast(node, heads.past, splitHeads(node, parts[1], count));
  heads.value = afterPast(node, pastOf(1), splitHeads(node, parts[2], count));
  heads.scale = node.number("scale", 0);
  heads.causal = node.integer("unidirectional", 0);
  heads.hidden = node.number("mask_filter_value", -10000);
  heads.bias = bias;
  if (failed(setKeyMask(node, mask, heads)))
    return failure();
  SmallVector<Value> outputs = {joinHeads(node, heads.build(node))};
  if (node.numOutputs() > 1) {
    SmallVector<Value> present = {node.create<UnsqueezeOp>(heads.key, ArrayRef<int64_t>{0}),
                                  node.create<UnsqueezeOp>(heads.value, ArrayRef<int64_t>{0})};
    outputs.push_back(node.create<ConcatOp>(ValueRange(present), 0));
  }
  return node.finish(outputs);
}

/// Input, weights, bias, mask, past, attention bias.
static LogicalResult microsoftAttention(NodeBinder &node) {
  if (failed(refuseInputs(node, {{6, "past_sequence_length"}})))
    return failure();
  Value projected = node.create<MatMulOp>(node.input(0), node.input(1));
  if (node.input(2))
    projected = node.binary("add", projected, node.input(2));
  return fusedProjection(node, projected, node.input(3), node.input(4), node.input(5));
}

/// Input, weight, bias, their scales, mask, their zero points, past.
static LogicalResult quantizedAttention(NodeBinder &node) {
  Value product = node.create<MatMulIntegerOp>(node.input(0), node.input(1), node.input(6), node.input(7));
  Value scale = node.binary("mul", node.input(3), node.input(4));
  Value projected = node.binary("mul", node.cast(product, tensorType(node.input(3)).getElementType()), scale);
  return fusedProjection(node, node.binary("add", projected, node.input(2)), node.input(5), node.input(8), Value());
}

/// Query, key, value, bias of the three, key padding mask, attention bias, past key, past value.
static LogicalResult multiHeadAttention(NodeBinder &node) {
  Value query = node.input(0), key = node.input(1), value = node.input(2), bias = node.input(3);
  int64_t count = node.integer("num_heads", 0);
  if (failed(refuseInputs(node, {{8, "past_sequence_length"}, {9, "cache_indirection"}})))
    return failure();
  if (!key || !value || rankOf(query) != 3)
    return node.emitError() << "packed queries, keys and values are not supported; expected three inputs";
  if (bias && !node.expectRank(bias, 1, "a bias"))
    return failure();
  int64_t hidden = tensorType(query).getShape().back();
  if (count < 1 || hidden < 1)
    return node.emitError() << "expected num_heads and queries of a known size";
  auto part = [&](Value whole, int64_t which) {
    // Keys and values of a cross attention come split already, and have no bias then.
    if (rankOf(whole) == 4)
      return whole;
    if (bias) {
      int64_t from = which * hidden, size = lastSize(whole);
      whole = node.binary("add", whole, sliceAxis(node, bias, 0, from, from + size));
    }
    return splitHeads(node, whole, count);
  };
  HeadsAttention heads;
  heads.query = part(query, 0);
  heads.past = node.input(6);
  heads.key = afterPast(node, heads.past, part(key, 1));
  heads.value = afterPast(node, node.input(7), part(value, 2));
  heads.scale = node.number("scale", 0);
  heads.causal = node.integer("unidirectional", 0);
  heads.hidden = node.number("mask_filter_value", -10000);
  heads.bias = node.input(5);
  if (failed(setKeyMask(node, node.input(4), heads)))
    return failure();
  SmallVector<Value> outputs = {joinHeads(node, heads.build(node))};
  if (node.numOutputs() > 1)
    outputs.append({heads.key, heads.value});
  return node.finish(outputs);
}

/// Query, key, value, past key, past value, lengths, total length, tables, positions, attention bias. The lengths say
/// where a padded or preallocated past ends; a past here is exactly as long as its tensor.
static LogicalResult groupQueryAttention(NodeBinder &node) {
  int64_t queryHeads = node.integer("num_heads", 0), keyHeads = node.integer("kv_num_heads", 0);
  if (queryHeads < 1 || keyHeads < 1)
    return node.emitError() << "expected num_heads and kv_num_heads";
  if (node.integer("smooth_softmax", 0) || node.input(11))
    return node.emitError() << "attention sinks (smooth_softmax, head_sink) are not supported";
  SmallVector<Value> parts = {node.input(0), node.input(1), node.input(2)};
  if (!node.expectRank(parts[0], 3, "queries"))
    return failure();
  if (!parts[1]) {
    int64_t width = lastSize(parts[0]), size = width / (queryHeads + 2 * keyHeads);
    parts = node.createMany<SplitOp>(3, node.input(0),
                                     node.vector({queryHeads * size, keyHeads * size, keyHeads * size}), 2);
  }
  HeadsAttention heads;
  heads.query = splitHeads(node, parts[0], queryHeads);
  Value key = splitHeads(node, parts[1], keyHeads), past = node.input(3);
  if (node.integer("do_rotary", 0)) {
    if (!node.input(7) || !node.input(8))
      return node.emitError() << "do_rotary needs cos_cache and sin_cache";
    Type i64 = node.types().getI64Type();
    Value positions = node.input(9);
    if (!positions) {
      Value first = past ? dimension(node, past, 2) : node.scalar(0, i64);
      Value end = node.binary("add", first, dimension(node, heads.query, 2));
      positions = node.create<UnsqueezeOp>(node.create<IotaOp>(first, end, node.scalar(1, i64)), ArrayRef<int64_t>{0});
    }
    bool interleaved = node.integer("rotary_interleaved", 0);
    Value cos = tableRows(node, node.input(7), positions), sin = tableRows(node, node.input(8), positions);
    heads.query = rotated(node, heads.query, cos, sin, interleaved);
    key = rotated(node, key, cos, sin, interleaved);
  }
  heads.past = past;
  heads.key = afterPast(node, past, key);
  heads.value = afterPast(node, node.input(4), splitHeads(node, parts[2], keyHeads));
  heads.scale = node.number("scale", 0);
  heads.softcap = node.number("softcap", 0);
  heads.window = node.integer("local_window_size", -1);
  heads.causal = true;
  heads.bias = node.input(10);
  Value result = joinHeads(node, heads.build(node));
  SmallVector<Value> outputs = {result};
  if (node.numOutputs() > 1)
    outputs.append({heads.key, heads.value});
  return node.finish(outputs);
}

static const OperatorRow rows[] = {
    {"", "Attention", 23, 3, attention},
    {"", "RotaryEmbedding", 23, 3, rotaryEmbedding},
    {"com.microsoft", "Attention", 1, 2, microsoftAttention},
    {"com.microsoft", "GroupQueryAttention", 1, 1, groupQueryAttention},
    {"com.microsoft", "MultiHeadAttention", 1, 1, multiHeadAttention},
    {"com.microsoft", "QAttention", 1, 5, quantizedAttention},
    {"com.microsoft", "RotaryEmbedding", 1, 4, rotaryEmbedding, "ms"},
};

ArrayRef<OperatorRow> edgelm::attentionOperators() {
  return rows;
}
