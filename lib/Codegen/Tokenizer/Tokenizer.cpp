// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reads the sections of a tokenizer.json in order and writes the blob.
#include "Codegen/Tokenizer/Tokenizer.h"

#include "Codegen/Tokenizer/Spec.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

using namespace edgelm;
using namespace edgelm::tokenizer;

static bool parseJson(std::string_view text, nlohmann::json &result, Errors &errors) {
  try {
    result = nlohmann::json::parse(text);
  } catch (const nlohmann::json::exception &exception) {
    // "[json.exception.parse_error.101] parse error at line 1, ...": without the tag.
    std::string message = exception.what();
    size_t tag = message.find("] ");
    return errors.fail("", "not valid JSON: " + (tag == std::string::npos ? message : message.substr(tag + 2)));
  }
  return true;
}

static bool readSections(const Json &root, Errors &errors, CompiledTokenizer &result) {
  TokenizerSpec spec;
  if (!root.expectObject() || !readNormalizer(root, spec) || !readPreTokenizer(root, spec) || !readModel(root, spec) ||
      !readAddedTokens(root, spec) || !checkMarks(root, spec) || !readPostProcessor(root, spec) ||
      !readDecoder(root, spec) || !writeBlob(spec, errors, result.blob))
    return false;
  result.vocabSize = uint32_t(spec.pieces.size());
  for (uint32_t id = 0; id < spec.pieces.size(); ++id)
    for (bool first : {false, true})
      result.longestPiece = std::max(result.longestPiece, decodePiece(spec, id, first).size());
  for (const AddedToken &token : spec.added)
    if (token.special)
      result.specialTokens.push_back({token.text, token.id, token.lstrip, token.rstrip, token.singleWord,
                                      token.normalized && !root["normalizer"].isNull()});
  std::sort(result.specialTokens.begin(), result.specialTokens.end(),
            [](const SpecialToken &a, const SpecialToken &b) { return a.id < b.id; });
  if (!spec.prefixIds.empty())
    result.bosId = spec.prefixIds.front();
  if (!spec.suffixIds.empty())
    result.eosId = spec.suffixIds.back();
  if (spec.second)
    result.secondType = spec.second->type;
  return true;
}

bool edgelm::compileTokenizerJson(std::string_view text, const std::string &name, CompiledTokenizer &result,
                                  std::string &error) {
  Errors errors(name);
  nlohmann::json json;
  CompiledTokenizer compiled;
  bool done = false;
  try {
    done = parseJson(text, json, errors) && readSections(Json(&json, "", errors), errors, compiled);
  } catch (const std::exception &exception) {
    // nlohmann-json reports what the readers did not foresee by exceptions; none may leave this library.
    errors.fail("", exception.what());
  }
  if (!done) {
    error = errors.message();
    return false;
  }
  result = std::move(compiled);
  return true;
}

static bool readFile(const std::filesystem::path &path, std::string &text, std::string &error) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream content;
  if (!file || !(content << file.rdbuf())) {
    error = path.string() + ": cannot be read: " + std::strerror(errno ? errno : EIO);
    return false;
  }
  text = content.str();
  return true;
}

/// "bos_token" is a text or an object with its content; unknown ones are left out.
static std::optional<uint32_t> findConfigToken(const nlohmann::json &config, const char *key,
                                               const CompiledTokenizer &tokenizer) {
  nlohmann::json::const_iterator member = config.find(key);
  if (member == config.end())
    return std::nullopt;
  const nlohmann::json *value = &*member;
  if (value->is_object() && value->contains("content"))
    value = &(*value)["content"];
  if (!value->is_string())
    return std::nullopt;
  for (const SpecialToken &token : tokenizer.specialTokens)
    if (token.text == value->get_ref<const std::string &>())
      return token.id;
  return std::nullopt;
}

static void readConfig(const std::filesystem::path &path, CompiledTokenizer &tokenizer) {
  std::string text, ignored;
  if (!std::filesystem::exists(path) || !readFile(path, text, ignored))
    return;
  nlohmann::json config = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!config.is_object())
    return;
  if (std::optional<uint32_t> id = findConfigToken(config, "bos_token", tokenizer))
    tokenizer.bosId = id;
  if (std::optional<uint32_t> id = findConfigToken(config, "eos_token", tokenizer))
    tokenizer.eosId = id;
}

bool edgelm::compileTokenizer(const std::string &path, CompiledTokenizer &result, std::string &error) {
  std::error_code ignored;
  std::filesystem::path file = path;
  if (std::filesystem::is_directory(file, ignored))
    file /= "tokenizer.json";
  std::string text;
  if (!std::filesystem::is_regular_file(file, ignored)) {
    error = file.string() + ": there is no such file; expected a tokenizer.json or a folder that holds one";
    return false;
  }
  if (!readFile(file, text, error) || !compileTokenizerJson(text, file.string(), result, error))
    return false;
  readConfig(file.parent_path() / "tokenizer_config.json", result);
  return true;
}

bool edgelm::hasTokenizer(const std::string &folder) {
  std::error_code ignored;
  return std::filesystem::is_regular_file(std::filesystem::path(folder) / "tokenizer.json", ignored);
}
