// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reads each matrix that has a format, a few rows at a time, and compares it with what the format makes of it.
#include "Dialect/Codec.h"
#include "Dialect/Reference/Elements.h"
#include "Dialect/WeightRows.h"
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

namespace {
/// What a block of rows adds up to.
struct Sums {
  double squares = 0, errors = 0;
  std::optional<int64_t> refused; ///< row * K + column of an element that the format cannot hold
};

/// Source, whether its bytes are [K, N], and format.
using Key = std::tuple<const void *, bool, const void *>;
} // namespace

/// Rounds to a float type; returns the first element that is not finite then.
static std::optional<int64_t> roundTo(Type type, ArrayRef<float> values, MutableArrayRef<float> rounded) {
  for (size_t i = 0; i < values.size(); ++i) {
    rounded[i] = type.isF16()    ? float(elementFromDouble<Half>(values[i]))
                 : type.isBF16() ? float(elementFromDouble<BFloat>(values[i]))
                                 : values[i];
    if (!std::isfinite(rounded[i]))
      return i;
  }
  return std::nullopt;
}

static Sums measureRows(const WeightRows &matrix, Type type, int64_t first, int64_t count) {
  std::vector<float> values(count * matrix.k), rounded(values.size());
  matrix.read(first, count, values.data());
  Sums sums;
  if (QType format = dyn_cast<QType>(type)) {
    QuantizedRows rows;
    sums.refused = quantizeRows(format.row(), values.data(), count, matrix.k, matrix.k, rows);
    if (!sums.refused)
      dequantizeRows(rows, rounded.data());
  } else {
    sums.refused = roundTo(type, values, rounded);
  }
  if (sums.refused) {
    *sums.refused += first * matrix.k;
    return sums;
  }
  for (auto [value, other] : llvm::zip_equal(values, rounded)) {
    double difference = double(value) - other;
    sums.squares += double(value) * value;
    sums.errors += difference * difference;
  }
  return sums;
}

/// The relative error of a matrix in a format; blocks are summed in order, so that threads do not change it.
static FailureOr<double> measure(const WeightRows &matrix, Type type, Location loc) {
  std::vector<Sums> blocks(llvm::divideCeil(matrix.n, kRowsAtOnce));
  llvm::parallelFor(0, blocks.size(), [&](size_t i) {
    int64_t first = i * kRowsAtOnce;
    blocks[i] = measureRows(matrix, type, first, std::min(kRowsAtOnce, matrix.n - first));
  });
  Sums total;
  for (const Sums &block : blocks) {
    if (block.refused) {
      int64_t row = *block.refused / matrix.k, column = *block.refused % matrix.k;
      float value;
      std::vector<float> values(matrix.k);
      matrix.read(row, 1, values.data());
      value = values[column];
      return emitError(loc) << "has the value " << value << " in row " << row << ", column " << column << ", which "
                            << type << " cannot hold; formats need finite weights";
    }
    total.squares += block.squares;
    total.errors += block.errors;
  }
  return total.squares == 0 ? 0.0 : std::sqrt(total.errors / total.squares);
}

static FailureOr<double> measure(QuantizeWeightOp op, const Source &source, bool liesTransposed) {
  FailureOr<SourceBytes> bytes = SourceBytes::open(source.bytes, modelDirOf(op), [&] { return emitError(source.loc); });
  if (failed(bytes))
    return failure();
  int64_t axis = op.getAxis();
  WeightRows matrix = {bytes->get().data(), source.type.getDimSize(1 - axis), source.type.getDimSize(axis),
                       liesTransposed, source.type.getElementType()};
  FailureOr<double> error = measure(matrix, tensorType(op.getResult()).getElementType(), source.loc);
  bytes->release(op.getContext());
  return error;
}

namespace {
struct QuantizeWeights : edgelm::impl::QuantizeWeightsBase<QuantizeWeights> {
  void runOnOperation() override {
    std::map<Key, double> known;
    WalkResult result = getOperation().walk([&](QuantizeWeightOp op) {
      std::optional<Source> source = findSource(op.getWeight());
      if (!source || !isa<FloatType>(source->type.getElementType())) {
        op.emitError("quantizes a matrix that is computed at run time, ") << op.getWeight().getType();
        return WalkResult::interrupt();
      }
      bool liesTransposed = source->transposed != (op.getAxis() == 0);
      Type type = tensorType(op.getResult()).getElementType();
      Key key = {source->bytes.getAsOpaquePointer(), liesTransposed, type.getAsOpaquePointer()};
      if (!known.count(key)) {
        FailureOr<double> error = measure(op, *source, liesTransposed);
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
