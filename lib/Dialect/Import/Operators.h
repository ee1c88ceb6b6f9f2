// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The table of ONNX operators that are imported: one row an operator and the opset since which it has this meaning.
#pragma once

#include "mlir/Support/LLVM.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include <string>
#include <vector>

namespace edgelm {

class NodeBinder;

/// Builds the operations of one node and ends with `NodeBinder::finish`.
using Handler = llvm::LogicalResult (*)(NodeBinder &node);

struct OperatorRow {
  llvm::StringLiteral domain; ///< "" is ai.onnx
  llvm::StringLiteral name;
  int64_t since;   ///< first opset with this meaning; the row with the greatest one counts
  unsigned inputs; ///< how many inputs a node has at least
  Handler handler;
  llvm::StringLiteral function =
      ""; ///< for handlers of families: a row of the scalar function table, or which reduction
};

/// The rows by family; each is in the file of its name (`Elementwise.cpp`, …).
llvm::ArrayRef<OperatorRow> elementwiseOperators();
llvm::ArrayRef<OperatorRow> shapeOperators();
llvm::ArrayRef<OperatorRow> sliceOperators();
llvm::ArrayRef<OperatorRow> reduceOperators();
llvm::ArrayRef<OperatorRow> linearOperators();
llvm::ArrayRef<OperatorRow> quantizeOperators();
llvm::ArrayRef<OperatorRow> attentionOperators();
llvm::ArrayRef<OperatorRow> einsumOperators();
llvm::ArrayRef<OperatorRow> windowOperators();
llvm::ArrayRef<OperatorRow> convolutionOperators();
llvm::ArrayRef<OperatorRow> normalizationOperators();
llvm::ArrayRef<OperatorRow> generatorOperators();
llvm::ArrayRef<OperatorRow> recurrentOperators();

/// The row for an operator at an opset version, or null.
const OperatorRow *lookupOperator(llvm::StringRef domain, llvm::StringRef name, int64_t opset);

/// Every row, ordered by domain, name and version.
std::vector<const OperatorRow *> allOperators();

/// Names of imported operators that look like `name`, comma-separated.
std::string similarOperators(llvm::StringRef name);

} // namespace edgelm
