// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One row at a time, in loops: the scores of a block of keys, their weights, then the weighted sum of its values. Keys
// that a row may not see are not visited, so that no score has to be masked by position.
#include "Codegen/Kernels/SmallAttention.h"
#include "Codegen/Kernels/Math.h"
#include "Codegen/Kernels/RowLoop.h"
#include "Dialect/PackedLayout.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

namespace edgelm {

/// Keys between two corrections of the running sums; blocks start at multiples of it, so that the order of sums does not
/// depend on what rows are computed together.
static constexpr int64_t kBlockKeys = 16;
/// Vectors of columns in flight.
static constexpr int64_t kVectorsTogether = 4;
/// As in Attention.cpp: the score of a key that the key mask hides, and the running maximum before the first key.
static constexpr double kHidden = -1e30, kNone = -3e38;

namespace {

/// Builds the body of one kernel.
class SmallAttention {
public:
  SmallAttention(KernelBuilder &k, const KernelArgs &args, const AttentionSpec &spec)
      : k(k), args(args), spec(spec), lanes(k.isa.lanes) {}
  void build();

private:
  /// One row of one head.
  struct Row {
    Val row, head, group, position, slope;
  };
  void buildRow(const Row &at);
  Vals visitBlock(const Row &at, Val block, Val from, Val end, llvm::ArrayRef<Val> carried);
  Val score(const Row &at, Val key);
  Val dotProduct(const Row &at, Val key);
  Val visible(Val key);
  void addValues(const Row &at, Val block, Val from, Val end, Val correction);
  void store(const Row &at, Val total);
  /// Elements of a cache's row without the row's scale, and the scale.
  Val elements(mlir::Value cache, Val group, Val key, Val column, int64_t columns, int64_t count);
  Val scaleOf(mlir::Value cache, Val group, Val key, int64_t columns);
  Val firstByte(Val group, Val key, int64_t columns);
  Val slopeOf(Val head);
  bool isQuantized() const { return spec.keyType.isInteger(8); }
  int64_t valueVectors() const { return (spec.valueDim + lanes - 1) / lanes; }

