// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reads what lies beside the graph.
#include "Codegen/ModelFiles.h"
#include "Codegen/CompileError.h"
#include "Dialect/EdgeLMDialect.h"
#include "Dialect/WeightStore.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"
#include <set>

using namespace llvm;

namespace edgelm {

/// Trainers pad vocabularies to a multiple of at most this.
static constexpr uint32_t largestPadding = 1024;

Expected<std::optional<CompiledTokenizer>> loadTokenizer(const ModelFolder &folder) {
  if (folder.tokenizer.empty())
    return std::nullopt;
  CompiledTokenizer tokenizer;
  std::string message;
  if (compileTokenizer(folder.tokenizer, tokenizer, message))
    return tokenizer;
  if (!StringRef(message).contains("not supported"))
    return fail(ExitStatus::BadInput, message);
  errs() << "warning: " << message << "; the product has no tokenizer and takes token ids only\n";
  return std::nullopt;
}

Error checkVocabulary(const CompiledTokenizer &tokenizer, uint32_t vocab) {
  bool isPadded = tokenizer.vocabSize < vocab && vocab - tokenizer.vocabSize < largestPadding && vocab % 8 == 0;
  if (tokenizer.vocabSize == vocab || isPadded)
    return Error::success();
  return fail(ExitStatus::BadInput, "tokenizer.json has " + Twine(tokenizer.vocabSize) +
                                        " tokens, but the model's vocabulary has " + Twine(vocab) +
                                        "; is it the tokenizer of another model?");
}

std::vector<int32_t> stopIdsOf(const ModelFolder &folder, const std::optional<CompiledTokenizer> &tokenizer,
                               const std::optional<ChatTurns> &chat) {
  std::set<int32_t> ids(folder.eosIds.begin(), folder.eosIds.end());
  if (tokenizer && tokenizer->eosId)
    ids.insert(*tokenizer->eosId);
  if (chat && chat->endOfTurn)
    ids.insert(*chat->endOfTurn);
  return {ids.begin(), ids.end()};
}

/// `path` relative to `folder`, where it lies inside.
static std::string relativeTo(StringRef folder, StringRef path) {
  SmallString<256> absoluteFolder(folder), absolutePath(path);
  sys::fs::make_absolute(absoluteFolder);
  sys::fs::make_absolute(absolutePath);
  sys::path::remove_dots(absoluteFolder, /*remove_dot_dot=*/true);
  sys::path::remove_dots(absolutePath, /*remove_dot_dot=*/true);
  StringRef rest = absolutePath;
  if (rest.consume_front(absoluteFolder) && rest.consume_front("/"))
    return rest.str();
  return sys::path::filename(path).str();
}

InputHashes::InputHashes(const ModelFolder &model, mlir::ModuleOp module) : folder(model.folder) {
  names.insert(relativeTo(folder, model.onnxPath));
  std::set<std::string> weightFiles;
  module.walk([&](WeightOp weight) { weightFiles.insert(weight.getSource().getFile().str()); });
  for (const std::string &file : weightFiles) {
    SmallString<256> path(modelDirOf(module));
    sys::path::append(path, file);
    names.insert(relativeTo(folder, path));
  }
  for (StringRef name : {"chat_template.jinja", "config.json", "generation_config.json", "special_tokens_map.json",
                         "tokenizer.json", "tokenizer_config.json"})
    if (sys::fs::exists(folder + "/" + name))
      names.insert(name.str());
  hashes = std::async(std::launch::async, [this] { return hashAll(); });
}

InputHashes::~InputHashes() {
  isCancelled = true;
  if (hashes.valid())
    consumeError(hashes.get().takeError());
}

Expected<std::vector<FileHash>> InputHashes::hashAll() const {
  std::vector<FileHash> found;
  for (const std::string &name : names) {
    Expected<FileHash> hash = hashFile(folder, name, isCancelled);
    if (!hash)
      return hash.takeError();
    found.push_back(*hash);
  }
  return found;
}

Expected<std::vector<FileHash>> InputHashes::wait() {
  return hashes.get();
}

} // namespace edgelm
