// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reads the section "post_processor", what is put round a text; a kind is a row of the table below.
#include "Codegen/Tokenizer/Spec.h"

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

/// [CLS] text [SEP]
static bool readBert(const Json &node, TokenizerSpec &spec) {
  uint32_t cls = 0, sep = 0;
  if (!readPair(node["cls"], spec, cls) || !readPair(node["sep"], spec, sep))
    return false;
  spec.prefixIds.insert(spec.prefixIds.begin(), cls);
  spec.suffixIds.push_back(sep);
  return true;
}

/// All token types of a single text are 0 in what the runtime passes on.
static bool readTokenType(const Json &piece) {
  uint32_t type = 0;
  if (!piece["type_id"].isNull() && !piece["type_id"].get(type))
    return false;
  return type == 0 || piece["type_id"].fail("token type " + std::to_string(type) +
                                            " in the template of a single text is not supported; supported: 0");
}

/// The ids of the special token that a template names.
static bool readTemplateToken(const Json &node, const Json &piece, const TokenizerSpec &spec,
                              std::vector<uint32_t> &ids) {
  std::string name;
  if (!piece["id"].get(name) || !readTokenType(piece))
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

static bool readTemplate(const Json &node, TokenizerSpec &spec) {
  Json pieces = node["single"];
  if (!pieces.expectArray())
    return false;
  std::vector<uint32_t> before, after;
  bool seenText = false;
  for (size_t i = 0; i < pieces.size(); ++i) {
    Json piece = pieces.at(i);
    if (!piece["SpecialToken"].isNull()) {
      if (!readTemplateToken(node, piece["SpecialToken"], spec, seenText ? after : before))
        return false;
      continue;
    }
    std::string name;
    if (!piece["Sequence"]["id"].get(name) || !readTokenType(piece["Sequence"]))
      return false;
    if (name != "A" || seenText)
      return piece.fail("expected the text 'A' exactly once in the template of a single text");
    seenText = true;
  }
  if (!seenText)
    return pieces.fail("the template does not hold the text");
  spec.prefixIds.insert(spec.prefixIds.begin(), before.begin(), before.end());
  spec.suffixIds.insert(spec.suffixIds.end(), after.begin(), after.end());
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
                                                      {"RobertaProcessing", readBert},
                                                      {"Sequence", readSequence},
                                                      {"TemplateProcessing", readTemplate}};
  return readByType(node, "post-processor", processors, spec);
}

bool edgelm::tokenizer::readPostProcessor(const Json &root, TokenizerSpec &spec) {
  Json node = root["post_processor"];
  return node.isNull() || readNode(node, spec);
}
