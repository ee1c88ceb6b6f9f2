// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What lies beside the graph in a model's folder: tokenizer, special tokens, and the hashes of everything that was
// read.
#pragma once

#include "Codegen/Chat/Chat.h"
#include "Codegen/FileHash.h"
#include "Codegen/Tokenizer/Tokenizer.h"
#include "Dialect/Import/ModelFolder.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/Error.h"
#include <atomic>
#include <future>
#include <optional>
#include <set>
#include <vector>

namespace edgelm {

/// The tokenizer of `folder`, or none when it has none or one of a kind that is not supported yet (a warning says so).
llvm::Expected<std::optional<CompiledTokenizer>> loadTokenizer(const ModelFolder &folder);

/// Refuses a tokenizer that does not belong to a model of `vocab` tokens.
llvm::Error checkVocabulary(const CompiledTokenizer &tokenizer, uint32_t vocab);

/// Ids at which a generation stops, without repetition: of the configurations, of the tokenizer, and what the chat
/// template puts behind a reply.
std::vector<int32_t> stopIdsOf(const ModelFolder &folder, const std::optional<CompiledTokenizer> &tokenizer,
                               const std::optional<ChatTurns> &chat);

/// The hashes of the graph, its weight files (those that `module` names) and the configuration beside them, computed on
/// a thread of their own while the compiler works on.
class InputHashes {
public:
  InputHashes(const ModelFolder &folder, mlir::ModuleOp module);
  /// Gives up what nobody has waited for.
  ~InputHashes();

  /// Once only.
  llvm::Expected<std::vector<FileHash>> wait();

private:
  llvm::Expected<std::vector<FileHash>> hashAll() const;

  std::string folder;
  std::set<std::string> names; ///< relative to `folder`
  std::atomic<bool> isCancelled = false;
  std::future<llvm::Expected<std::vector<FileHash>>> hashes; // last: the thread reads the others
};

} // namespace edgelm
