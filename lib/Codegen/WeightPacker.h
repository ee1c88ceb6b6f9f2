// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reads weights from the model's files and writes them as the product holds them, one after the other.
#pragma once

#include "Dialect/EdgeLMDialect.h"
#include "Dialect/PackedLayout.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/Error.h"
#include <string>
#include <vector>

namespace edgelm {

/// One place among the product's weights.
struct WeightPlace {
  std::vector<std::string> names;     ///< [sources], the model's names
  mlir::ArrayAttr sources;            ///< as in edgelm.packed_weight
  std::vector<bool> transposed;       ///< [sources]
  std::vector<mlir::Type> storedAs;   ///< [sources], element types in the model
  mlir::RankedTensorType type;        ///< shape and element type in the product
  std::vector<double> relativeErrors; ///< [sources], once written; empty: as stored
  bool isMatrix = false;              ///< of a linear or an embedding: what formats are for
  bool isTable = false;               ///< a matrix whose rows an embedding looks up
  int64_t panel = 0;                  ///< output columns of a panel; 0: row-major
  bool columnsApart = false;          ///< of `PackedLayout`
  bool isPaired = false;              ///< the same
  int64_t offset = 0;                 ///< bytes from the start of the weights
  int64_t bytes = 0;                  ///< with padding to whole panels, without that to the next place

  /// Where the codes of a quantized matrix lie.
  PackedLayout layout() const;
  /// What stands for the place in messages and reports.
  const std::string &name() const { return names.front(); }
};

/// The places that the entries of `module` read, by offset.
std::vector<WeightPlace> collectWeights(mlir::ModuleOp module);

/// Writes all `places` from offset 0 to `totalBytes`, zeros between them. Files are mapped relative to `modelDir`; the
/// pages of a weight are given back once it is written, and a weight whose bytes do not have their hash is an error. Notes the relative errors
/// of matrices that are rounded on the way: each is read once.
llvm::Error writeWeights(std::vector<WeightPlace> &places, llvm::StringRef modelDir, int64_t totalBytes,
                         llvm::raw_ostream &os);

} // namespace edgelm
