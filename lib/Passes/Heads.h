// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Heads within the features of a value: recognised from an element map, and taken out as [S, heads, headDim].
#pragma once

#include "Passes/ElementMap.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace edgelm {

/// Feature `offset + head * stride + i` of a token of `source` is element i of a head.
struct Heads {
  mlir::Value source;
  int64_t tokenAxis = 0; ///< of `source`; the features are its other dimensions in row-major order
  int64_t tokens = 0, heads = 0, headDim = 0;
  int64_t offset = 0, stride = 0;
  int64_t repeats = 1; ///< consecutive readers of one head
  double factor = 1;   ///< that all elements are multiplied by
};

/// The index of a dimension of `source` that is the token for every (element, token) pair, or -1.
class TokenAxis {
public:
  explicit TokenAxis(mlir::Value source);
  void see(int64_t element, int64_t token);
  int64_t get() const;
  /// The row-major index of an element among those of its token.
  int64_t featureOf(int64_t element, int64_t axis) const;

private:
  llvm::SmallVector<int64_t> shape;
  llvm::SmallVector<bool> possible;
};

/// What `formAt(reader, token, i)`, for all indices below the three numbers, is in terms of heads of one source; or the
/// reason why it is nothing.
struct HeadsOrReason {
  std::optional<Heads> heads;
  const char *reason = nullptr;
};
HeadsOrReason recogniseHeads(const ElementMap &map, int64_t readers, int64_t tokens, int64_t headDim,
                             llvm::function_ref<int64_t(int64_t reader, int64_t token, int64_t i)> elementAt);

/// Checks that features `bases[h] + i` are heads in the sense of `Heads` and fills in offset, stride, heads and
/// repeats.
bool fillHeads(Heads &heads, llvm::ArrayRef<int64_t> bases);

/// The heads as `[tokens, heads, headDim]`, or null where they cannot be sliced out.
mlir::Value takeHeads(mlir::OpBuilder &builder, mlir::Location loc, const Heads &heads);

/// `value`, `[tokens, heads..., dim]` with the heads in row-major order, as `type`, whose dimension `tokenAxis` is the
/// tokens and whose last one is dim.
mlir::Value putHeads(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value value, mlir::RankedTensorType type,
                     int64_t tokenAxis);

} // namespace edgelm
