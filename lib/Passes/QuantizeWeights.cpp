// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reads each matrix that has a format, a few rows at a time, and compares it with what the format makes of it.
#include "Dialect/CodedRows.h"
#include "Dialect/RoundRows.h"
#include "Passes/Passes.h"
#include "Passes/Sources.h"
#include "llvm/Support/Parallel.h"
#include <map>

namespace edgelm {
#define GEN_PASS_DEF_QUANTIZEWEIGHTS
#include "Passes/Passes.h.inc"
} // namespace edgelm

using namespace mlir;
using namespace edgelm;

/// Rows that are read together: enough to divide the work, little enough to hold them for every thread.
static constexpr int64_t kRowsAtOnce = 32;

/// Source, whether its bytes are [K, N], and format.
using Key = std::tuple<const void *, bool, const void *>;

/// The relative error of a matrix in a format.
static FailureOr<double> errorOf(const WeightRows &matrix, Type type, Location loc) {
  std::vector<RoundingError> rows(matrix.n);
  std::vector<std::optional<int64_t>> refused(llvm::divideCeil(matrix.n, kRowsAtOnce));
  llvm::parallelFor(0, refused.size(), [&](size_t block) {
    int64_t first = block * kRowsAtOnce, count = std::min(kRowsAtOnce, matrix.n - first);
    std::vector<float> weights(count * matrix.k);
    matrix.read(first, count, weights.data());
    RoundedRows rounded;
    if ((refused[block] = roundRows(type, weights, matrix.k, rounded)))
      *refused[block] += first * matrix.k;
    else
      llvm::copy(rounded.errors, rows.begin() + first);
  });
  for (std::optional<int64_t> place : refused)
    if (place) {
      int64_t row = *place / matrix.k, column = *place % matrix.k;
      std::vector<float> weights(matrix.k);
      matrix.read(row, 1, weights.data());
      return emitError(loc) << refusedWeight(type, weights[column], row, column);
    }
  RoundingError total;
  for (const RoundingError &row : rows)
    total.add(row);
  return total.relative();
}

static FailureOr<double> errorOf(QuantizeWeightOp op, const Source &source, bool liesTransposed) {
  FailureOr<WeightSource> matrix =
      WeightSource::open(source.bytes, source.type.getDimSize(op.getAxis()), liesTransposed,
                         source.type.getElementType(), modelDirOf(op), [&] { return emitError(source.loc); });
  if (failed(matrix))
    return failure();
  FailureOr<double> error = errorOf(matrix->rows(), tensorType(op.getResult()).getElementType(), source.loc);
  matrix->release(op.getContext());
  return error;
}

namespace {
struct QuantizeWeights : edgelm::impl::QuantizeWeightsBase<QuantizeWeights> {
  using QuantizeWeightsBase::QuantizeWeightsBase;

  void runOnOperation() override {
    std::map<Key, double> known;
    WalkResult result = getOperation().walk([&](QuantizeWeightOp op) {
      std::optional<Source> source = findSource(op.getWeight());
      if (!source || !isa<FloatType>(source->type.getElementType())) {
        op.emitError("quantizes a matrix that is computed at run time, ") << op.getWeight().getType();
        return WalkResult::interrupt();
      }
      if (!measure)
        return WalkResult::advance();
      bool liesTransposed = source->transposed != (op.getAxis() == 0);
      Type type = tensorType(op.getResult()).getElementType();
      Key key = {source->bytes.getAsOpaquePointer(), liesTransposed, type.getAsOpaquePointer()};
      if (!known.count(key)) {
        FailureOr<double> error = errorOf(op, *source, liesTransposed);
        if (failed(error))
          return WalkResult::interrupt();
        known[key] = *error;
        ++numRead;
      }
      op.setRelativeError(APFloat(known[key]));
      return WalkResult::advance();
    });
    if (result.wasInterrupted())
      signalPassFailure();
  }
};
} // namespace
