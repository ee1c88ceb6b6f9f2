// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The windows of convolutions and pooling, as strided slices of a tensor.
#pragma once

#include "Dialect/Import/NodeBinder.h"

namespace edgelm {

/// Windows over the dimensions behind batch and channels, an entry for each of them.
struct Windows {
  llvm::SmallVector<int64_t> kernel, strides, dilations, begin, end; ///< `begin`, `end`: what is padded
  llvm::SmallVector<int64_t> beyond; ///< padded behind that, so that the last window fits

  int64_t places() const {
    int64_t product = 1;
    for (int64_t size : kernel)
      product *= size;
    return product;
  }
  /// From the first column of a window to the last.
  int64_t reach(size_t d) const { return (kernel[d] - 1) * dilations[d]; }
};

/// A window has at most so many places, since each of them becomes operations.
inline constexpr int64_t kMaxPlaces = 4096;

/// `count` numbers of `fallback` or more from an attribute, all `fallback` without it.
llvm::SmallVector<int64_t> integersOr(NodeBinder &node, llvm::StringRef name, size_t count, int64_t fallback);

/// The windows of this kernel over the first input, as the node's attributes say.
mlir::FailureOr<Windows> windowsOf(NodeBinder &node, llvm::ArrayRef<int64_t> kernel);

/// Batch, channels, and the other dimensions padded (or, negative, cut) with `fill`.
mlir::Value padded(NodeBinder &node, mlir::Value x, llvm::ArrayRef<int64_t> begin, llvm::ArrayRef<int64_t> end,
                   mlir::Value fill);

/// For each place in the window what all windows have there, the last dimension's places first.
llvm::SmallVector<mlir::Value> placesOf(NodeBinder &node, mlir::Value x, const Windows &windows);

/// `parts` one after the other along `axis`.
mlir::Value concat(NodeBinder &node, llvm::ArrayRef<mlir::Value> parts, int64_t axis);

} // namespace edgelm
