// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reads rows of matrices that were quantized when they were exported: their own codes and scales, or floats.
#pragma once

#include "Dialect/Codec.h"
#include "Dialect/WeightRows.h"

namespace edgelm {

/// The bytes of a `#edgelm.codes` as a matrix W[N, K] of integers, codes less zero points, whose columns have a scale
/// for each block and row.
class CodedRows {
public:
  /// The matrix of `k` columns; emits one error where its bytes cannot be read or its parts do not fit each other.
  static mlir::FailureOr<CodedRows> open(CodesAttr source, int64_t k, llvm::StringRef modelDir,
                                         WeightStore::EmitError emitError);

  int64_t rows() const { return n; }
  /// Whether a format has a code for every integer that may occur and holds every scale as it is.
  bool fits(const FormatRow &format) const;
  /// Rows [first, first + count) in a format that fits.
  void read(int64_t first, int64_t count, const FormatRow &format, QuantizedRows &out) const;
  /// The same as f32, [count][K].
  void read(int64_t first, int64_t count, float *out) const;
  /// Lets the system take the memory of mapped files back.
  void release(mlir::MLIRContext *context) const;

private:
  using EmitError = WeightStore::EmitError;
  /// Integers of few bits, the first one in the low bits of the first byte.
  struct Integers {
    const uint8_t *bytes = nullptr;
    int64_t size = 0; ///< bytes
    int64_t bits = 8, stride = 8;
    bool isSigned = false;
    int64_t at(int64_t bit) const;
  };

  Integers integersOf(CodesAttr source, size_t part, int64_t packed) const;
  mlir::LogicalResult placePacked(CodesAttr source, EmitError emitError);
  mlir::LogicalResult placePlain(CodesAttr source, EmitError emitError);
  mlir::LogicalResult readScales(CodesAttr source, EmitError emitError);
  mlir::LogicalResult readZeros(CodesAttr source, EmitError emitError);
  int64_t expectedScales() const { return (n - 1) * scaleOfRow + (blocks() - 1) * scaleOfBlock + 1; }
  int64_t blocks() const { return (k + block - 1) / block; }
  int64_t scaleIndex(int64_t row, int64_t b) const { return row * scaleOfRow + b * scaleOfBlock; }
  float scale(int64_t row, int64_t b) const { return scales[scaleIndex(row, b)]; }
  float zero(int64_t row, int64_t b) const { return zeros.empty() ? defaultZero : zeros[scaleIndex(row, b)]; }
  int64_t code(int64_t row, int64_t column) const {
    return codes.at((row * codeOfRow + (codebook.empty() ? column : column ^ 1) * codeOfColumn) * codes.stride);
  }

  std::vector<SourceBytes> opened;
  int64_t n = 0, k = 0, block = 0;
  Integers codes;
  int64_t codeOfRow = 0, codeOfColumn = 0;  ///< codes from one row and from one column to the next
  int64_t scaleOfRow = 0, scaleOfBlock = 0; ///< the same of scales, by row and by block
  std::vector<float> scales, zeros;         ///< no `zeros`: all are `defaultZero`
  float defaultZero = 0;
  std::vector<float> codebook; ///< what codes choose from; empty: they are numbers themselves
};

/// A source of a weight while somebody reads it.
class WeightSource {
public:
  /// The matrix of `k` columns of an `#edgelm.weight` or dense elements, stored as `storedAs`, or of `#edgelm.codes`.
  /// Emits one error where its bytes cannot be read.
  static mlir::FailureOr<WeightSource> open(mlir::Attribute source, int64_t k, bool transposed, mlir::Type storedAs,
                                            llvm::StringRef modelDir, WeightStore::EmitError emitError);

  const WeightRows &rows() const { return matrix; }
  /// Lets the system take the memory of mapped files back.
  void release(mlir::MLIRContext *context) const;

private:
  SourceBytes bytes;
  WeightRows matrix;
};

} // namespace edgelm
