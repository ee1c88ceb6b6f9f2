// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Matvec and matmul over packed panels of floats: register tiles and loop nest come from the spec and the schedule.
#include "Codegen/Kernels/Linear.h"
#include "Codegen/Kernels/LinearFrame.h"
#include "Codegen/Kernels/PanelLinear.h"
#include "Codegen/Kernels/QuantizedCodes.h"
#include "Codegen/Kernels/QuantizedLinear.h"

#include "llvm/Support/Format.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/raw_ostream.h"

#include <bit>

namespace edgelm {

std::string LinearSpec::name() const {
  std::string text;
  llvm::raw_string_ostream os(text);
  os << "kernel_linear_" << rows << 'x' << k << 'x' << n << '_';
  if (format)
    os << format->name << (int8Input ? "_int8" : "_f32");
  else
    os << weightType;
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

const LinearSchedule &LinearSpec::schedule(const IsaRow &isa) const {
  return format ? isa.schedules.quantized : isa.schedules.linear;
}

bool LinearSpec::usesTiles(const IsaRow &isa) const {
  const LinearSchedule &nest = schedule(isa);
  return format && int8Input && isa.tile.rows && nest.matrixDepthBytes && rows >= isa.tile.rows &&
         unpackedBytes(isa) <= nest.scratchBytes;
}

llvm::SmallVector<int64_t> LinearSpec::rowTiles(const IsaRow &isa) const {
  const LinearSchedule &nest = schedule(isa);
  llvm::SmallVector<int64_t> tiles;
  if (usesTiles(isa))
    for (int64_t count = nest.matrixTiles; count > 0; count /= 2)
      tiles.push_back(count * isa.tile.rows);
  if (format && int8Input && sumsOverRow(*format))
    tiles.push_back(nest.rowScaleTileRows);
  llvm::append_range(tiles, nest.tileRows);
  llvm::erase_if(tiles, [&](int64_t count) { return count == 0 || count > rows; });
  return tiles;
}

int64_t LinearSpec::lanes(const IsaRow &isa) const {
  bool sumsIntegers = format && int8Input && sumsOverRow(*format);
  return sumsIntegers ? std::max(isa.lanes, isa.dot.rowScaleLanes / (glu ? 2 : 1)) : isa.lanes;
}

int64_t LinearSpec::unpackedBytes(const IsaRow &isa) const {
  if (bytesArePlain(*format, isa.dot.unsignedBits))
    return 0;
  return weightLayout(isa).paddedK() * isa.panel * (glu ? 2 : 1);
}

int64_t LinearSpec::rowBlocks(const IsaRow &isa) const {
  // Four tiles at least, so that a block is long enough to stream a panel through the first-level cache.
  int64_t most = rows / (4 * rowTiles(isa)[0]);
  return std::clamp<int64_t>(llvm::divideCeil(schedule(isa).minItems, panels(isa)), 1, std::max<int64_t>(most, 1));
}

PackedLayout LinearSpec::weightLayout(const IsaRow &isa) const {
  return {format, n, k, isa.panel, isa.dot.columnsApart, isa.pairActivations && hasPairedCodes(*format)};
}

ActivationLayout LinearSpec::inputLayout(const IsaRow &isa) const {
  return {k, sumsOverRow(*format) ? 0 : format->group, /*isCompact=*/false, format->hasRowSums,
          isa.pairActivations && takesPairedRows(*format)};
}

mlir::MemRefType LinearSpec::inputMemref(mlir::MLIRContext *context, const IsaRow &isa) const {
  mlir::Builder b(context);
  if (int8Input)
    return mlir::MemRefType::get({rows * inputLayout(isa).rowBytes()}, b.getI8Type());
  return mlir::MemRefType::get({rows, k}, b.getF32Type());
}

mlir::MemRefType LinearSpec::weightMemref(mlir::MLIRContext *context, const IsaRow &isa) const {
  if (format)
    return mlir::MemRefType::get({weightLayout(isa).bytes()}, mlir::Builder(context).getI8Type());
  return mlir::MemRefType::get({panels(isa), k, isa.panel}, weightType);
}

namespace {

/// Builds the body of one linear kernel over float weights.
class LinearBuilder : LinearFrame {
public:
  using LinearFrame::LinearFrame;
  void build();

private:
  Vals accumulate(llvm::ArrayRef<Val> panels, Val row, int64_t tileRows, llvm::ArrayRef<Column> columns, int64_t unroll,
                  llvm::function_ref<void(Val)> fetch);
  void prefetchMatvec(llvm::ArrayRef<Val> panels, Val step);
  void prefetchNext(Val panel, Val row, Val step);
  int64_t weightBytes() const { return spec.weightType.getIntOrFloatBitWidth() / 8; }
};

} // namespace

/// Sums from zero over all of K, ordered [row][panel][column]. `fetch` may prefetch in each unrolled iteration.
Vals LinearBuilder::accumulate(llvm::ArrayRef<Val> panels, Val row, int64_t tileRows, llvm::ArrayRef<Column> columns,
                               int64_t unroll, llvm::function_ref<void(Val)> fetch) {
  Vals sums(tileRows * panels.size() * columns.size(), k.like(k.f32Vector(lanes), 0.0));
  auto step = [&](Val at, Vals &sums) {
    Vals loaded;
    for (Val panel : panels)
      for (const Column &column : columns)
        loaded.push_back(k.loadVector(weights[column.matrix], {panel, at, k.index(column.vector * lanes)}, lanes));
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
  sums = k.loop(k.index(0), k.index(whole), unroll, sums, [&](Val at, llvm::ArrayRef<Val> carried) {
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

void LinearBuilder::prefetchMatvec(llvm::ArrayRef<Val> panels, Val step) {
  int64_t stepBytes = panelColumns * weightBytes();
  int64_t ahead = schedule.decodePrefetchBytes / stepBytes;
  if (ahead == 0)
    return;
  // Past the end of a panel lies the same place of the next group's panel.
  ahead = std::min(ahead, spec.k);
  Val at = step + double(ahead);
  Val wraps = k.index(spec.k) <= at;
  at = k.select(wraps, at - double(spec.k), at);
  Val skip = k.select(wraps, k.index(panels.size()), k.index(0));
  for (Val panel : panels)
    for (mlir::Value matrix : weights)
      for (int64_t byte = 0; byte < stepBytes * schedule.decodeUnrollK; byte += kLineBytes)
        k.prefetch(matrix, {panel + skip, at, k.index(byte / weightBytes())}, 3);
}

void LinearBuilder::prefetchNext(Val panel, Val row, Val step) {
  int64_t lineElements = kLineBytes / weightBytes();
  forNextPanel(row, step / double(schedule.unrollK), spec.k / schedule.unrollK, spec.k * panelColumns * weightBytes(),
               [&](Val line) {
                 for (mlir::Value matrix : weights)
                   k.prefetch(matrix, {panel + 1.0, k.index(0), line * double(lineElements)}, 2);
               });
}

void LinearBuilder::build() {
  if (spec.rows == 1 && !k.isa.isSmall)
    return forPanels([&](llvm::ArrayRef<Val> panels, llvm::ArrayRef<Column> columns) {
      Val row = k.index(0);
      Vals sums =
          accumulate(panels, row, 1, columns, schedule.decodeUnrollK, [&](Val at) { prefetchMatvec(panels, at); });
      for (size_t i = 0; i < panels.size(); ++i)
        finish(panels[i], row, columns, llvm::ArrayRef(sums).slice(i * columns.size(), columns.size()));
    });
  forTiles([](Val) {},
           [&](Val panel, Val row, int64_t tileRows, llvm::ArrayRef<Column> columns) {
             fetchOutput(panel, row, tileRows, columns);
             bool fetches = fetchesNextPanel(tileRows, columns);
             Vals sums = accumulate({panel}, row, tileRows, columns, schedule.unrollK, [&](Val at) {
               if (fetches)
                 prefetchNext(panel, row, at);
             });
             for (int64_t r = 0; r < tileRows; ++r)
               finish(panel, row + double(r), columns, llvm::ArrayRef(sums).slice(r * columns.size(), columns.size()));
           });
}

mlir::func::FuncOp getLinearKernel(mlir::ModuleOp module, const LinearSpec &spec, const IsaRow &isa) {
  mlir::MLIRContext *context = module.getContext();
  mlir::Type f32 = mlir::Float32Type::get(context);
  llvm::SmallVector<mlir::Type> types = {spec.inputMemref(context, isa)};
  types.append(spec.glu ? 2 : 1, spec.weightMemref(context, isa));
  if (spec.bias)
    types.push_back(mlir::MemRefType::get({spec.glu ? 2 * spec.n : spec.n}, f32));
  types.append(spec.residual ? 2 : 1, mlir::MemRefType::get({spec.rows, spec.n}, f32));
  return getOrCreateKernel(module, spec.name(), types, isa, [&](KernelBuilder &k, const KernelArgs &args) {
    if (usesPanelLoop(spec, isa))
      buildPanelLinear(k, args, spec);
    else if (spec.format)
      buildQuantizedLinear(k, args, spec);
    else
      LinearBuilder(k, args, spec).build();
  });
}

} // namespace edgelm
