// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reads the section "pre_tokenizer" into levels of patterns; a kind of pre-tokenizer is a row of the table below.
#include "Codegen/Tokenizer/Spec.h"

using namespace edgelm::tokenizer;

// The pattern of GPT-2, which the ByteLevel pre-tokenizer uses (openai/gpt-2, src/encoder.py).
static constexpr const char *gpt2Pattern =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

static bool readNode(const Json &node, TokenizerSpec &spec);

static bool addLevel(const Json &node, const std::string &pattern, TokenizerSpec &spec) {
  std::string error;
  spec.levels.emplace_back();
  return parseRegex(pattern, spec.levels.back().pattern, error) || node.fail(error);
}

static bool readByteLevel(const Json &node, TokenizerSpec &spec) {
  bool prefixSpace = true, useRegex = true;
  if (!node["add_prefix_space"].get(prefixSpace, true) || !node["use_regex"].get(useRegex, true))
    return false;
  if (prefixSpace && !spec.levels.empty())
    return node["add_prefix_space"].fail("a space before each piece of a split is not supported");
  spec.prefixSpace = prefixSpace;
  spec.byteLevel = true;
  return !useRegex || addLevel(node, gpt2Pattern, spec);
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
    spec.levels.emplace_back();
    if (!pattern["String"].get(text))
      return false;
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
    if (steps.at(i)["type"].isString() && steps.at(i)["type"].raw() == "Sequence")
      return steps.at(i).fail("a sequence inside a sequence is not supported");
    if (spec.byteLevel)
      return steps.at(i).fail("a pre-tokenizer after ByteLevel is not supported");
    if (!readNode(steps.at(i), spec))
      return false;
  }
  return true;
}

static bool readNode(const Json &node, TokenizerSpec &spec) {
  static const TypeRow<TokenizerSpec> preTokenizers[] = {
      {"ByteLevel", readByteLevel}, {"Digits", readDigits}, {"Sequence", readSequence}, {"Split", readSplit}};
  return readByType(node, "pre-tokenizer", preTokenizers, spec);
}

bool edgelm::tokenizer::readPreTokenizer(const Json &root, TokenizerSpec &spec) {
  Json node = root["pre_tokenizer"];
  if (!node.isNull() && !readNode(node, spec))
    return false;
  return spec.byteLevel ||
         node.fail("there is no ByteLevel pre-tokenizer; of BPE only the byte-level kind is supported");
}
