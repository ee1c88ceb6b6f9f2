// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reads SentencePiece's precompiled charsmap, and says which characters no charsmap or map can change.
#include "Codegen/Tokenizer/Spec.h"

using namespace edgelm::tokenizer;

static bool decodeBase64(const std::string &text, std::string &bytes) {
  uint32_t bits = 0, count = 0;
  size_t end = text.find_last_not_of('=');
  for (size_t i = 0; i < (end == std::string::npos ? 0 : end + 1); ++i) {
    char c = text[i];
    int value = c >= 'A' && c <= 'Z'   ? c - 'A'
                : c >= 'a' && c <= 'z' ? c - 'a' + 26
                : c >= '0' && c <= '9' ? c - '0' + 52
                : c == '+'             ? 62
                : c == '/'             ? 63
                                       : -1;
    if (value < 0)
      return false;
    bits = bits << 6 | uint32_t(value);
    count += 6;
    if (count >= 8) {
      count -= 8;
      bytes += char(bits >> count & 0xff);
    }
  }
  return true;
}

static uint32_t wordAt(const std::string &bytes, size_t at) {
  uint32_t word = 0;
  for (size_t i = 0; i < 4; ++i)
    word |= uint32_t(uint8_t(bytes[at + i])) << (8 * i);
  return word;
}

bool edgelm::tokenizer::readPrecompiled(const Json &node, TokenizerSpec &spec) {
  std::string text, bytes;
  Json place = node["precompiled_charsmap"];
  if (spec.charTrie)
    return node.fail("a second 'Precompiled' is not supported");
  if (!place.get(text))
    return false;
  if (!decodeBase64(text, bytes))
    return place.fail("is not base64");
  // The bytes of the double array, the array, what its values point to.
  if (bytes.size() < 4 || wordAt(bytes, 0) % 4 != 0 || wordAt(bytes, 0) > bytes.size() - 4 || wordAt(bytes, 0) == 0)
    return place.fail("its length is not what its first four bytes say");
  spec.charTrie = std::make_shared<CharTrie>();
  for (size_t at = 4; at < 4 + wordAt(bytes, 0); at += 4)
    spec.charTrie->units.push_back(wordAt(bytes, at));
  spec.charTrie->texts = bytes.substr(4 + wordAt(bytes, 0));
  return true;
}

/// Whether a key of the double array is a prefix of a character.
static bool hasKey(const CharTrie &trie, uint32_t codePoint) {
  std::string text;
  appendUtf8(codePoint, text);
  auto unitAt = [&](uint32_t index) { return index < trie.units.size() ? trie.units[index] : 0x80000000u; };
  auto offsetOf = [](uint32_t unit) { return (unit >> 10) << ((unit & (1u << 9)) >> 6); };
  uint32_t node = offsetOf(unitAt(0));
  for (char c : text) {
    uint8_t byte = uint8_t(c);
    node ^= byte;
    uint32_t unit = unitAt(node);
    if ((unit & 0x800000ffu) != byte)
      return false;
    node ^= offsetOf(unit);
    if (unit >> 8 & 1)
      return true;
  }
  return false;
}

CharSetPtr edgelm::tokenizer::inertSet(const TokenizerSpec &spec) {
  if (spec.nfc)
    return nfcTables().inert;
  std::shared_ptr<CharSet> inert = std::make_shared<CharSet>();
  inert->set();
  if (spec.charMap)
    for (uint32_t c = 0; c < codePoints; ++c) {
      const CharMap &map = *spec.charMap;
      bool isChanged =
          map.dropped[c] || map.blank[c] || map.spaced[c] || map.mapped.count(c) || (map.hangul && isHangulSyllable(c));
      if (isChanged && !isSurrogate(c) && mapCharacter(map, c) != std::vector<uint32_t>{c})
        inert->reset(c);
    }
  if (spec.charTrie) {
    // What joins its neighbours to a cluster may be changed with them.
    *inert &= ~*clusterJoiners();
    for (uint32_t c = 0; c < codePoints; ++c)
      if (!isSurrogate(c) && (c == 0 || hasKey(*spec.charTrie, c)))
        inert->reset(c);
  }
  if (spec.spaceIsMeta)
    inert->reset(0x2581);
  return inert;
}
