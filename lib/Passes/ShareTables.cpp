// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Compares the matrix that makes the logits with the embedding table, byte for byte.
#include "Dialect/Storage.h"
#include "Dialect/WeightStore.h"
#include "Passes/Match.h"
#include "Passes/Passes.h"
#include <cstring>

namespace edgelm {
#define GEN_PASS_DEF_SHARETABLES
#include "Passes/Passes.h.inc"
} // namespace edgelm

using namespace mlir;
using namespace edgelm;

/// Rows and columns that are compared together, so that both matrices are read by whole cache lines.
static constexpr int64_t kTile = 64;

/// Whether `other` [K, N] is the transpose of `table` [N, K], elements of `width` bytes.
static bool isTranspose(ArrayRef<uint8_t> table, ArrayRef<uint8_t> other, int64_t n, int64_t k, int64_t width) {
  for (int64_t row = 0; row < n; row += kTile)
    for (int64_t column = 0; column < k; column += kTile)
      for (int64_t i = row; i < std::min(row + kTile, n); ++i)
        for (int64_t j = column; j < std::min(column + kTile, k); ++j)
          if (std::memcmp(&table[(i * k + j) * width], &other[(j * n + i) * width], width))
            return false;
  return true;
}

/// Whether the matrix of a linear has the table's numbers.
static FailureOr<bool> isSame(WeightOp table, WeightOp matrix, bool transposed) {
  RankedTensorType type = tensorType(table.getResult()), other = tensorType(matrix.getResult());
  int64_t n = type.getDimSize(0), k = type.getDimSize(1);
  bool isShape = other.getDimSize(0) == (transposed ? k : n) && other.getDimSize(1) == (transposed ? n : k);
  if (type.getElementType() != other.getElementType() || !isa<FloatType>(type.getElementType()) || !isShape)
    return false;
  if (!transposed)
    return table.getSource().getSha256() == matrix.getSource().getSha256();
  WeightStore &store = WeightStore::get(table.getContext());
  FailureOr<ArrayRef<uint8_t>> first = store.bytes(table), second = store.bytes(matrix);
  if (failed(first) || failed(second))
    return failure();
  bool same = isTranspose(*first, *second, n, k, type.getElementTypeBitWidth() / 8);
  store.release(*first);
  store.release(*second);
  return same;
}

namespace {
struct ShareTables : edgelm::impl::ShareTablesBase<ShareTables> {
  void runOnOperation() override {
    SmallVector<WeightOp> tables;
    getOperation().walk([&](EmbedOp embed) {
      WeightOp table = definedBy<WeightOp>(embed.getTable());
      if (table && tensorType(table.getResult()).getRank() == 2)
        tables.push_back(table);
    });
    WalkResult result = getOperation().walk([&](LinearOp linear) {
      if (linear.getWeights().size() != 1)
        return WalkResult::advance();
      WeightOp matrix = definedBy<WeightOp>(linear.getWeights().front());
      for (WeightOp table : tables) {
        if (!matrix || matrix.getSource() == table.getSource())
          continue;
        FailureOr<bool> same = isSame(table, matrix, linear.getTransposed().front());
        if (failed(same))
          return WalkResult::interrupt();
        if (!*same)
          continue;
        OpBuilder builder(linear);
        linear.getWeightsMutable().assign(builder.clone(*table)->getResults());
        linear.setTransposed({false});
        ++numShared;
        break;
      }
      return WalkResult::advance();
    });
    if (result.wasInterrupted())
      signalPassFailure();
  }
};
} // namespace
