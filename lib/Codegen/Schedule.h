// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The loop nests that kernels are built with; an ISA row carries the defaults.
#pragma once

#include <array>
#include <cstdint>

namespace edgelm {

/// Loop nest of a linear kernel. A panel is `IsaRow::panel` output columns. Over quantized weights a step along K is a
/// group of columns, or 32 columns where a group is the whole row.
struct LinearSchedule {
  /// Rows of activations in the register tile of the matmul, then of the smaller tiles for the last rows (0 ends).
  std::array<int64_t, 4> tileRows;
  /// Vectors of output columns in the register tile of the matmul.
  int64_t tileVectors;
  /// Work items that the matmul should have, so that threads share them evenly: where there are fewer panels, the rows of
  /// a panel are divided too.
  int64_t minItems;
  /// Steps along K in one iteration of the innermost loop.
  int64_t unrollK = 1;
  /// Panels that one thread of the matvec works on at once, so that enough accumulator chains are in flight.
  int64_t decodePanels = 1;
  /// Steps along K in one iteration of the matvec.
  int64_t decodeUnrollK = 1;
  /// Bytes that the matvec fetches ahead in each panel; 0 leaves it to the hardware.
  int64_t decodePrefetchBytes = 0;
  /// Whether the matmul fetches the next panel into the second-level cache while it works on this one.
  bool prefetchNextPanel = false;
  /// From that many bytes of results on, the matmul fetches the lines that a tile writes before it multiplies; 0: never.
  int64_t fetchedOutputBytes = 0;
  /// Up to that many bytes of codes, the matmul unpacks a panel to the stack before it multiplies.
  int64_t scratchBytes = 0;
  /// Rows of the largest register tile over quantized weights with one scale a row, which need no sums in f32 beside
  /// those of i32; 0 takes the first of `tileRows`.
  int64_t rowScaleTileRows = 0;
  /// Tiles of rows that a matrix unit works on at once, beside each other `tileVectors` tiles of columns; the rows left
  /// over are divided by half as many, and so on, and then as `tileRows` says.
  int64_t matrixTiles = 1;
  /// Columns of K, a byte each, in a tile of a matrix unit, at most; 0 leaves its matmuls to the vectors.
  int64_t matrixDepthBytes = 0;
};

/// Loop nest of an attention kernel.
struct AttentionSchedule {
  /// Rows of queries that share a block of keys and values in the first-level cache.
  int64_t queryBlock;
  /// Rows of queries whose chains of dependent operations run side by side.
  int64_t rowsTogether;
};

/// All schedules that an ISA row states.
struct Schedules {
  LinearSchedule linear;
  LinearSchedule quantized;
  AttentionSchedule attention;
};

} // namespace edgelm
