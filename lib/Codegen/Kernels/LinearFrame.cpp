// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "Codegen/Kernels/LinearFrame.h"
#include "Codegen/Kernels/ScalarKernels.h"

#include "Dialect/ScalarFunctions.h"
#include "llvm/Support/MathExtras.h"

namespace edgelm {

LinearFrame::LinearFrame(KernelBuilder &k, const KernelArgs &args, const LinearSpec &spec)
    : k(k), args(args), spec(spec), schedule(spec.schedule(k.isa)), lanes(spec.lanes(k.isa)),
      panelColumns(k.isa.panel) {
  llvm::ArrayRef<mlir::Value> next = args.memrefs;
  auto take = [&]() {
    mlir::Value first = next.front();
    next = next.drop_front();
    return first;
  };
  input = take();
  weights.push_back(take());
  if (spec.glu)
    weights.push_back(take());
  if (spec.bias)
    bias = take();
  if (spec.residual)
    residual = take();
  output = take();
}

llvm::SmallVector<Column> LinearFrame::columnsOf(int64_t firstVector, int64_t vectors) const {
  llvm::SmallVector<Column> columns;
  for (int64_t vector = firstVector; vector < firstVector + vectors; ++vector)
    for (size_t matrix = 0; matrix < weights.size(); ++matrix)
      columns.push_back({matrix, vector});
  return columns;
}

void LinearFrame::forPanels(llvm::function_ref<void(llvm::ArrayRef<Val>, llvm::ArrayRef<Column>)> body) {
  llvm::SmallVector<Column> columns = columnsOf(0, panelColumns / lanes);
  auto group = [&](Val first, int64_t count) {
    Vals panels;
    for (int64_t i = 0; i < count; ++i)
      panels.push_back(first + double(i));
    body(panels, columns);
  };
  int64_t together = std::max<int64_t>(1, schedule.decodePanels / int64_t(weights.size()));
  Val whole = args.begin + (args.end - args.begin) / double(together) * double(together);
  k.loop(args.begin, whole, together, [&](Val first) { group(first, together); });
  if (together > 1)
    k.loop(whole, args.end, 1, [&](Val first) { group(first, 1); });
}

void LinearFrame::forTiles(llvm::function_ref<void(Val)> prepare, Tile tile) {
  // With glu a tile holds the same part of gate and up, so that the product needs no second pass.
  int64_t vectors = std::clamp<int64_t>(schedule.tileVectors / int64_t(weights.size()), 1, panelColumns / lanes);
  llvm::SmallVector<int64_t> rowTiles = spec.rowTiles(k.isa);
  int64_t blocks = spec.rowBlocks(k.isa), largest = rowTiles[0];
  int64_t blockRows = llvm::divideCeil(llvm::divideCeil(spec.rows, blocks), largest) * largest;
  k.loop(args.begin, args.end, 1, [&](Val item) {
    Val panel = item / double(blocks);
    Val first = (item - panel * double(blocks)) * double(blockRows);
    Val end = blocks == 1 ? args.n : k.min(args.n, first + double(blockRows));
    prepare(panel);
    for (int64_t vector = 0; vector < panelColumns / lanes; vector += vectors) {
      llvm::SmallVector<Column> columns = columnsOf(vector, vectors);
      Val row = first;
      for (int64_t tileRows : rowTiles) {
        // A block behind the valid rows has none.
        Val count = k.max(end - row, k.index(0));
        Val stop = row + count / double(tileRows) * double(tileRows);
        k.loop(row, stop, tileRows, [&](Val at) { tile(panel, at, tileRows, columns); });
        row = stop;
      }
    }
  });
}

bool LinearFrame::fetchesNextPanel(int64_t tileRows, llvm::ArrayRef<Column> columns) const {
  return schedule.prefetchNextPanel && tileRows == spec.rowTiles(k.isa)[0] && columns.front().vector == 0;
}

void LinearFrame::forNextPanel(Val row, Val iteration, int64_t iterations, int64_t panelBytes,
                               llvm::function_ref<void(Val)> fetch) {
  int64_t tileRows = spec.rowTiles(k.isa)[0], tiles = spec.rows / tileRows;
  if (tiles * iterations == 0)
    return;
  int64_t each = llvm::divideCeil(llvm::divideCeil(panelBytes, kLineBytes), tiles * iterations);
  Val first = (row / double(tileRows) * double(iterations) + iteration) * double(each);
  for (int64_t i = 0; i < each; ++i)
    fetch(first + double(i));
}

void LinearFrame::fetchOutput(Val panel, Val row, int64_t tileRows, llvm::ArrayRef<Column> columns) {
  if (spec.rows * spec.n * 4 < schedule.fetchedOutputBytes || !schedule.fetchedOutputBytes)
    return;
  int64_t perLine = kLineBytes / 4, first = columns.front().vector * lanes;
  int64_t count = int64_t(columns.size() / weights.size()) * lanes;
  for (int64_t r = 0; r < tileRows; ++r)
    for (int64_t column = 0; column < count; column += perLine)
      k.prefetch(output, {row + double(r), panel * double(panelColumns) + double(first + column)}, 3);
}

void LinearFrame::finishLanes(Val panel, Val row, llvm::ArrayRef<Column> columns, llvm::ArrayRef<Val> sums,
                              bool isLast) {
  int64_t inLastPanel = spec.n - (llvm::divideCeil(spec.n, panelColumns) - 1) * panelColumns;
  size_t stride = weights.size();
  for (size_t i = 0; i < columns.size(); i += stride) {
    int64_t first = columns[i].vector * lanes;
    int64_t count = isLast ? std::clamp<int64_t>(inLastPanel - first, 0, lanes) : lanes;
    if (count == 0)
      continue;
    Val column = panel * double(panelColumns) + double(first);
    llvm::SmallVector<Val, 2> values;
    for (size_t part = 0; part < stride; ++part) {
      Val value = sums[i + part];
      if (spec.constantBias)
        value = value + *spec.constantBias;
      if (spec.bias)
        value = value + k.loadFirst(bias, {column + double(part * spec.n)}, lanes, count);
      values.push_back(value);
    }
    Val value = values[0];
    if (!spec.activation.empty())
      value = applyUnary(k, spec.activation, value, lookupUnary(spec.activation)->defaults);
    if (spec.glu)
      value = value * values[1];
    if (spec.residual)
      value = value + k.loadFirst(residual, {row, column}, lanes, count);
    k.storeFirst(output, {row, column}, value, count);
  }
}

void LinearFrame::finish(Val panel, Val row, llvm::ArrayRef<Column> columns, llvm::ArrayRef<Val> sums) {
  if (spec.n % panelColumns == 0)
    return finishLanes(panel, row, columns, sums, /*isLast=*/false);
  int64_t last = llvm::divideCeil(spec.n, panelColumns) - 1;
  if (last == 0)
    return finishLanes(panel, row, columns, sums, /*isLast=*/true);
  k.ifElse(
      panel == k.index(last), [&] { finishLanes(panel, row, columns, sums, true); },
      [&] { finishLanes(panel, row, columns, sums, false); });
}

} // namespace edgelm
