// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reads the section "pre_tokenizer" into levels of patterns; a kind of pre-tokenizer is a row of the table below.
#include "Codegen/Tokenizer/Layout.h"
#include "Codegen/Tokenizer/Spec.h"

using namespace edgelm::tokenizer;

// The pattern of GPT-2, which the ByteLevel pre-tokenizer uses (openai/gpt-2, src/encoder.py).
static constexpr const char *gpt2Pattern =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

static bool readNode(const Json &node, TokenizerSpec &spec);

bool edgelm::tokenizer::addLevel(const Json &place, const std::string &pattern, TokenizerSpec &spec) {
  std::string error;
  spec.levels.emplace_back();
  return parseRegex(pattern, spec.levels.back().pattern, error) || place.fail(error);
}

/// A level whose pattern is runs of a set, or each of its characters.
static void addLevel(const CharSetPtr &set, bool runs, bool keepMatches, TokenizerSpec &spec) {
  RegexItem item;
  item.set = set;
  item.most = runs ? RegexItem::unlimited : 1;
  spec.levels.emplace_back();
  spec.levels.back().pattern = {{item}};
  spec.levels.back().keepMatches = keepMatches;
}

static bool readByteLevel(const Json &node, TokenizerSpec &spec) {
  bool prefixSpace = true, useRegex = true;
  if (!node["add_prefix_space"].get(prefixSpace, true) || !node["use_regex"].get(useRegex, true))
    return false;
  bool isFirst = spec.levels.empty();
  spec.byteLevel = true;
  if (prefixSpace) {
    spec.prefix = " ";
    spec.prefixSegment = isFirst;
  }
  if ((useRegex || (prefixSpace && !isFirst)) && !addLevel(node, useRegex ? gpt2Pattern : "[\\s\\S]+", spec))
    return false;
  if (prefixSpace && !isFirst)
    spec.levels.back().prefix = true; // each piece of the split before gets a space
  return true;
}

static bool readWhitespaceSplit(const Json &, TokenizerSpec &spec) {
  addLevel(spaceSet(), true, false, spec);
  spec.levels.back().removesSpaces = true;
  return true;
}

static bool readWhitespace(const Json &node, TokenizerSpec &spec) {
  if (!addLevel(node, "\\w+|[^\\w\\s]+", spec))
    return false;
  spec.levels.back().keepGaps = false;
  return true;
}

static bool readBert(const Json &node, TokenizerSpec &spec) {
  if (!readWhitespaceSplit(node, spec))
    return false;
  addLevel(punctuationSet(), false, true, spec);
  return true;
}

static bool readPunctuation(const Json &node, TokenizerSpec &spec) {
  std::string behavior = "Isolated";
  if (!node["behavior"].isNull() && !node["behavior"].get(behavior))
    return false;
  if (behavior != "Isolated" && behavior != "Contiguous" && behavior != "Removed")
    return node["behavior"].fail("'" + behavior + "' is not supported; supported: 'Contiguous', 'Isolated', 'Removed'");
  addLevel(punctuationSet(), behavior == "Contiguous", behavior != "Removed", spec);
  return true;
}

/// Whether a space goes before the text: always, at its start, or never; old files have only a yes or no.
static bool readPrependScheme(const Json &node, std::string &scheme) {
  bool prefixSpace = true;
  if (!node["add_prefix_space"].get(prefixSpace, true))
    return false;
  scheme = prefixSpace ? "always" : "never";
  if (!node["prepend_scheme"].isNull() && !node["prepend_scheme"].get(scheme))
    return false;
  if (!node["prepend_scheme"].isNull() && !prefixSpace && scheme != "never")
    return node["add_prefix_space"].fail("is false, though prepend_scheme is '" + scheme + "'");
  return scheme == "always" || scheme == "first" || scheme == "never" ||
         node["prepend_scheme"].fail("'" + scheme + "' is not supported; supported: 'always', 'first', 'never'");
}

bool edgelm::tokenizer::readMetaspace(const Json &node, TokenizerSpec &spec) {
  std::string replacement, scheme;
  bool split = true;
  if (!node["replacement"].get(replacement) || !readPrependScheme(node, scheme) || !node["split"].get(split, true))
    return false;
  if (replacement != metaText)
    return node["replacement"].fail("found '" + replacement + "', but only '\\u2581' is supported");
  bool behindSplit = !spec.levels.empty();
  if (behindSplit && (spec.levels.size() > 1 || !spec.levels[0].removesSpaces || scheme == "first"))
    return node.fail("'Metaspace' behind another pre-tokenizer is not supported; supported: behind 'WhitespaceSplit', "
                     "not at the start only");
  spec.hasMetaspace = true;
  if (!behindSplit) {
    spec.spaceIsMeta = true;
    spec.prefix = " ";
    spec.prefixSegment = scheme == "always";
    spec.prefixFirst = scheme == "first";
    return !split || addLevel(node, " [^ ]*|[^ ]+", spec);
  }
  // No spaces are left, and a U+2581 of the text is no white space: pieces keep their spelling.
  spec.prefix = metaText;
  if (!addLevel(node, split ? std::string(metaText) + "[^" + metaText + "]*|[^" + metaText + "]+" : "[\\s\\S]+", spec))
    return false;
  spec.levels.back().prefix = scheme == "always";
  return true;
}

