// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Sets of characters by Unicode property, and the tables of normalization form C.
#pragma once

#include <bitset>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace edgelm::tokenizer {

constexpr uint32_t codePoints = 0x110000;
using CharSet = std::bitset<codePoints>;
using CharSetPtr = std::shared_ptr<const CharSet>; // 136 KB each: shared, never on the stack

/// The code points of general category `name` ("L", "Lu", "N", ...), or null if there is no such category.
CharSetPtr categorySet(std::string_view name);
/// White space: \s.
CharSetPtr spaceSet();
/// Letters, marks, decimal digits, connectors, joiners: \w.
CharSetPtr wordSet();
/// Punctuation as Hugging Face's library knows it, and all ASCII symbols.
CharSetPtr punctuationSet();
/// One character, or all that differ from it in case only.
CharSetPtr characterSet(uint32_t codePoint, bool ignoreCase);

/// All that differ in case only from a character of the set, itself included.
CharSetPtr caselessSet(const CharSet &set);

bool isHangulSyllable(uint32_t c);
bool isSurrogate(uint32_t c);
/// Simple lower case.
uint32_t lowerCase(uint32_t c);
/// The canonical combining class.
uint32_t combiningClass(uint32_t c);
/// The full canonical decomposition.
std::vector<uint32_t> decomposed(uint32_t c);

/// The characters of each property that grapheme clusters depend on, in the order of EDGELM_TOKENIZER_GRAPHEME_*.
std::vector<CharSetPtr> clusterSets();
/// The characters that can join a neighbour of another kind to a cluster.
CharSetPtr clusterJoiners();

/// Decodes UTF-8; false if it is malformed.
bool decodeUtf8(std::string_view text, std::vector<uint32_t> &result);
/// Appends a code point.
void appendUtf8(uint32_t codePoint, std::string &text);

/// What normalization form C needs; see the sections of the same names in the runtime's format header.
struct NfcTables {
  CharSetPtr inert; ///< combining class 0, and composes with nothing before it
  std::vector<uint32_t> decompositions, decomposed, combining, compositions;
};
const NfcTables &nfcTables();
/// Normalizes a text; false if it is not UTF-8.
bool normalizeNfc(const std::string &text, std::string &result);

} // namespace edgelm::tokenizer
