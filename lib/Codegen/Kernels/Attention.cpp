// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Attention with an online softmax: how work items cut up rows, heads and keys.
#include "Codegen/Kernels/AttentionBuilder.h"
#include "Codegen/Kernels/SmallAttention.h"

#include "llvm/ADT/Hashing.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/raw_ostream.h"

#include <bit>

namespace edgelm {

std::string AttentionSpec::name() const {
  std::string text;
  llvm::raw_string_ostream os(text);
  os << "kernel_attention_" << rows << 'x' << heads << 'x' << headDim << '_' << keys << 'x' << groups << 'x'
     << valueDim;
  if (!keyType.isF32())
    os << '_' << keyType;
  if (cached)
    os << "_cached";
  if (causal)
    os << "_causal";
  if (window)
    os << "_window" << window;
  if (keyMaskType)
    os << "_mask_" << keyMaskType;
  os << llvm::format("_%016llx", (unsigned long long)std::bit_cast<uint64_t>(scale));
  if (softcap != 0)
    os << llvm::format("_cap%016llx", (unsigned long long)std::bit_cast<uint64_t>(softcap));
  if (span)
    os << (parts ? "_parts" : "_span") << span;
  for (float slope : slopes)
    os << llvm::format("_%08x", std::bit_cast<uint32_t>(slope));
  return text;
}

int64_t AttentionSpec::queryBlock(const IsaRow &isa) const {
  return isa.isSmall ? rows : std::min(rows, isa.schedules.attention.queryBlock);
}

int64_t AttentionSpec::workItems(const IsaRow &isa) const {
  // Shares of a launch: enough to be even, few enough that their product with the parts fits 32 bits.
  if (parts)
    return std::min<int64_t>(heads * spans(), 1024);
  return heads * llvm::divideCeil(rows, queryBlock(isa));
}

/// Prepares what depends on the head alone.
void AttentionBuilder::setHead(Val head) {
  if (spec.slopes.empty())
    return;
  slope = k.f32(spec.slopes[0]);
  for (size_t i = 1; i < spec.slopes.size(); ++i)
    slope = k.select(head == k.index(i), k.f32(spec.slopes[i]), slope);
}

/// Blocks start at multiples of their size, whatever rows are computed together.
KeyRange AttentionBuilder::keysOf(Val firstRow, Val endRow) {
  KeyRange keys;
  keys.from = k.index(0);
  keys.end = spec.causal ? position(endRow) : keyCount;
  if (spec.window) {
    Val first = position(firstRow) - double(spec.window - 1);
    keys.from = k.select(first < k.index(0), k.index(0), first) / double(lanes) * double(lanes);
  }
  // Up to the first row's position, and within the last row's window.
  keys.interiorEnd = (spec.causal ? position(firstRow) + 1.0 : keyCount) / double(lanes) * double(lanes);
  keys.interiorFrom = keys.from;
  if (keyMask)
    keys.interiorEnd = keys.from;
  if (spec.window) {
    Val first = position(endRow) - double(spec.window) + double(lanes - 1);
    keys.interiorFrom = k.select(first < keys.from, keys.from, first / double(lanes) * double(lanes));
    keys.interiorFrom = k.min(keys.interiorFrom, keys.end);
    keys.interiorEnd = k.max(keys.interiorEnd, keys.interiorFrom);
  }
  return keys;
}

/// The part of `keys` in the span that starts at `first`.
KeyRange AttentionBuilder::within(const KeyRange &keys, Val first) {
  auto clamp = [&](Val at) { return k.min(k.max(at, first), first + double(spec.span)); };
  return {clamp(keys.from), clamp(keys.interiorFrom), clamp(keys.interiorEnd), clamp(keys.end)};
}

/// Starts the running softmax of all rows anew.
void AttentionBuilder::clear() {
  Val none = k.like(k.f32Vector(lanes), kNoScore), zeros = k.like(k.f32Vector(lanes), 0.0);
  k.loop(k.index(0), k.index(spec.queryBlock(k.isa)), 1, [&](Val slot) {
    k.storeVector(maximum, {slot, k.index(0)}, none);
    k.storeVector(total, {slot, k.index(0)}, zeros);
    for (int64_t i = 0; i < vectors(spec.valueDim); ++i)
      k.storeVector(weighted, {slot, k.index(i * lanes)}, zeros);
  });
}

void AttentionBuilder::visitRange(Val head, Val group, Val firstRow, Val endRow, const KeyRange &keys) {
  auto visit = [&](Val from, Val to, bool interior) {
    k.loop(from, to, lanes, [&](Val block) { visitKeys(head, group, firstRow, endRow, block, interior); });
  };
  if (spec.window)
    visit(keys.from, keys.interiorFrom, false);
  visit(keys.interiorFrom, keys.interiorEnd, true);
  visit(keys.interiorEnd, keys.end, false);
}

void AttentionBuilder::buildItem(Val item) {
  int64_t queryBlock = spec.queryBlock(k.isa);
  int64_t blocks = llvm::divideCeil(spec.rows, queryBlock);
  Val head = item / double(blocks);
  Val group = head / double(spec.heads / spec.groups);
  Val firstRow = (item - head * double(blocks)) * double(queryBlock);
  Val endRow = k.min(firstRow + double(queryBlock), args.n);
  setHead(head);
  auto forRows = [&](auto body) { k.loop(firstRow, endRow, 1, [&](Val row) { body(row, row - firstRow); }); };
  k.ifThen(firstRow < endRow, [&] {
    KeyRange keys = keysOf(firstRow, endRow);
    if (!merge) {
      clear();
      visitRange(head, group, firstRow, endRow, keys);
      forRows([&](Val row, Val slot) {
        storeAttention(k, output, row, head, totalOf(slot), [&](int64_t i) { return weightedOf(slot, i); });
      });
      return;
    }
    merge->clear();
    Val first = keys.from / double(spec.span) * double(spec.span);
    k.loop(first, keys.end, spec.span, [&](Val span) {
      clear();
      visitRange(head, group, firstRow, endRow, within(keys, span));
      forRows([&](Val row, Val slot) {
        merge->add(slot, maximumOf(slot), totalOf(slot), [&](int64_t i) { return weightedOf(slot, i); });
      });
    });
    forRows([&](Val row, Val slot) { merge->store(slot, output, row, head); });
  });
}

/// The first span that the only row sees, and the one after its last.
static std::pair<Val, Val> spansOf(KernelBuilder &k, const AttentionSpec &spec, Val pos) {
  Val first = k.index(0);
  if (spec.window)
    first = k.max(pos - double(spec.window - 1), k.index(0)) / double(spec.span);
  return {first, pos / double(spec.span) + 1.0};
}

/// One span of one head: what `edgelm::getMergeKernel` reads.
void AttentionBuilder::buildPart(Val part) {
  auto [first, end] = spansOf(k, spec, args.pos);
  Val spans = end - first, head = part / spans, span = first + (part - head * spans);
  setHead(head);
  clear();
  Val row = k.index(0);
  visitRange(head, head / double(spec.heads / spec.groups), row, row + 1.0,
             within(keysOf(row, row + 1.0), span * double(spec.span)));
  for (int64_t i = 0; i < vectors(spec.valueDim); ++i)
    k.storeVector(output, {head, span, k.index(i * lanes)}, weightedOf(row, i));
  int64_t last = SpanRecord::floats(spec.valueDim);
  k.store(output, {head, span, k.index(last - 2)}, maximumOf(row));
  k.store(output, {head, span, k.index(last - 1)}, totalOf(row));
}

void AttentionBuilder::build() {
  int64_t queryBlock = spec.queryBlock(k.isa);
  maximum = k.stackBuffer({queryBlock, lanes});
  total = k.stackBuffer({queryBlock, lanes});
  weighted = k.stackBuffer({queryBlock, vectors(spec.valueDim) * lanes});
  keyCount = spec.cached ? args.pos + args.n : k.index(spec.keys);
  if (!spec.parts) {
    if (spec.span)
      merge.emplace(k, queryBlock, spec.valueDim);
    k.loop(args.begin, args.end, 1, [&](Val item) { buildItem(item); });
    return;
  }
  // A launch has a fixed number of items: each stands for an equal share of the parts that there are now.
  auto [first, end] = spansOf(k, spec, args.pos);
  Val parts = (end - first) * double(spec.heads);
  auto share = [&](Val item) { return item * parts / double(spec.workItems(k.isa)); };
  k.loop(share(args.begin), share(args.end), 1, [&](Val part) { buildPart(part); });
}

mlir::func::FuncOp getAttentionKernel(mlir::ModuleOp module, const AttentionSpec &spec, const IsaRow &isa) {
  mlir::Type f32 = mlir::Float32Type::get(module.getContext());
  auto keys = [&](int64_t columns) {
    if (spec.keyType.isInteger(8))
      return mlir::MemRefType::get({spec.groups * spec.keys * ActivationLayout::compact(columns).rowBytes()},
                                   spec.keyType);
    return spec.cached ? mlir::MemRefType::get({spec.groups, spec.keys, columns}, spec.keyType)
                       : mlir::MemRefType::get({spec.keys, spec.groups, columns}, spec.keyType);
  };
  llvm::SmallVector<mlir::Type> types = {mlir::MemRefType::get({spec.rows, spec.heads, spec.headDim}, f32),
                                         keys(spec.headDim), keys(spec.valueDim)};
  if (spec.keyMaskType)
    types.push_back(mlir::MemRefType::get({spec.keys}, spec.keyMaskType));
  types.push_back(spec.parts ? spec.partsMemref(f32)
                             : mlir::MemRefType::get({spec.rows, spec.heads, spec.valueDim}, f32));
  return getOrCreateKernel(module, spec.name(), types, isa, [&](KernelBuilder &k, const KernelArgs &args) {
    if (isa.isSmall)
      buildSmallAttention(k, args, spec);
    else
      AttentionBuilder(k, args, spec).build();
  });
}

mlir::func::FuncOp getMergeKernel(mlir::ModuleOp module, const AttentionSpec &spec, const IsaRow &isa) {
  mlir::Type f32 = mlir::Float32Type::get(module.getContext());
  std::string name = llvm::formatv("kernel_merge_spans_{0}x{1}x{2}_{3}_window{4}", spec.heads, spec.spans(),
                                   spec.valueDim, spec.span, spec.window);
  llvm::SmallVector<mlir::Type> types = {spec.partsMemref(f32),
                                         mlir::MemRefType::get({1, spec.heads, spec.valueDim}, f32)};
  return getOrCreateKernel(module, name, types, isa, [&](KernelBuilder &k, const KernelArgs &args) {
    SpanMerge merge(k, 1, spec.valueDim);
    auto [first, end] = spansOf(k, spec, args.pos);
    Val row = k.index(0), from = first, to = end;
    mlir::Value parts = args.memrefs[0];
    int64_t last = SpanRecord::floats(spec.valueDim);
    k.loop(args.begin, args.end, 1, [&](Val head) {
      merge.clear();
      k.loop(from, to, 1, [&](Val span) {
        merge.add(row, k.load(parts, {head, span, k.index(last - 2)}), k.load(parts, {head, span, k.index(last - 1)}),
                  [&](int64_t i) { return k.loadVector(parts, {head, span, k.index(i * isa.lanes)}, isa.lanes); });
      });
      merge.store(row, args.memrefs[1], row, head);
    });
  });
}

} // namespace edgelm