  KernelBuilder &k;
  const KernelArgs &args;
  const AttentionSpec &spec;
  int64_t lanes;
  mlir::Value scores, weighted;
  Val keyCount;
};

} // namespace

static ActivationLayout compactRow(int64_t columns) {
  return {columns, /*group=*/0, /*isCompact=*/true};
}

Val SmallAttention::firstByte(Val group, Val key, int64_t columns) {
  return (group * double(spec.keys) + key) * double(compactRow(columns).rowBytes());
}

Val SmallAttention::elements(mlir::Value cache, Val group, Val key, Val column, int64_t columns, int64_t count) {
  if (isQuantized()) {
    mlir::Value codes = k.viewAs(cache, firstByte(group, key, columns), k.b.getI8Type());
    return k.toFloat(k.toWidth(k.loadVector(codes, {column}, lanes), 32, /*isSigned=*/true));
  }
  if (spec.cached)
    return k.loadFirst(cache, {group, key, column}, lanes, count);
  return k.loadFirst(cache, {key, group, column}, lanes, count);
}

Val SmallAttention::scaleOf(mlir::Value cache, Val group, Val key, int64_t columns) {
  Val at = firstByte(group, key, columns) + double(compactRow(columns).scales());
  return k.load(k.viewAs(cache, at, k.f32Type()), {k.index(0)});
}

Val SmallAttention::dotProduct(const Row &at, Val key) {
  return reduceRow(
      k, spec.headDim, k.like(k.f32Vector(lanes), 0.0),
      [&](Val column, int64_t count, Val sum) {
        Val query = k.loadFirst(args.memrefs[0], {at.row, at.head, column}, lanes, count);
        return k.fma(query, elements(args.memrefs[1], at.group, key, column, spec.headDim, count), sum);
      },
      [](Val x, Val y) { return x + y; }, kVectorsTogether);
}

/// Whether the key mask shows a key.
Val SmallAttention::visible(Val key) {
  Val element = k.load(args.memrefs[3], {key});
  if (llvm::isa<mlir::FloatType>(element.type()))
    return (element < 0.0) | (element > 0.0);
  Val zero = k.likeInt(element.type(), 0);
  return k.wrap(mlir::arith::CmpIOp::create(k.b, k.loc, mlir::arith::CmpIPredicate::ne, element.value, zero.value));
}

Val SmallAttention::score(const Row &at, Val key) {
  Val score = dotProduct(at, key) * spec.scale;
  if (isQuantized())
    score = score * scaleOf(args.memrefs[1], at.group, key, spec.headDim);
  if (spec.softcap != 0)
    score = tanhF32(k, score * (1 / spec.softcap)) * spec.softcap;
  if (!spec.slopes.empty()) {
    Val distance = key - at.position;
    Val steps = k.wrap(mlir::arith::IndexCastOp::create(k.b, k.loc, k.b.getI32Type(), distance.value));
    score = k.fma(at.slope, k.toFloat(steps), score);
  }
  if (spec.keyMaskType)
    score = k.select(visible(key), score, k.f32(kHidden));
  return score;
}

/// weighted = weighted * correction + the block's values, each times its weight.
void SmallAttention::addValues(const Row &at, Val block, Val from, Val end, Val correction) {
  auto add = [&](Val column, llvm::ArrayRef<int64_t> counts) {
    Vals sums;
    for (size_t i = 0; i < counts.size(); ++i)
      sums.push_back(k.loadVector(weighted, {column + double(int64_t(i) * lanes)}, lanes) * k.splat(correction, lanes));
    sums = k.loop(from, end, 1, sums, [&](Val key, llvm::ArrayRef<Val> carried) {
      Val weight = k.splat(k.load(scores, {key - block}), lanes);
      Vals next;
      for (size_t i = 0; i < counts.size(); ++i) {
        Val place = column + double(int64_t(i) * lanes);
        Val values = elements(args.memrefs[2], at.group, key, place, spec.valueDim, counts[i]);
        next.push_back(k.fma(weight, values, carried[i]));
      }
      return next;
    });
    for (size_t i = 0; i < counts.size(); ++i)
      k.storeVector(weighted, {column + double(int64_t(i) * lanes)}, sums[i]);
  };
  int64_t step = kVectorsTogether * lanes, whole = spec.valueDim / step * step;
  if (whole)
    k.loop(k.index(0), k.index(whole), step,
           [&](Val column) { add(column, llvm::SmallVector<int64_t>(kVectorsTogether, lanes)); });
  for (int64_t column = whole; column < spec.valueDim; column += lanes)
    add(k.index(column), {std::min(lanes, spec.valueDim - column)});
}

/// `carried`: the running maximum and the sum of weights.
Vals SmallAttention::visitBlock(const Row &at, Val block, Val from, Val end, llvm::ArrayRef<Val> carried) {
  Vals largest = k.loop(from, end, 1, {carried[0]}, [&](Val key, llvm::ArrayRef<Val> most) -> Vals {
    Val value = score(at, key);
    k.store(scores, {key - block}, value);
    return {k.max(value, most[0])};
  });
  Val now = largest[0], correction = expF32(k, carried[0] - now);
  Vals total = k.loop(from, end, 1, {carried[1] * correction}, [&](Val key, llvm::ArrayRef<Val> sum) -> Vals {
    Val weight = expF32(k, k.load(scores, {key - block}) - now);
    Val scaled = isQuantized() ? weight * scaleOf(args.memrefs[2], at.group, key, spec.valueDim) : weight;
    k.store(scores, {key - block}, scaled);
    return {sum[0] + weight};
  });
  addValues(at, block, from, end, correction);
  return {now, total[0]};
}

void SmallAttention::store(const Row &at, Val total) {
  Val scale = k.splat(k.f32(1.0) / total, lanes);
  forRow(k, spec.valueDim, [&](Val column, int64_t count) {
    Val result = k.loadVector(weighted, {column}, lanes) * scale;
    k.storeFirst(args.memrefs.back(), {at.row, at.head, column}, result, count);
  });
}

void SmallAttention::buildRow(const Row &at) {
  Val end = spec.causal ? at.position + 1.0 : keyCount, first = k.index(0);
  if (spec.window)
    first = k.max(first, at.position - double(spec.window - 1));
  k.loop(k.index(0), k.index(valueVectors()), 1,
         [&](Val i) { k.storeVector(weighted, {i * double(lanes)}, k.like(k.f32Vector(lanes), 0.0)); });
  Val start = first / double(kBlockKeys) * double(kBlockKeys);
  Vals sums = k.loop(start, end, kBlockKeys, {k.f32(kNone), k.f32(0)}, [&](Val block, llvm::ArrayRef<Val> carried) {
    return visitBlock(at, block, k.max(block, first), k.min(block + double(kBlockKeys), end), carried);
  });
  store(at, sums[1]);
}

/// ALiBi's slope of a head.
Val SmallAttention::slopeOf(Val head) {
  if (spec.slopes.empty())
    return Val();
  Val slope = k.f32(spec.slopes[0]);
  for (size_t i = 1; i < spec.slopes.size(); ++i)
    slope = k.select(head == k.index(i), k.f32(spec.slopes[i]), slope);
  return slope;
}

void SmallAttention::build() {
  scores = k.stackBuffer({kBlockKeys}, /*alignment=*/8);
  weighted = k.stackBuffer({valueVectors() * lanes}, /*alignment=*/8);
  keyCount = spec.cached ? args.pos + args.n : k.index(spec.keys);
  k.loop(args.begin, args.end, 1, [&](Val head) {
    Val group = head / double(spec.heads / spec.groups), slope = slopeOf(head);
    k.loop(k.index(0), args.n, 1,
           [&](Val row) { buildRow({row, head, group, spec.cached ? args.pos + row : row, slope}); });
  });
}

void buildSmallAttention(KernelBuilder &k, const KernelArgs &args, const AttentionSpec &spec) {
  SmallAttention(k, args, spec).build();
}

} // namespace edgelm
