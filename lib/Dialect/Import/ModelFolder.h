// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// An exported model as Hugging Face and Optimum leave it: where its files are and what its configuration says.
#pragma once

#include "mlir/IR/MLIRContext.h"
#include "mlir/Support/LLVM.h"
#include <optional>
#include <string>
#include <vector>

namespace edgelm {

struct ModelFolder {
  std::string folder;    ///< where the configuration lies
  std::string onnxPath;  ///< the graph
  std::string name;      ///< product name: the folder's (or single file's) name as a C identifier
  std::string tokenizer; ///< path of tokenizer.json; empty when there is none

  // From generation_config.json, else config.json; absent where neither says it.
  std::optional<int64_t> contextLength; ///< max_position_embeddings, n_positions, n_ctx, …
  std::optional<int64_t> vocabSize;
  std::vector<int64_t> bosIds, eosIds; ///< one or several
};

/// Finds the model in `path`, a folder or an ONNX file. Emits one error when there is none, or a broken configuration.
mlir::FailureOr<ModelFolder> openModelFolder(llvm::StringRef path, mlir::MLIRContext *context);

} // namespace edgelm
