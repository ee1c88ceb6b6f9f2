// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Compiles a Hugging Face tokenizer.json into the tables that a product carries.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace edgelm {

/// A token that stands for no text: begin of text, padding, a role of a chat.
struct SpecialToken {
  std::string text;
  uint32_t id;
  bool lstrip = false, rstrip = false; ///< takes the white space before it, behind it
  bool singleWord = false;             ///< only where no word character touches it
  bool isInNormalizedText = false;     ///< matched in text that normalization changes
};

/// What a tokenizer.json became.
struct CompiledTokenizer {
  std::vector<uint8_t> blob;               ///< tables for runtime/edgelm_tokenizer.h; to be placed at a multiple of 4
  uint32_t vocabSize = 0;                  ///< number of ids: the greatest + 1
  size_t longestPiece = 0;                 ///< bytes of the longest text that one id stands for
  std::optional<uint32_t> bosId;           ///< by tokenizer_config.json or by what the post-processor puts first
  std::optional<uint32_t> eosId;           ///< likewise, last
  std::optional<uint32_t> secondType;      ///< token type of the second text of a pair; absent: it takes no pairs
  std::vector<SpecialToken> specialTokens; ///< by id
};

/// Compiles the text of a tokenizer.json. `name` is what messages call it. Returns false and one message
/// ("tokenizer.json: model.type: ...") for anything that is malformed or not supported.
bool compileTokenizerJson(std::string_view json, const std::string &name, CompiledTokenizer &result,
                          std::string &error);

/// Compiles a tokenizer.json, or the one in a folder; bos and eos also from a tokenizer_config.json beside it.
bool compileTokenizer(const std::string &path, CompiledTokenizer &result, std::string &error);

/// Whether a folder holds a tokenizer.json.
bool hasTokenizer(const std::string &folder);

} // namespace edgelm