static bool readDigits(const Json &node, TokenizerSpec &spec) {
  bool individual = false;
  return node["individual_digits"].get(individual, false) && addLevel(node, individual ? "\\p{N}" : "\\p{N}+", spec);
}

static bool readBehavior(const Json &node, SplitLevel &level) {
  std::string behavior;
  bool invert = false;
  if (!node["behavior"].get(behavior) || !node["invert"].get(invert, false))
    return false;
  if (behavior != "Isolated" && behavior != "Removed")
    return node["behavior"].fail("'" + behavior + "' is not supported; supported: 'Isolated', 'Removed'");
  bool removed = behavior == "Removed";
  level.keepMatches = !removed || invert;
  level.keepGaps = !removed || !invert;
  return true;
}

static bool readSplit(const Json &node, TokenizerSpec &spec) {
  Json pattern = node["pattern"];
  std::string text, error;
  if (!pattern.expectObject())
    return false;
  if (pattern["Regex"].isNull()) {
    if (!pattern["String"].get(text))
      return false;
    if (spec.metaByNormalizer && text == " ")
      return true; // the normalizer left none
    spec.levels.emplace_back();
    if (!literalRegex(text, spec.levels.back().pattern, error))
      return pattern["String"].fail(error);
  } else if (!pattern["Regex"].get(text) || !addLevel(pattern["Regex"], text, spec)) {
    return false;
  }
  return readBehavior(node, spec.levels.back());
}

static bool readSequence(const Json &node, TokenizerSpec &spec) {
  Json steps = node["pretokenizers"];
  if (!steps.expectArray())
    return false;
  for (size_t i = 0; i < steps.size(); ++i) {
    bool isNamed = steps.at(i)["type"].isString(), isBehindBytes = spec.byteLevel;
    std::string type = isNamed ? steps.at(i)["type"].raw().get<std::string>() : "";
    if (type == "Sequence")
      return steps.at(i).fail("a sequence inside a sequence is not supported");
    if (spec.hasMetaspace)
      return steps.at(i).fail("a pre-tokenizer after Metaspace is not supported");
    if (isBehindBytes && type != "Digits" && type != "Split")
      return steps.at(i).fail("'" + type + "' after ByteLevel is not supported; supported: 'Digits', 'Split'");
    size_t first = spec.levels.size();
    if (!readNode(steps.at(i), spec))
      return false;
    if (spec.levels.size() > EDGELM_TOKENIZER_MAX_LEVELS)
      return steps.fail("has more than " + std::to_string(int(EDGELM_TOKENIZER_MAX_LEVELS)) + " steps that cut");
    for (size_t level = first; level < spec.levels.size(); ++level)
      spec.levels[level].bytes = isBehindBytes;
  }
  return true;
}

static bool readNode(const Json &node, TokenizerSpec &spec) {
  static const TypeRow<TokenizerSpec> preTokenizers[] = {
      {"BertPreTokenizer", readBert}, {"ByteLevel", readByteLevel},     {"Digits", readDigits},
      {"Metaspace", readMetaspace},   {"Punctuation", readPunctuation}, {"Sequence", readSequence},
      {"Split", readSplit},           {"Whitespace", readWhitespace},   {"WhitespaceSplit", readWhitespaceSplit}};
  return readByType(node, "pre-tokenizer", preTokenizers, spec);
}

bool edgelm::tokenizer::readPreTokenizer(const Json &root, TokenizerSpec &spec) {
  Json node = root["pre_tokenizer"];
  if (!node.isNull() && !readNode(node, spec))
    return false;
  if (spec.metaByNormalizer && (spec.byteLevel || (!spec.levels.empty() && !spec.hasMetaspace)))
    return node.fail("behind a normalizer that replaces ' ' by '\\u2581' only 'Metaspace' is supported");
  if (spec.spaceIsMeta && spec.nfc)
    return node.fail("NFC where a space is spelled '\\u2581' is not supported");
  if (spec.prefixSection)
    spec.prefix = " ";
  return true;
}
