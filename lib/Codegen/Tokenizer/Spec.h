// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a tokenizer.json says, read by one function per section of the file and written to the blob.
#pragma once

#include "Codegen/Tokenizer/Json.h"
#include "Codegen/Tokenizer/Regex.h"

#include <array>
#include <optional>
#include <unordered_map>

namespace edgelm::tokenizer {

constexpr uint32_t noId = 0xffffffffu;

struct Merge {
  uint32_t left, right, merged;
};

/// One pattern that cuts pieces of text into smaller ones.
struct SplitLevel {
  Regex pattern;
  bool keepMatches = true, keepGaps = true;
};

struct AddedToken {
  std::string text;
  uint32_t id = 0;
  bool special = false, lstrip = false, rstrip = false, singleWord = false, normalized = true;
};

struct TokenizerSpec {
  // The model.
  std::unordered_map<std::string, uint32_t> vocab; ///< piece as the file spells it -> id
  std::vector<std::optional<std::string>> pieces;  ///< id -> the bytes that it stands for
  std::vector<bool> isBytePiece;                   ///< id -> spelled in the stand-ins of bytes, so text can be it
  std::vector<Merge> merges;                       ///< the index is the rank
  std::array<uint32_t, 256> byteIds{};
  bool ignoreMerges = false; ///< a word of the vocabulary is taken whole
  // The steps before it.
  bool nfc = false;
  bool prefixSpace = false;
  bool byteLevel = false;
  std::vector<SplitLevel> levels;
  std::vector<AddedToken> added;
  // What the post-processor adds.
  std::vector<uint32_t> prefixIds, suffixIds;
};

/// One function for each section; false after an error. `root` is the whole file. The order of the declarations is
/// that in which they are called.
bool readModel(const Json &root, TokenizerSpec &spec);
bool readNormalizer(const Json &root, TokenizerSpec &spec);
bool readPreTokenizer(const Json &root, TokenizerSpec &spec);
bool readAddedTokens(const Json &root, TokenizerSpec &spec);
bool readPostProcessor(const Json &root, TokenizerSpec &spec);
bool readDecoder(const Json &root, TokenizerSpec &spec);

/// Byte-level models spell each byte as one printable character (GPT-2's bytes_to_unicode).
uint32_t standInOfByte(uint8_t byte);
/// The bytes of a piece; the text itself if it holds anything but stand-ins (as the ByteLevel decoder does).
std::string bytesOfPiece(const std::string &text, bool &isBytePiece);
/// Byte-pair encodes bytes, the obvious way.
std::vector<uint32_t> encodeBytes(const TokenizerSpec &spec, const std::string &bytes,
                                  const std::unordered_map<uint64_t, uint32_t> &ranks);

/// Writes the tables; false if they do not fit the format.
bool writeBlob(const TokenizerSpec &spec, Errors &errors, std::vector<uint8_t> &blob);

} // namespace edgelm::tokenizer
