// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One block of keys in the running softmax: a block holds as many keys as a vector has lanes, so that scores are one
// register.
#include "Codegen/Kernels/AttentionBuilder.h"
#include "Codegen/Kernels/Math.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

namespace edgelm {

/// The score of a key that a key mask hides: a row whose keys are all hidden gives the mean of the values.
static constexpr double kHidden = -1e30;

/// One step on the way to a vector whose lane t is the sum of all lanes of vector t: `x` and `y` stand for `width / 2`
/// vectors each, the result for all of them. The shuffles stay within groups of four lanes or move whole groups, which
/// are single instructions.
static Val addPairwise(KernelBuilder &k, Val x, Val y, int64_t width) {
  int64_t lanes = k.isa.lanes;
  llvm::SmallVector<int64_t> low, high;
  for (int64_t group = 0; group < lanes && width == 2; group += 4) {
    low.append({group, group + lanes, group + 1, group + 1 + lanes});
    high.append({group + 2, group + 2 + lanes, group + 3, group + 3 + lanes});
  }
  for (int64_t group = 0; group < lanes && width == 4; group += 4) {
    low.append({group, group + 1, group + lanes, group + 1 + lanes});
    high.append({group + 2, group + 3, group + 2 + lanes, group + 3 + lanes});
  }
  // Then even and odd groups of four are added until each stands for one quadruple of vectors.
  for (int64_t group = 0; group < 2 * lanes && width > 4; group += 8)
    for (int64_t lane = 0; lane < 4; ++lane) {
      low.push_back(group + lane);
      high.push_back(group + 4 + lane);
    }
  return k.shuffle(x, y, low) + k.shuffle(x, y, high);
}

Val AttentionBuilder::elements(mlir::Value cache, Val group, Val key, int64_t column, int64_t columns) {
  if (!isQuantized())
    return k.loadFirst(cache, at(group, key, column), lanes, std::min(lanes, columns - column));
  // Codes are padded with zeros to whole vectors.
  mlir::Value codes = k.viewAs(cache, firstByte(group, key, columns) + double(column), k.b.getI8Type());
  return k.toFloat(k.toWidth(k.loadVector(codes, {k.index(0)}, lanes), 32, /*isSigned=*/true));
}

Val AttentionBuilder::scaleOf(mlir::Value cache, Val group, Val key, int64_t columns) {
  Val at = firstByte(group, key, columns) + double(ActivationLayout::compact(columns).scales());
  return k.load(k.viewAs(cache, at, k.f32Type()), {k.index(0)});
}

/// For each row the products of its query with keys [first, first + count) of the block, added up as far as
/// `addPairwise` does. Depth first, so that few vectors are alive at once.
Vals AttentionBuilder::dotProducts(llvm::ArrayRef<Vals> queries, Val group, Val block, int64_t first, int64_t count,
                                   bool interior) {
  Vals result;
  if (count == 1) {
    Val position = keyAt(block, first, interior);
    for (int64_t i = 0; i < vectors(spec.headDim); ++i) {
      int64_t column = i * lanes;
      Val keys = elements(key, group, position, column, spec.headDim);
      for (size_t row = 0; row < queries.size(); ++row) {
        if (i == 0)
          result.push_back(queries[row][i] * keys);
        else
          result[row] = k.fma(queries[row][i], keys, result[row]);
      }
    }
    if (isQuantized()) {
      Val scale = k.splat(scaleOf(key, group, position, spec.headDim), lanes);
      for (Val &product : result)
        product = product * scale;
    }
    return result;
  }
  Vals left = dotProducts(queries, group, block, first, count / 2, interior);
  Vals right = dotProducts(queries, group, block, first + count / 2, count / 2, interior);
  for (size_t row = 0; row < queries.size(); ++row)
    result.push_back(addPairwise(k, left[row], right[row], count));
  return result;
}

/// Scores of the block's keys for each row, scaled and capped, with ALiBi but without any mask.
Vals AttentionBuilder::scoresOf(Val head, Val group, llvm::ArrayRef<Val> rows, Val block, bool interior) {
  llvm::SmallVector<Vals> queries;
  for (Val row : rows) {
    queries.emplace_back();
    for (int64_t i = 0; i < vectors(spec.headDim); ++i)
      queries.back().push_back(
          k.loadFirst(query, {row, head, k.index(i * lanes)}, lanes, std::min(lanes, spec.headDim - i * lanes)));
  }
  Vals scores = dotProducts(queries, group, block, 0, lanes, interior);
  for (size_t i = 0; i < rows.size(); ++i) {
    scores[i] = scores[i] * spec.scale;
    if (spec.softcap != 0)
      scores[i] = tanhF32(k, scores[i] * (1 / spec.softcap)) * spec.softcap;
    if (spec.slopes.empty())
      continue;
    Val distance = block - position(rows[i]);
    Val start = k.wrap(mlir::arith::IndexCastOp::create(k.b, k.loc, k.b.getI32Type(), distance.value));
    Val steps = k.wrap(mlir::arith::SIToFPOp::create(k.b, k.loc, k.f32Vector(lanes), k.iota(start, lanes).value));
    scores[i] = k.fma(k.splat(slope, lanes), steps, scores[i]);
  }
  return scores;
}

/// `present` becomes the lanes that hold a key which the row may see by position.
void AttentionBuilder::maskScores(Val row, Val block, Val &scores, Val &present) {
  auto lanesOf = [&](Val index) {
    return k.splat(k.wrap(mlir::arith::IndexCastOp::create(k.b, k.loc, k.b.getI32Type(), index.value)), lanes);
  };
  Val start = k.wrap(mlir::arith::IndexCastOp::create(k.b, k.loc, k.b.getI32Type(), block.value));
  Val keys = k.iota(start, lanes);
  present = spec.causal ? keys <= lanesOf(position(row)) : keys < lanesOf(keyCount);
  if (spec.window)
    present = present & (lanesOf(position(row) - double(spec.window)) < keys);
  if (keyMask) {
    // Hidden keys keep a finite score, so that a row without any visible key still has a softmax.
    Val hidden = k.like(scores.type(), kHidden);
    for (int64_t t = 0; t < lanes; ++t) {
      Val element = k.load(keyMask, {k.min(block + double(t), keyCount - 1.0)});
      Val visible = llvm::isa<mlir::FloatType>(element.type())
                        ? (element < 0.0) | (element > 0.0)
                        : k.wrap(mlir::arith::CmpIOp::create(k.b, k.loc, mlir::arith::CmpIPredicate::ne, element.value,
                                                             k.likeInt(element.type(), 0).value));
      Val lane = k.iota(k.i32(0), lanes) == k.splat(k.i32(t), lanes);
      Val score = k.select(visible, k.extract(scores, t), k.extract(hidden, t));
      scores = k.select(lane, k.splat(score, lanes), scores);
    }
  }
  scores = k.select(present, scores, k.like(scores.type(), kNoScore));
}

/// Takes one block of keys into the running softmax of some rows. The rows are computed side by side: one alone is a
/// long chain of dependent operations.
void AttentionBuilder::visitRows(Val head, Val group, Val firstRow, llvm::ArrayRef<Val> rows, Val block,
                                 bool interior) {
  Val zero = k.index(0);
  Vals scores = scoresOf(head, group, rows, block, interior), slots, weights;
  llvm::SmallVector<Vals> sums(rows.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    Val slot = rows[i] - firstRow, present;
    slots.push_back(slot);
    if (!interior)
      maskScores(rows[i], block, scores[i], present);
    Val before = k.loadVector(maximum, {slot, zero}, lanes);
    Val now = k.max(before, k.splat(k.horizontalMax(scores[i]), lanes));
    Val p = expF32(k, scores[i] - now);
    if (!interior)
      p = k.select(present, p, k.like(p.type(), 0.0));
    Val correction = expF32(k, before - now);
    k.storeVector(maximum, {slot, zero}, now);
    k.storeVector(total, {slot, zero}, k.fma(k.loadVector(total, {slot, zero}, lanes), correction, p));
    weights.push_back(p);
    for (int64_t vector = 0; vector < vectors(spec.valueDim); ++vector)
      sums[i].push_back(k.loadVector(weighted, {slot, k.index(vector * lanes)}, lanes) * correction);
  }
  for (int64_t t = 0; t < lanes; ++t) {
    Val position = keyAt(block, t, interior);
    Vals weight;
    Val scale = isQuantized() ? scaleOf(value, group, position, spec.valueDim) : Val();
    for (Val p : weights) {
      Val factor = k.extract(p, t);
      weight.push_back(k.splat(isQuantized() ? factor * scale : factor, lanes));
    }
    for (int64_t vector = 0; vector < vectors(spec.valueDim); ++vector) {
      int64_t column = vector * lanes;
      Val values = elements(value, group, position, column, spec.valueDim);
      for (size_t i = 0; i < rows.size(); ++i)
        sums[i][vector] = k.fma(weight[i], values, sums[i][vector]);
    }
  }
  for (size_t i = 0; i < rows.size(); ++i)
    for (int64_t vector = 0; vector < vectors(spec.valueDim); ++vector)
      k.storeVector(weighted, {slots[i], k.index(vector * lanes)}, sums[i][vector]);
}

/// Takes one block of keys into the running softmax of all rows. In an `interior` block every row sees every key.
void AttentionBuilder::visitKeys(Val head, Val group, Val firstRow, Val endRow, Val block, bool interior) {
  int64_t together = std::min(spec.rows, k.isa.schedules.attention.rowsTogether);
  Val whole = firstRow + (endRow - firstRow) / double(together) * double(together);
  k.loop(firstRow, whole, together, [&](Val row) {
    Vals rows;
    for (int64_t i = 0; i < together; ++i)
      rows.push_back(row + double(i));
    visitRows(head, group, firstRow, rows, block, interior);
  });
  if (together > 1)
    k.loop(whole, endRow, 1, [&](Val row) { visitRows(head, group, firstRow, {row}, block, interior); });
}

} // namespace edgelm
