// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Matvec and matmul over packed codes. The sums follow docs/quantization.md.
#include "Codegen/Kernels/QuantizedLinear.h"
#include "Codegen/Kernels/Activations.h"
#include "Codegen/Kernels/QuantizedLinearBuilder.h"

#include "llvm/Support/MathExtras.h"

#include <map>

namespace edgelm {

bool sumsOverRow(const FormatRow &format) {
  return format.activationGroup() == 0;
}

PanelVector QuantizedLinear::vectorOf(Val panel, Column column) {
  return {weights[column.matrix], panel * double(layout.panelBytes()), k.index(column.vector * lanes)};
}

/// Element `group` of a part of an activation row.
Val QuantizedLinear::rowPart(const RegisterTile &tile, int64_t row, int64_t part, Val group, mlir::Type element) {
  Val at = (tile.row + double(row)) * double(rowLayout.rowBytes()) + double(part);
  return k.load(k.viewAs(input, at, element), {group});
}

/// What undoes the offset of unsigned codes.
Val QuantizedLinear::correction(const RegisterTile &tile, int64_t row, Val group) {
  return k.splat(rowPart(tile, row, rowLayout.sums(), group, k.b.getI32Type()) * double(-codes.offset), lanes);
}

/// What sums of products start with.
Vals QuantizedLinear::initialSums(const RegisterTile &tile, Val group) {
  Vals sums;
  for (int64_t r = 0; r < tile.rows; ++r) {
    bool corrects = codes.offset && !product.collapse;
    sums.append(tile.vectors.size(), corrects ? correction(tile, r, group) : k.likeInt(integers(), 0));
  }
  exchangePairs(tile, sums);
  return sums;
}

/// The sum of each lane's integers, from what `initialSums` started with.
void QuantizedLinear::finishIntegers(const RegisterTile &tile, Val group, Vals &sums) {
  exchangePairs(tile, sums);
  if (!product.collapse)
    return;
  size_t count = tile.vectors.size();
  for (size_t i = 0; i < sums.size(); ++i) {
    sums[i] = product.collapse(k, sums[i]);
    if (codes.offset)
      sums[i] = sums[i] + correction(tile, i / count, group);
  }
}

/// Brings the sums of two rows into the form in which they grow, or back.
void QuantizedLinear::exchangePairs(const RegisterTile &tile, Vals &sums) {
  size_t count = tile.vectors.size();
  for (int64_t r = 0; r < pairedRows(tile); r += 2)
    for (size_t i = 0; i < count; ++i)
      k.isa.dot.ofPairs.exchange(k, sums[r * count + i], sums[(r + 1) * count + i]);
}

Val QuantizedLinear::sliceOf(const RegisterTile &tile, llvm::MutableArrayRef<QuantizedCodes::Unit> units, size_t vector,
                             Val first, int64_t slice) {
  if (tile.unpacked.empty())
    return units[vector].slice(slice);
  Val at = tile.unpacked[vector] + first * double(lanes) + double(slice * codes.sliceBytes());
  return k.loadVector(scratch, {at}, codes.sliceBytes());
}

/// Calls `body` for each unit of a step with the columns of K in it: in a loop, since kernels are to stay small.
void QuantizedLinear::forUnits(Step step, int64_t unitColumns, Vals &sums,
                               llvm::function_ref<void(Val, int64_t, Vals &)> body) {
  Val first = step.number * double(llvm::alignTo(stepColumns, kColumnUnit) / unitColumns);
  int64_t full = step.columns / unitColumns;
  if (full == 1)
    body(first, unitColumns, sums);
  else if (full)
    sums = k.loop(first, first + double(full), 1, sums, [&](Val unit, llvm::ArrayRef<Val> carried) {
      Vals next(carried);
      body(unit, unitColumns, next);
      return next;
    });
  if (step.columns % unitColumns)
    body(first + double(full), step.columns % unitColumns, sums);
}

/// Adds the products of a step to sums of i32.
void QuantizedLinear::addIntegers(const RegisterTile &tile, Step step, llvm::ArrayRef<Val> multipliers, Vals &sums) {
  size_t count = tile.vectors.size();
  int64_t unitColumns = kColumnUnit;
  if (k.isa.dot.loopsOverCalls)
    unitColumns = codes.wholeSteps(product.slices * codes.sliceColumns());
  forUnits(step, unitColumns, sums, [&](Val unit, int64_t, Vals &sums) {
    Val column = unit * double(unitColumns);
    llvm::SmallVector<QuantizedCodes::Unit> units;
    for (size_t i = 0; i < count; ++i)
      units.emplace_back(codes, tile.vectors[i], unit, multipliers[i], unitColumns);
    llvm::SmallVector<Activations> activations;
    for (int64_t r = 0; r < tile.rows; ++r)
      activations.emplace_back(k, input, (tile.row + double(r)) * double(rowLayout.rowBytes()) + column);
    const PairProduct &pairs = k.isa.dot.ofPairs;
    int64_t paired = pairedRows(tile), slices = paired ? pairs.slices : product.slices;
    for (int64_t first = 0; first < unitColumns / codes.sliceColumns(); first += slices) {
      llvm::SmallVector<std::map<int64_t, Val>> known(count);
      for (int64_t r = 0; r < tile.rows; r += r < paired ? 2 : 1)
        for (size_t i = 0; i < count; ++i) {
          auto weights = [&](int64_t slice) {
            Val &bytes = known[i][slice];
            if (!bytes.value)
              bytes = sliceOf(tile, units, i, column, slice);
            return bytes;
          };
          Val &sum = sums[r * count + i];
          if (r < paired)
            pairs.add(k, sum, sums[(r + 1) * count + i], weights, activations[r], activations[r + 1], first);
          else
            for (int64_t at = first; at < first + slices; at += product.slices)
              sum = product.add(k, sum, weights, activations[r], at);
        }
    }
  });
}

/// acc = fma(x[k], float(v) * scale, acc), k ascending.
void QuantizedLinear::addFloats(const RegisterTile &tile, Step step, Vals &sums) {
  size_t count = tile.vectors.size();
  Val group = format.group ? step.number : k.index(0);
  Vals scales, multipliers, zeros;
  for (const PanelVector &vector : tile.vectors) {
    scales.push_back(codes.scales(vector, group));
    multipliers.push_back(codes.multipliers(vector, group));
    Val offset = k.likeInt(mlir::VectorType::get({lanes}, k.b.getI32Type()), codes.offset);
    zeros.push_back(format.hasZeroPoints ? codes.zeroPoints(vector, group) : offset);
  }
  forUnits(step, kColumnUnit, sums, [&](Val unit, int64_t columns, Vals &sums) {
    llvm::SmallVector<QuantizedCodes::Unit> units;
    for (size_t i = 0; i < count; ++i)
      units.emplace_back(codes, tile.vectors[i], unit, multipliers[i]);
    for (int64_t column = 0; column < columns; ++column) {
      Vals values;
      for (size_t i = 0; i < count; ++i)
        values.push_back(k.toFloat(units[i].column(column) - zeros[i]) * scales[i]);
      for (int64_t r = 0; r < tile.rows; ++r) {
        Val x = k.splat(k.load(input, {tile.row + double(r), unit * double(kColumnUnit) + double(column)}), lanes);
        for (size_t i = 0; i < count; ++i)
          sums[r * count + i] = k.fma(x, values[i], sums[r * count + i]);
      }
    }
  });
}

/// Adds one step to the carried sums: i32 over the row, or f32 with the group's scales.
void QuantizedLinear::addStep(const RegisterTile &tile, Step step, Vals &sums) {
  if (!spec.int8Input)
    return addFloats(tile, step, sums);
  Vals multipliers;
  for (const PanelVector &vector : tile.vectors)
    multipliers.push_back(tile.unpacked.empty() ? codes.multipliers(vector, step.number) : Val());
  if (overRow)
    return addIntegers(tile, step, multipliers, sums);

  Vals products = initialSums(tile, step.number);
  addIntegers(tile, step, multipliers, products);
  finishIntegers(tile, step.number, products);
  addScaled(tile, step.number, products, sums);
}

/// sum = sum + float(product of the group) * (s * t).
void QuantizedLinear::addScaled(const RegisterTile &tile, Val group, llvm::ArrayRef<Val> products, Vals &sums) {
  Vals scales, zeros;
  for (const PanelVector &vector : tile.vectors) {
    scales.push_back(codes.scales(vector, group));
    if (format.hasZeroPoints)
      zeros.push_back(codes.zeroPoints(vector, group));
  }
  size_t count = tile.vectors.size();
  for (int64_t r = 0; r < tile.rows; ++r) {
    Val scale = k.splat(rowPart(tile, r, rowLayout.scales(), group, k.f32Type()), lanes);
    for (size_t i = 0; i < count; ++i) {
      Val integer = products[r * count + i];
      if (format.hasZeroPoints)
        integer = integer - zeros[i] * k.splat(rowPart(tile, r, rowLayout.sums(), group, k.b.getI32Type()), lanes);
      Val &sum = sums[r * count + i];
      sum = sum + k.toFloat(integer) * (scale * scales[i]);
    }
  }
}

/// float(sum over the row) * (s * t); what is added to the activations' codes counts once for each weight.
void QuantizedLinear::scaleRows(const RegisterTile &tile, Vals &sums) {
  size_t count = tile.vectors.size();
  Vals scales, rowSums;
  for (const PanelVector &vector : tile.vectors) {
    scales.push_back(codes.scales(vector, k.index(0)));
    if (format.hasRowSums)
      rowSums.push_back(codes.rowSums(vector));
  }
  finishIntegers(tile, k.index(0), sums);
  for (int64_t r = 0; r < tile.rows; ++r) {
    Val scale = k.splat(rowPart(tile, r, rowLayout.scales(), k.index(0), k.f32Type()), lanes), zero;
    if (format.hasRowSums)
      zero = k.splat(rowPart(tile, r, rowLayout.zeros(), k.index(0), k.b.getI32Type()), lanes);
    for (size_t i = 0; i < count; ++i) {
      Val integer = sums[r * count + i];
      if (format.hasRowSums)
        integer = integer + zero * rowSums[i];
      sums[r * count + i] = k.toFloat(integer) * (scale * scales[i]);
    }
  }
}

/// Sums over all of K, ordered [row][vector]. `fetch` may prefetch in each iteration.
Vals QuantizedLinear::accumulate(const RegisterTile &tile, int64_t unroll, llvm::function_ref<void(Val)> fetch) {
  Vals sums =
      overRow ? initialSums(tile, k.index(0)) : Vals(tile.rows * tile.vectors.size(), k.like(k.f32Vector(lanes), 0.0));
  // K is static, so what the unrolled loop leaves over is straight-line code.
  int64_t full = spec.k / stepColumns, whole = full / unroll * unroll;
  sums = k.loop(k.index(0), k.index(whole), unroll, sums, [&](Val at, llvm::ArrayRef<Val> carried) {
    Vals next(carried);
    fetch(at);
    for (int64_t u = 0; u < unroll; ++u)
      addStep(tile, {at + double(u), stepColumns}, next);
    return next;
  });
  for (int64_t at = whole; at < steps(); ++at)
    addStep(tile, {k.index(at), std::min(stepColumns, spec.k - at * stepColumns)}, sums);
  if (overRow)
    scaleRows(tile, sums);
  return sums;
}

/// Spreads the bytes of a panel over its steps, so that what lies ahead, scales included, comes in order.
void QuantizedLinear::prefetch(const RegisterTile &tile, Val step) {
  int64_t each = llvm::divideCeil(layout.panelBytes(), steps());
  int64_t bytes = each * schedule.decodeUnrollK;
  if (schedule.decodePrefetchBytes == 0)
    return;
  size_t vectorsOfPanel = panelColumns / lanes * weights.size();
  for (size_t i = 0; i < tile.vectors.size(); ++i) {
    // The first vector of each matrix stands for its panel.
    if (i % vectorsOfPanel >= weights.size())
      continue;
    Val at = tile.vectors[i].base + step * double(each);
    for (int64_t byte = 0; byte < bytes; byte += kLineBytes)
      k.prefetch(tile.vectors[i].bytes, {at + double(schedule.decodePrefetchBytes + byte)}, 3);
  }
}

void QuantizedLinear::prefetchNext(Val panel, Val row, Val step) {
  int64_t iterations = spec.k / stepColumns / schedule.unrollK;
  forNextPanel(row, step / double(schedule.unrollK), iterations, layout.panelBytes(), [&](Val line) {
    for (mlir::Value matrix : weights)
      k.prefetch(matrix, {(panel + 1.0) * double(layout.panelBytes()) + line * double(kLineBytes)}, 2);
  });
}

/// Unpacks a panel of every matrix into the scratch, [matrix][vector][slice of K][bytes of the slice].
void QuantizedLinear::unpackPanel(Val panel) {
  int64_t vectors = panelColumns / lanes, vectorBytes = layout.paddedK() * lanes;
  int64_t unitsOfStep = llvm::divideCeil(stepColumns, kColumnUnit), allUnits = layout.paddedK() / kColumnUnit;
  for (size_t matrix = 0; matrix < weights.size(); ++matrix)
    for (int64_t vector = 0; vector < vectors; ++vector) {
      PanelVector from = vectorOf(panel, {matrix, vector});
      k.loop(k.index(0), k.index(allUnits), 1, [&](Val unit) {
        QuantizedCodes::Unit source(codes, from, unit, codes.multipliers(from, unit / double(unitsOfStep)));
        Val to = unit * double(kColumnUnit * lanes) + double((int64_t(matrix) * vectors + vector) * vectorBytes);
        for (int64_t slice = 0; slice < codes.slicesOfUnit(); ++slice)
          k.storeVector(scratch, {to + double(slice * codes.sliceBytes())}, source.slice(slice));
      });
    }
}

void QuantizedLinear::build() {
  if (spec.rows == 1 && !k.isa.isSmall)
    return forPanels([&](llvm::ArrayRef<Val> panels, llvm::ArrayRef<Column> columns) {
      RegisterTile tile;
      tile.row = k.index(0);
      for (Val panel : panels)
        for (const Column &column : columns)
          tile.vectors.push_back(vectorOf(panel, column));
      Vals sums = accumulate(tile, schedule.decodeUnrollK, [&](Val at) { prefetch(tile, at); });
      for (size_t i = 0; i < panels.size(); ++i)
        finish(panels[i], tile.row, columns, llvm::ArrayRef(sums).slice(i * columns.size(), columns.size()));
    });
  int64_t vectors = panelColumns / lanes, vectorBytes = layout.paddedK() * lanes;
  int64_t scratchBytes = spec.unpackedBytes(k.isa);
  bool unpacks = spec.int8Input && !codes.isPlain && scratchBytes <= schedule.scratchBytes;
  int64_t smallestBlock = spec.usesTiles(k.isa) ? k.isa.tile.rows : spec.rows + 1;
  if (spec.usesTiles(k.isa)) {
    int64_t width = std::max<int64_t>(schedule.tileVectors, int64_t(weights.size())) * lanes;
    blockProducts = k.stackBuffer({spec.rowTiles(k.isa)[0], width}, k.b.getI32Type());
    blockSums = k.stackBuffer({spec.rowTiles(k.isa)[0], width});
  }
  if (unpacks)
    scratch = k.stackBuffer({scratchBytes}, k.b.getI8Type());
  forTiles(
      [&](Val panel) {
        if (unpacks)
          unpackPanel(panel);
      },
      [&](Val panel, Val row, int64_t tileRows, llvm::ArrayRef<Column> columns) {
        RegisterTile tile;
        tile.row = row;
        tile.rows = tileRows;
        for (const Column &column : columns) {
          tile.vectors.push_back(vectorOf(panel, column));
          if (unpacks)
            tile.unpacked.push_back(k.index((int64_t(column.matrix) * vectors + column.vector) * vectorBytes));
        }
        if (tileRows >= smallestBlock)
          return multiplyBlock(tile, panel, columns);
        fetchOutput(panel, row, tileRows, columns);
        bool fetches = fetchesNextPanel(tileRows, columns);
        Vals sums = accumulate(tile, schedule.unrollK, [&](Val step) {
          if (fetches)
            prefetchNext(panel, row, step);
        });
        for (int64_t r = 0; r < tileRows; ++r)
          finish(panel, row + double(r), columns, llvm::ArrayRef(sums).slice(r * columns.size(), columns.size()));
      });
}

void buildQuantizedLinear(KernelBuilder &k, const KernelArgs &args, const LinearSpec &spec) {
  QuantizedLinear(k, args, spec).build();
}

} // namespace edgelm
