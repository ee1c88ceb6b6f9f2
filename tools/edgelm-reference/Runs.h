// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Runs of a module's functions on a data set, compared with what it should give.
#pragma once

#include "Dialect/Reference/Tensor.h"
#include "Product/TensorFile.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace edgelm::tools {

/// Difference between two sequences of numbers.
struct Difference {
  double greatest = 0, reference = 0; ///< of the absolute difference, and of the expected values
  size_t compared = 0;
  std::vector<float> values; ///< what was compared, in order
  std::string skipped;       ///< why nothing was compared

  void add(double got, double expected);
};

/// The tensor of a file under another element type and shape of as many elements.
edgelm::Tensor toTensor(const Tensor &file, llvm::ArrayRef<int64_t> shape, mlir::Type elementType);

/// A string attribute of an argument or result, or "".
llvm::StringRef argText(mlir::func::FuncOp function, unsigned index, llvm::StringRef attribute);
llvm::StringRef resultText(mlir::func::FuncOp function, unsigned index, llvm::StringRef attribute);

/// Runs a function whose arguments are inputs of the data set, found by `edgelm.name`, and compares every result that the
/// data set has. Skips a data set of other shapes, or one that has inputs (a past, a mask that hides a token) which the function has bound.
mlir::FailureOr<Difference> runFunction(mlir::func::FuncOp function, const DataSet &data);

/// Feeds the tokens of a data set to an entry over caches, `chunk` at a time, starting from the data set's past. Compares the
/// logits that the entry gives with those rows of the data set.
mlir::FailureOr<Difference> runIncremental(mlir::func::FuncOp function, const DataSet &data, int64_t chunk);

} // namespace edgelm::tools
