// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// AMX beside AVX-512 with VNNI (Sapphire Rapids and later): eight tiles of 16 rows by 64 bytes for many rows, VNNI for
// few. LLVM configures the tiles; a kernel keeps to few shapes, because each register has one.
#include "Codegen/Isa/X86Dot.h"
#include "Codegen/Isa/X86Schedules.h"

#include "mlir/Dialect/AMX/AMXDialect.h"

namespace edgelm {

namespace amx = mlir::amx;

static constexpr int64_t kTileRows = 16, kTileBytes = 64;

static Val zero(KernelBuilder &k) {
  amx::TileType type = amx::TileType::get({kTileRows, kTileBytes / 4}, k.b.getI32Type());
  return k.wrap(amx::TileZeroOp::create(k.b, k.loc, type));
}

static Val load(KernelBuilder &k, mlir::Value memory, Val at, int64_t stride, int64_t count, int64_t bytes) {
  amx::TileType type = amx::TileType::get({count, bytes}, k.b.getI8Type());
  return k.wrap(amx::TileLoadOp::create(k.b, k.loc, type, memory, mlir::ValueRange{at}, k.index(stride)));
}

static Val add(KernelBuilder &k, Val sums, Val activations, Val weights, bool isSigned) {
  return k.wrap(amx::TileMulIOp::create(k.b, k.loc, sums.type(), activations, weights, sums, /*isZextLhs=*/false,
                                        /*isZextRhs=*/!isSigned));
}

static void store(KernelBuilder &k, Val sums, mlir::Value memory, Val row, Val column) {
  amx::TileStoreOp::create(k.b, k.loc, memory, mlir::ValueRange{row, column}, sums);
}

/// 2 x 2 tiles of sums and two of either operand are all eight. What gains on AVX-512 by measurement is left out.
static constexpr Schedules schedules() {
  Schedules result = kX86Avx512Schedules;
  result.quantized.prefetchNextPanel = false;
  result.quantized.fetchedOutputBytes = 0;
  result.quantized.rowScaleTileRows = 0;
  result.quantized.matrixTiles = 2;
  result.quantized.matrixDepthBytes = kTileBytes;
  return result;
}

const IsaRow kX86Amx = {
    .name = "x86-amx",
    .lanes = 16,
    .panel = 32,
    .hasFma = true,
    .hasF16Convert = true,
    .hasMaskedMemory = true,
    .dot = kX86VnniDot,
    .tile = {kTileRows, kTileBytes / 4, kTileBytes, zero, load, add, store},
    .schedules = schedules(),
};

} // namespace edgelm
