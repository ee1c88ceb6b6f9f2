// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reads the section "post_processor", what is put round a text; a kind is a row of the table below.
#include "Codegen/Tokenizer/Spec.h"

#include <algorithm>

using namespace edgelm::tokenizer;

static bool readNode(const Json &node, TokenizerSpec &spec);

static bool checkId(const Json &node, uint32_t id, const TokenizerSpec &spec) {
  return id < spec.pieces.size() || node.fail("found id " + std::to_string(id) + ", but the vocabulary has only " +
                                              std::to_string(spec.pieces.size()) + " ids");
}

/// Offsets are not kept, so there is nothing to trim.
static bool readByteLevel(const Json &, TokenizerSpec &) {
  return true;
}

/// ["</s>", 2]
static bool readPair(const Json &node, const TokenizerSpec &spec, uint32_t &id) {
  std::string text;
  if (!node.expectArray() || !node.at(0).get(text) || !node.at(1).get(id))
    return false;
  return checkId(node, id, spec);
}

/// Puts ids round what the steps before made. Only one step may say how pairs look: two of them would nest.
static void surround(TokenizerSpec &spec, const std::vector<uint32_t> &before, const std::vector<uint32_t> &after,
                     const std::optional<SecondText> &second) {
  bool isFirst = spec.prefixIds.empty() && spec.suffixIds.empty();
  spec.prefixIds.insert(spec.prefixIds.begin(), before.begin(), before.end());
  spec.suffixIds.insert(spec.suffixIds.end(), after.begin(), after.end());
  spec.second = isFirst ? second : std::nullopt;
}

static bool readEnds(const Json &node, const TokenizerSpec &spec, uint32_t &cls, uint32_t &sep) {
  return readPair(node["cls"], spec, cls) && readPair(node["sep"], spec, sep);
}

/// [CLS] text [SEP] text [SEP]
static bool readBert(const Json &node, TokenizerSpec &spec) {
  uint32_t cls = 0, sep = 0;
  if (!readEnds(node, spec, cls, sep))
    return false;
  surround(spec, {cls}, {sep}, SecondText{{}, {sep}, 1});
  return true;
}

/// <s> text </s> </s> text </s>, all of one type.
static bool readRoberta(const Json &node, TokenizerSpec &spec) {
  uint32_t cls = 0, sep = 0;
  if (!readEnds(node, spec, cls, sep))
    return false;
  surround(spec, {cls}, {sep}, SecondText{{sep}, {sep}, 0});
  return true;
}

/// What a template puts in a row: a text, or the ids of a special token.
namespace {
struct TemplatePart {
  Json place;
  std::string text; ///< "A" or "B"; "" for ids
  std::vector<uint32_t> ids;
  uint32_t type = 0;
};
} // namespace

static bool readTokenType(const Json &piece, uint32_t &type) {
  return piece["type_id"].isNull() || piece["type_id"].get(type);
}

/// The ids of the special token that a template names.
static bool readTemplateToken(const Json &node, const Json &piece, const TokenizerSpec &spec,
                              std::vector<uint32_t> &ids) {
  std::string name;
  if (!piece["id"].get(name))
    return false;
  Json list = node["special_tokens"][name.c_str()]["ids"];
  if (!list.expectArray())
    return false;
  for (size_t i = 0; i < list.size(); ++i) {
    uint32_t id = 0;
    if (!list.at(i).get(id) || !checkId(list.at(i), id, spec))
      return false;
    ids.push_back(id);
  }
  return true;
}

static bool readParts(const Json &node, const Json &pieces, const TokenizerSpec &spec,
                      std::vector<TemplatePart> &parts) {
  if (!pieces.expectArray())
    return false;
  for (size_t i = 0; i < pieces.size(); ++i) {
    bool isToken = !pieces.at(i)["SpecialToken"].isNull();
    TemplatePart part = {pieces.at(i)[isToken ? "SpecialToken" : "Sequence"], "", {}};
    if (!(isToken ? readTemplateToken(node, part.place, spec, part.ids) : part.place["id"].get(part.text)) ||
        !readTokenType(part.place, part.type))
      return false;
    parts.push_back(std::move(part));
  }
  return true;
}

/// All token types of a single text are 0 in what the runtime passes on.
static bool readSingle(const Json &pieces, const std::vector<TemplatePart> &parts, std::vector<uint32_t> &before,
                       std::vector<uint32_t> &after) {
  bool seenText = false;
  for (const TemplatePart &part : parts) {
    if (part.type != 0)
      return part.place["type_id"].fail("token type " + std::to_string(part.type) +
                                        " in the template of a single text is not supported; supported: 0");
    if (!part.text.empty() && (part.text != "A" || seenText))
      return part.place.fail("expected the text 'A' exactly once in the template of a single text");
    std::vector<uint32_t> &ids = seenText ? after : before;
    ids.insert(ids.end(), part.ids.begin(), part.ids.end());
    seenText |= !part.text.empty();
  }
  return seenText || pieces.fail("the template does not hold the text");
}

/// The second half of a pair that starts as the single text does and is of one type from there on; otherwise nothing.
static std::optional<SecondText> secondHalf(const std::vector<TemplatePart> &single,
                                            const std::vector<TemplatePart> &pair) {
  size_t start = single.size();
  bool startsAlike = pair.size() > start && std::equal(single.begin(), single.end(), pair.begin(),
                                                       [](const TemplatePart &a, const TemplatePart &b) {
                                                         return a.text == b.text && a.ids == b.ids && a.type == b.type;
                                                       });
  if (!startsAlike)
    return std::nullopt;
  SecondText second;
  second.type = pair[start].type;
  bool seenText = false;
  for (size_t i = start; i < pair.size(); ++i) {
    const TemplatePart &part = pair[i];
    if (part.type != second.type || (!part.text.empty() && (part.text != "B" || seenText)))
      return std::nullopt;
    std::vector<uint32_t> &ids = seenText ? second.suffixIds : second.prefixIds;
    ids.insert(ids.end(), part.ids.begin(), part.ids.end());
    seenText |= !part.text.empty();
  }
  return seenText ? std::optional(second) : std::nullopt;
}

static bool readTemplate(const Json &node, TokenizerSpec &spec) {
  std::vector<TemplatePart> single, pair;
  std::vector<uint32_t> before, after;
  if (!readParts(node, node["single"], spec, single) || !readSingle(node["single"], single, before, after))
    return false;
  if (!node["pair"].isNull() && !readParts(node, node["pair"], spec, pair))
    return false;
  surround(spec, before, after, secondHalf(single, pair));
  return true;
}

static bool readSequence(const Json &node, TokenizerSpec &spec) {
  Json steps = node["processors"];
  if (!steps.expectArray())
    return false;
  for (size_t i = 0; i < steps.size(); ++i) {
    if (steps.at(i)["type"].isString() && steps.at(i)["type"].raw() == "Sequence")
      return steps.at(i).fail("a sequence inside a sequence is not supported");
    if (!readNode(steps.at(i), spec))
      return false;
  }
  return true;
}

static bool readNode(const Json &node, TokenizerSpec &spec) {
  static const TypeRow<TokenizerSpec> processors[] = {{"BertProcessing", readBert},
                                                      {"ByteLevel", readByteLevel},
                                                      {"RobertaProcessing", readRoberta},
                                                      {"Sequence", readSequence},
                                                      {"TemplateProcessing", readTemplate}};
  return readByType(node, "post-processor", processors, spec);
}

bool edgelm::tokenizer::readPostProcessor(const Json &root, TokenizerSpec &spec) {
  Json node = root["post_processor"];
  return node.isNull() || readNode(node, spec);
}
