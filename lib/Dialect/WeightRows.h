// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reads rows of trained matrices as f32, whatever type and order they are stored in.
#pragma once

#include "Dialect/WeightStore.h"

#include <memory>

namespace edgelm {

class CodedRows;

/// A matrix W[N, K] whose bytes somebody else holds.
struct WeightRows {
  const char *data = nullptr;
  int64_t n = 0, k = 0;
  bool transposed = false;                     ///< the bytes are [K, N]
  mlir::Type storedAs;                         ///< f32, f64, f16 or bf16
  std::shared_ptr<const CodedRows> coded = {}; ///< in place of `data`: the matrix was quantized when it was exported

  /// Writes rows [first, first + count) to `out`, [count][K].
  void read(int64_t first, int64_t count, float *out) const;
};

/// Bytes of a weight or of a folded constant while somebody reads them.
class SourceBytes {
public:
  /// The bytes of `source`, an `#edgelm.weight` or a dense elements attribute; emits one error where that is impossible.
  static mlir::FailureOr<SourceBytes> open(mlir::Attribute source, llvm::StringRef modelDir,
                                           WeightStore::EmitError emitError);

  llvm::ArrayRef<char> get() const { return mapped.empty() ? llvm::ArrayRef<char>(own) : mapped; }
  /// Lets the system take the memory of a mapped file back.
  void release(mlir::MLIRContext *context) const;

private:
  llvm::ArrayRef<char> mapped;
  std::vector<char> own; ///< elements of a constant
};

/// The number at `from` of a float type.
float widened(const char *from, mlir::Type type);

} // namespace edgelm
