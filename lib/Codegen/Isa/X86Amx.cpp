// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// AMX beside AVX-512 with VNNI (Sapphire Rapids and later): eight tiles of 16 rows by 64 bytes for many rows, VNNI for
// few. LLVM configures the tiles; a kernel keeps to few shapes, because each register has one.
#include "Codegen/Isa/Isa.h"
#include "Codegen/Isa/X86Dot.h"

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

const IsaRow kX86Amx = {
    .name = "x86-amx",
    .lanes = 16,
    .panel = 32,
    .hasFma = true,
    .hasF16Convert = true,
    .hasMaskedMemory = true,
    .dot = {{x86Vnni}, 8, {}, x86Lookup},
    .tile = {kTileRows, kTileBytes / 4, kTileBytes, zero, load, add, store},
    // 2 x 2 tiles of sums and two of either operand are all eight.
    .schedules = {.linear = {.tileRows = {8, 4, 2, 1},
                             .tileVectors = 2,
                             .minItems = 64,
                             .unrollK = 4,
                             .decodePanels = 4,
                             .decodeUnrollK = 4,
                             .decodePrefetchBytes = 2048,
                             .prefetchNextPanel = true,
                             .scratchBytes = 0},
                  .quantized = {.tileRows = {6, 2, 1, 0},
                                .tileVectors = 2,
                                .minItems = 64,
                                .unrollK = 1,
                                .decodePanels = 1,
                                .decodeUnrollK = 1,
                                .decodePrefetchBytes = 4096,
                                .prefetchNextPanel = false,
                                .scratchBytes = 512 << 10,
                                .matrixTiles = 2,
                                .matrixDepthBytes = kTileBytes},
                  .attention = {.queryBlock = 16, .rowsTogether = 4}},
};

} // namespace edgelm
