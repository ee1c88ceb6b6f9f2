// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a tokenizer.json says, read by one function per section of the file and written to the blob.
#pragma once

#include "Codegen/Tokenizer/Json.h"
#include "Codegen/Tokenizer/Regex.h"

#include <array>
#include <map>
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
  bool prefix = false;        ///< what is cut gets TokenizerSpec::prefix first, unless it starts with it
  bool removesSpaces = false; ///< no white space is left
  bool bytes = false;         ///< cuts the stand-ins of bytes: what stands behind ByteLevel
};

/// Normalization of characters one by one.
struct CharMap {
  CharSet dropped, blank, spaced; ///< removed; become a space; get a space on both sides
  std::map<uint32_t, std::vector<uint32_t>> mapped;
  bool hangul = false; ///< decompose syllables
};

/// SentencePiece's charsmap: a double array and what its values point to.
struct CharTrie {
  std::vector<uint32_t> units;
  std::string texts;
};

/// One step of a decoder.
struct DecodeStep {
  enum Kind { Replace, ByteFallback, Fuse, StripFirst, Metaspace, WordPiece };
  Kind kind;
  std::string from, to; ///< Replace; StripFirst: from; WordPiece: from is what pieces inside a word start with
  bool flag = false;    ///< WordPiece: clean up; Metaspace: the first piece has no spaces
};

struct AddedToken {
  std::string text;
  uint32_t id = 0;
  bool special = false, lstrip = false, rstrip = false, singleWord = false, normalized = true;
};

/// What the post-processor puts round the second text of a pair; the first one is processed like a single text.
struct SecondText {
  std::vector<uint32_t> prefixIds, suffixIds;
  uint32_t type = 1; ///< token type of all of it
};

struct TokenizerSpec {
  // The model.
  std::unordered_map<std::string, uint32_t> vocab; ///< piece as the file spells it -> id
  std::vector<std::optional<std::string>> pieces;  ///< id -> the bytes that the model looks up
  uint32_t idLimit = 4000000; ///< ids are below it: far above any vocabulary known, and what a mistake costs is small
  std::vector<std::string> texts; ///< id -> the piece as the file spells it
  std::vector<bool> isReachable;  ///< id -> spelled so that text can be it
  std::vector<Merge> merges;      ///< the index is the rank
  std::optional<std::array<uint32_t, 256>> byteIds;
  bool ignoreMerges = false;  ///< a word of the vocabulary is taken whole
  uint32_t model = 0;         ///< EDGELM_TOKENIZER_MODEL_*
  uint32_t unknownId = noId;  ///< what a text without pieces becomes
  bool fuseUnknown = false;   ///< neighbours of it become one
  std::string continuing;     ///< what pieces inside a word start with (WordPiece)
  uint32_t maxWordChars = 0;  ///< longer words are unknown (WordPiece)
  std::vector<double> scores; ///< of each id (Unigram), then that of an unknown character
  // The steps before it.
  bool nfc = false;
  std::shared_ptr<CharMap> charMap;
  bool keepsMarks = false; ///< strips accents, but not those that its Unicode does not know
  std::shared_ptr<CharTrie> charTrie;
  bool byteLevel = false;
  bool spaceIsMeta = false; ///< every space and every U+2581 of the text is the U+2581 of the vocabulary
  bool hasMetaspace = false;
  bool metaByNormalizer = false; ///< ... already before the text is cut into words
  std::string prefix;            ///< goes before a text, as the pieces spell it
  bool prefixSegment = false, prefixFirst = false, prefixSection = false; ///< EDGELM_TOKENIZER_HAS_PREFIX_*
  std::vector<SplitLevel> levels;
  std::vector<AddedToken> added;
  // What the post-processor adds.
  std::vector<uint32_t> prefixIds, suffixIds;
  std::optional<SecondText> second = SecondText(); ///< absent: pairs are not a single text and a second one
  // The way back.
  std::vector<DecodeStep> decoder;
};

/// One function for each section; false after an error. `root` is the whole file. The order of the declarations is
/// that in which they are called.
bool readNormalizer(const Json &root, TokenizerSpec &spec);
bool readPreTokenizer(const Json &root, TokenizerSpec &spec);
bool readModel(const Json &root, TokenizerSpec &spec);
bool readAddedTokens(const Json &root, TokenizerSpec &spec);
bool readPostProcessor(const Json &root, TokenizerSpec &spec);
bool readDecoder(const Json &root, TokenizerSpec &spec);

/// The kinds of model, normalizer and pre-tokenizer that have files of their own.
bool readBpe(const Json &model, TokenizerSpec &spec);
bool readWordPiece(const Json &model, TokenizerSpec &spec);
bool readUnigram(const Json &model, TokenizerSpec &spec);
bool readBertNormalizer(const Json &node, TokenizerSpec &spec);
bool readPrecompiled(const Json &node, TokenizerSpec &spec);
bool readMetaspace(const Json &node, TokenizerSpec &spec);

/// Enters a piece of the vocabulary; the place is what messages name.
bool addPiece(const Json &place, const std::string &text, uint64_t id, TokenizerSpec &spec);
/// Reads {"piece": id, ...}.
bool readVocab(const Json &model, TokenizerSpec &spec);
/// The id of a piece, or noId.
uint32_t idOf(const TokenizerSpec &spec, const std::string &text);
/// The ids of "<0x00>" to "<0xFF>": all of them, or an error.
bool readByteFallback(const Json &model, TokenizerSpec &spec);
/// Adds a level of a pattern; the place is what messages name.
bool addLevel(const Json &place, const std::string &pattern, TokenizerSpec &spec);
/// U+2581, and a text in which it became a space.
constexpr const char *metaText = "\xe2\x96\x81";
std::string withSpaces(std::string text);
/// What normalization makes of the text of an added token; false after an error.
bool normalizeToken(const Json &place, const TokenizerSpec &spec, std::string &text);
/// Refuses a vocabulary with marks that need their canonical order.
bool checkMarks(const Json &root, const TokenizerSpec &spec);
/// What a character becomes by a map.
std::vector<uint32_t> mapCharacter(const CharMap &map, uint32_t codePoint);
/// The characters that normalization leaves alone in any context.
CharSetPtr inertSet(const TokenizerSpec &spec);
/// What a piece is decoded to: in the middle of a text and as its first one.
std::string decodePiece(const TokenizerSpec &spec, uint32_t id, bool first);

/// Byte-level models spell each byte as one printable character (GPT-2's bytes_to_unicode).
uint32_t standInOfByte(uint8_t byte);
/// The bytes of a piece; the text itself if it holds anything but stand-ins (as the ByteLevel decoder does).
std::string bytesOfPiece(const std::string &text, bool &isBytePiece);
/// The bytes by which a model looks a piece up, and whether a text can be it.
std::string spelledPiece(const TokenizerSpec &spec, const std::string &text, bool &isReachable);
/// Byte-pair encodes bytes, the obvious way.
std::vector<uint32_t> encodeBytes(const TokenizerSpec &spec, const std::string &bytes,
                                  const std::unordered_map<uint64_t, uint32_t> &ranks);

/// Writes the tables; false if they do not fit the format.
bool writeBlob(const TokenizerSpec &spec, Errors &errors, std::vector<uint8_t> &blob);

} // namespace edgelm::tokenizer
