// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Matvec and matmul over packed panels: register tiles, loop nest and epilogue come from the spec and the schedule.
#include "Codegen/Kernels/Linear.h"
#include "Codegen/Kernels/ScalarKernels.h"

#include "Dialect/ScalarFunctions.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/raw_ostream.h"

#include <bit>

namespace edgelm {

std::string LinearSpec::name() const {
  std::string text;
  llvm::raw_string_ostream os(text);
  os << "kernel_linear_" << rows << 'x' << k << 'x' << n << '_' << weightType;
  if (glu)
    os << "_glu";
  if (bias)
    os << "_bias";
  if (constantBias)
    os << llvm::format("_c%016llx", (unsigned long long)std::bit_cast<uint64_t>(*constantBias));
  if (!activation.empty())
    os << '_' << activation;
  if (residual)
    os << "_residual";
  return text;
}

int64_t LinearSpec::panels(const IsaRow &isa) const {
  return llvm::divideCeil(n, isa.panel);
}

int64_t LinearSpec::rowBlocks(const IsaRow &isa) const {
  const LinearSchedule &schedule = isa.schedules.linear;
  // Four tiles at least, so that a block is long enough to stream a panel through the first-level cache.
  int64_t most = rows / (4 * schedule.tileRows[0]);
  return std::clamp<int64_t>(llvm::divideCeil(schedule.minItems, panels(isa)), 1, std::max<int64_t>(most, 1));
}

namespace {

/// One vector of columns within a panel: which weights, and which vector of the panel.
struct Column {
  mlir::Value weights;
  int64_t vector;
};

/// Builds the body of one linear kernel.
class LinearBuilder {
public:
  LinearBuilder(KernelBuilder &k, const KernelArgs &args, const LinearSpec &spec)
      : k(k), args(args), spec(spec), schedule(k.isa.schedules.linear), lanes(k.isa.lanes), panel(k.isa.panel) {
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

  void build() {
    if (spec.rows == 1)
      buildMatvec();
    else
      buildMatmul();
  }

private:
  void buildMatvec();
  void buildMatmul();
  void buildTile(Val panelIndex, Val row, int64_t tileRows, llvm::ArrayRef<Column> columns);
  Vals accumulate(llvm::ArrayRef<Val> panels, Val row, int64_t tileRows, llvm::ArrayRef<Column> columns, Val from,
                  Val to, int64_t unroll, Vals sums, llvm::function_ref<void(Val)> fetch);
  Vals zeros(int64_t count) { return Vals(count, k.like(k.f32Vector(lanes), 0.0)); }
  void finish(Val panelIndex, Val row, llvm::ArrayRef<Column> columns, llvm::ArrayRef<Val> sums);
  void finishLanes(Val panelIndex, Val row, llvm::ArrayRef<Column> columns, llvm::ArrayRef<Val> sums, bool lastPanel);
  void prefetchMatvec(llvm::ArrayRef<Val> panels, llvm::ArrayRef<Column> columns, Val step);
  void prefetchNext(Val panelIndex, Val row, Val step);
  int64_t weightBytes() const { return spec.weightType.getIntOrFloatBitWidth() / 8; }

  KernelBuilder &k;
  const KernelArgs &args;
  const LinearSpec &spec;
  const LinearSchedule &schedule;
  int64_t lanes, panel;
  mlir::Value input, bias, residual, output;
  llvm::SmallVector<mlir::Value> weights;
};

} // namespace

static constexpr int64_t kLineBytes = 64;

/// Steps from .. to along K; sums are ordered [row][panel][column]. `fetch` may prefetch in each unrolled iteration.
Vals LinearBuilder::accumulate(llvm::ArrayRef<Val> panels, Val row, int64_t tileRows, llvm::ArrayRef<Column> columns,
                               Val from, Val to, int64_t unroll, Vals sums, llvm::function_ref<void(Val)> fetch) {
  auto step = [&](Val at, Vals &sums) {
    Vals loaded;
    for (Val panelIndex : panels)
      for (const Column &column : columns)
        loaded.push_back(k.loadVector(column.weights, {panelIndex, at, k.index(column.vector * lanes)}, lanes));
    for (int64_t r = 0; r < tileRows; ++r) {
      Val x = k.splat(k.load(input, {row + double(r), at}), lanes);
      for (size_t i = 0; i < loaded.size(); ++i) {
        Val &sum = sums[r * loaded.size() + i];
        sum = k.fma(x, loaded[i], sum);
      }
    }
  };
  // K is static, so what the unrolled loop leaves over is straight-line code.
  int64_t whole = spec.k / unroll * unroll;
  sums = k.loop(from, k.index(whole), unroll, sums, [&](Val at, llvm::ArrayRef<Val> carried) {
    Vals next(carried);
    fetch(at);
    for (int64_t u = 0; u < unroll; ++u)
      step(at + double(u), next);
    return next;
  });
  for (int64_t at = whole; at < spec.k; ++at)
    step(k.index(at), sums);
  return sums;
}

void LinearBuilder::finishLanes(Val panelIndex, Val row, llvm::ArrayRef<Column> columns, llvm::ArrayRef<Val> sums,
                                bool lastPanel) {
  int64_t inLastPanel = spec.n - (llvm::divideCeil(spec.n, panel) - 1) * panel;
  size_t stride = spec.glu ? 2 : 1;
  for (size_t i = 0; i < columns.size(); i += stride) {
    int64_t first = columns[i].vector * lanes;
    int64_t count = lastPanel ? std::clamp<int64_t>(inLastPanel - first, 0, lanes) : lanes;
    if (count == 0)
      continue;
    Val column = panelIndex * double(panel) + double(first);
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

void LinearBuilder::finish(Val panelIndex, Val row, llvm::ArrayRef<Column> columns, llvm::ArrayRef<Val> sums) {
  if (spec.n % panel == 0)
    return finishLanes(panelIndex, row, columns, sums, /*lastPanel=*/false);
  int64_t last = llvm::divideCeil(spec.n, panel) - 1;
  if (last == 0)
    return finishLanes(panelIndex, row, columns, sums, /*lastPanel=*/true);
  k.ifElse(
      panelIndex == k.index(last), [&] { finishLanes(panelIndex, row, columns, sums, true); },
      [&] { finishLanes(panelIndex, row, columns, sums, false); });
}

void LinearBuilder::prefetchMatvec(llvm::ArrayRef<Val> panels, llvm::ArrayRef<Column> columns, Val step) {
  int64_t stepBytes = panel * weightBytes();
  int64_t ahead = schedule.decodePrefetchBytes / stepBytes;
  if (ahead == 0)
    return;
  // Past the end of a panel lies the same place of the next group's panel.
  ahead = std::min(ahead, spec.k);
  Val at = step + double(ahead);
  Val wraps = k.index(spec.k) <= at;
  at = k.select(wraps, at - double(spec.k), at);
  Val skip = k.select(wraps, k.index(panels.size()), k.index(0));
  for (Val panelIndex : panels)
    for (mlir::Value matrix : weights)
      for (int64_t byte = 0; byte < stepBytes * schedule.decodeUnrollK; byte += kLineBytes)
        k.prefetch(matrix, {panelIndex + skip, at, k.index(byte / weightBytes())}, 3);
}

void LinearBuilder::buildMatvec() {
  llvm::SmallVector<Column> columns;
  for (int64_t vector = 0; vector < panel / lanes; ++vector)
    for (mlir::Value matrix : weights)
      columns.push_back({matrix, vector});
  Val row = k.index(0);
  auto group = [&](Val first, int64_t count) {
    Vals panels;
    for (int64_t i = 0; i < count; ++i)
      panels.push_back(first + double(i));
    Vals sums = accumulate(panels, row, 1, columns, row, k.index(spec.k), schedule.decodeUnrollK,
                           zeros(count * columns.size()), [&](Val at) { prefetchMatvec(panels, columns, at); });
    for (int64_t i = 0; i < count; ++i)
      finish(panels[i], row, columns, llvm::ArrayRef(sums).slice(i * columns.size(), columns.size()));
  };
  int64_t together = std::max<int64_t>(1, schedule.decodePanels / int64_t(weights.size()));
  Val whole = args.begin + (args.end - args.begin) / double(together) * double(together);
  k.loop(args.begin, whole, together, [&](Val first) { group(first, together); });
  if (together > 1)
    k.loop(whole, args.end, 1, [&](Val first) { group(first, 1); });
}

/// Spreads the lines of the next panel over the row tiles of this one, so that it is in the second-level cache in time.
void LinearBuilder::prefetchNext(Val panelIndex, Val row, Val step) {
  int64_t tile = schedule.tileRows[0];
  int64_t tiles = spec.rows / tile;
  int64_t iterations = spec.k / schedule.unrollK;
  if (!schedule.prefetchNextPanel || tiles == 0 || iterations == 0)
    return;
  int64_t lines = llvm::divideCeil(spec.k * panel * weightBytes(), kLineBytes);
  int64_t each = llvm::divideCeil(lines, tiles * iterations);
  int64_t lineElements = kLineBytes / weightBytes();
  Val iteration = row / double(tile) * double(iterations) + step / double(schedule.unrollK);
  Val first = iteration * double(each * lineElements);
  for (mlir::Value matrix : weights)
    for (int64_t i = 0; i < each; ++i)
      k.prefetch(matrix, {panelIndex + 1.0, k.index(0), first + double(i * lineElements)}, 2);
}

void LinearBuilder::buildTile(Val panelIndex, Val row, int64_t tileRows, llvm::ArrayRef<Column> columns) {
  bool fetches = tileRows == schedule.tileRows[0];
  Vals sums = accumulate({panelIndex}, row, tileRows, columns, k.index(0), k.index(spec.k), schedule.unrollK,
                         zeros(tileRows * columns.size()), [&](Val at) {
                           if (fetches)
                             prefetchNext(panelIndex, row, at);
                         });
  for (int64_t r = 0; r < tileRows; ++r)
    finish(panelIndex, row + double(r), columns, llvm::ArrayRef(sums).slice(r * columns.size(), columns.size()));
}

void LinearBuilder::buildMatmul() {
  // With glu a tile holds the same half of gate and up, so that the product needs no second pass.
  llvm::SmallVector<llvm::SmallVector<Column>> passes;
  if (spec.glu)
    for (int64_t vector = 0; vector < panel / lanes; ++vector)
      passes.push_back({{weights[0], vector}, {weights[1], vector}});
  else {
    passes.emplace_back();
    for (int64_t vector = 0; vector < panel / lanes; ++vector)
      passes.back().push_back({weights[0], vector});
  }
  int64_t blocks = spec.rowBlocks(k.isa), tile = schedule.tileRows[0];
  int64_t blockRows = llvm::divideCeil(llvm::divideCeil(spec.rows, blocks), tile) * tile;
  k.loop(args.begin, args.end, 1, [&](Val item) {
    Val panelIndex = item / double(blocks);
    Val first = (item - panelIndex * double(blocks)) * double(blockRows);
    Val end = blocks == 1 ? args.n : k.min(args.n, first + double(blockRows));
    for (llvm::ArrayRef<Column> columns : passes) {
      Val row = first;
      for (int64_t tileRows : schedule.tileRows) {
        if (tileRows == 0 || tileRows > spec.rows)
          continue;
        // A block behind the valid rows has none.
        Val count = k.max(end - row, k.index(0));
        Val stop = row + count / double(tileRows) * double(tileRows);
        k.loop(row, stop, tileRows, [&](Val at) { buildTile(panelIndex, at, tileRows, columns); });
        row = stop;
      }
    }
  });
}

mlir::func::FuncOp getLinearKernel(mlir::ModuleOp module, const LinearSpec &spec, const IsaRow &isa) {
  mlir::Builder b(module.getContext());
  mlir::Type f32 = b.getF32Type();
  llvm::SmallVector<mlir::Type> types = {mlir::MemRefType::get({spec.rows, spec.k}, f32)};
  types.append(spec.glu ? 2 : 1, mlir::MemRefType::get({spec.panels(isa), spec.k, isa.panel}, spec.weightType));
  if (spec.bias)
    types.push_back(mlir::MemRefType::get({spec.glu ? 2 * spec.n : spec.n}, f32));
  types.append(spec.residual ? 2 : 1, mlir::MemRefType::get({spec.rows, spec.n}, f32));
  return getOrCreateKernel(module, spec.name(), types, isa,
                           [&](KernelBuilder &k, const KernelArgs &args) { LinearBuilder(k, args, spec).build(); });
}

} // namespace edgelm
