// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reads the section "normalizer"; a kind of normalizer is a row of the table below.
#include "Codegen/Tokenizer/Spec.h"

using namespace edgelm::tokenizer;

static bool readNode(const Json &node, TokenizerSpec &spec);

static bool readNfc(const Json &, TokenizerSpec &spec) {
  spec.nfc = true;
  return true;
}

/// U+2581 before the text.
static bool readPrepend(const Json &node, TokenizerSpec &spec) {
  std::string text;
  if (!node["prepend"].get(text))
    return false;
  if (text != metaText)
    return node["prepend"].fail("found '" + text + "', but only '\u2581' is supported");
  if (spec.prefixSection)
    return node.fail("a second 'Prepend' is not supported");
  spec.prefixSection = true;
  return true;
}

/// U+2581 for every space: what the pieces of the vocabulary are spelled with.
static bool readReplace(const Json &node, TokenizerSpec &spec) {
  std::string from, to;
  if (!node["pattern"].expectObject())
    return false;
  if (node["pattern"]["String"].isNull())
    return node["pattern"].fail("'Replace' of a pattern is not supported; supported: the text ' ' by '\u2581'");
  if (!node["pattern"]["String"].get(from) || !node["content"].get(to))
    return false;
  if (from != " " || to != metaText)
    return node.fail("'Replace' of '" + from + "' by '" + to + "' is not supported; supported: ' ' by '\u2581'");
  spec.spaceIsMeta = spec.metaByNormalizer = true;
  return true;
}

static bool readSequence(const Json &node, TokenizerSpec &spec) {
  Json steps = node["normalizers"];
  if (!steps.expectArray())
    return false;
  for (size_t i = 0; i < steps.size(); ++i)
    if (steps.at(i)["type"].isString() && steps.at(i)["type"].raw() == "Sequence")
      return steps.at(i).fail("a sequence inside a sequence is not supported");
    else if (!readNode(steps.at(i), spec))
      return false;
  return true;
}

static bool readNode(const Json &node, TokenizerSpec &spec) {
  static const TypeRow<TokenizerSpec> normalizers[] = {{"BertNormalizer", readBertNormalizer},
                                                       {"NFC", readNfc},
                                                       {"Precompiled", readPrecompiled},
                                                       {"Prepend", readPrepend},
                                                       {"Replace", readReplace},
                                                       {"Sequence", readSequence}};
  return readByType(node, "normalizer", normalizers, spec);
}

bool edgelm::tokenizer::readNormalizer(const Json &root, TokenizerSpec &spec) {
  Json node = root["normalizer"];
  if (node.isNull())
    return true;
  if (!readNode(node, spec))
    return false;
  if (int(spec.nfc) + int(spec.charMap != nullptr) + int(spec.charTrie != nullptr) > 1)
    return node.fail("more than one of NFC, BertNormalizer and Precompiled is not supported");
  if (spec.prefixSection && !spec.spaceIsMeta)
    return node.fail("'Prepend' without 'Replace' of ' ' by '\u2581' is not supported");
  return true;
}

std::vector<uint32_t> edgelm::tokenizer::mapCharacter(const CharMap &map, uint32_t codePoint) {
  if (map.dropped[codePoint])
    return {};
  std::vector<uint32_t> result = {map.blank[codePoint] ? ' ' : codePoint};
  std::map<uint32_t, std::vector<uint32_t>>::const_iterator found = map.mapped.find(codePoint);
  if (found != map.mapped.end())
    result = found->second;
  else if (map.hangul && isHangulSyllable(codePoint))
    result = decomposed(codePoint);
  if (map.spaced[codePoint]) {
    result.insert(result.begin(), ' ');
    result.push_back(' ');
  }
  return result;
}

bool edgelm::tokenizer::normalizeToken(const Json &place, const TokenizerSpec &spec, std::string &text) {
  std::vector<uint32_t> characters;
  if (!decodeUtf8(text, characters))
    return place.fail("is not UTF-8");
  if (spec.nfc)
    return normalizeNfc(std::string(text), text) || place.fail("is not UTF-8");
  if (spec.charMap) {
    text.clear();
    for (uint32_t c : characters)
      for (uint32_t to : mapCharacter(*spec.charMap, c))
        appendUtf8(to, text);
  }
  if (spec.charTrie) {
    CharSetPtr inert = inertSet(spec);
    for (uint32_t c : characters)
      if (!(*inert)[c])
        return place.fail("an added token that the charsmap would change is not supported");
  }
  if (spec.spaceIsMeta)
    text = withSpaces(text);
  if (spec.prefixSection)
    text.insert(0, " ");
  return true;
}
