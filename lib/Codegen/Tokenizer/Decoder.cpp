// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reads the section "decoder" into steps, and applies them to single pieces; a kind is a row of the table below.
#include "Codegen/Tokenizer/Spec.h"

using namespace edgelm::tokenizer;

static bool readNode(const Json &node, TokenizerSpec &spec);

static bool addStep(DecodeStep::Kind kind, TokenizerSpec &spec) {
  spec.decoder.push_back({kind, "", "", false});
  return true;
}

/// The bytes of the pieces are kept in the tables, so there is nothing more to do.
static bool readByteLevel(const Json &node, TokenizerSpec &spec) {
  return spec.byteLevel || node.fail("there is no ByteLevel pre-tokenizer, so that the decoder 'ByteLevel' is not "
                                     "supported");
}

static bool readByteFallbackDecoder(const Json &, TokenizerSpec &spec) {
  return addStep(DecodeStep::ByteFallback, spec);
}

static bool readFuse(const Json &, TokenizerSpec &spec) {
  return addStep(DecodeStep::Fuse, spec);
}

static bool readReplace(const Json &node, TokenizerSpec &spec) {
  DecodeStep step = {DecodeStep::Replace, "", "", false};
  if (node["pattern"]["String"].isNull())
    return node["pattern"].fail("'Replace' of anything but a 'String' is not supported");
  if (!node["pattern"]["String"].get(step.from) || !node["content"].get(step.to))
    return false;
  if (step.from.empty())
    return node["pattern"]["String"].fail("is empty");
  spec.decoder.push_back(step);
  return true;
}

/// Of a text that was fused: at its start, one character. Pieces are decoded one by one.
static bool readStrip(const Json &node, TokenizerSpec &spec) {
  DecodeStep step = {DecodeStep::StripFirst, "", "", false};
  uint32_t start = 0, stop = 0;
  if (!node["content"].get(step.from) || !node["start"].get(start) || !node["stop"].get(stop))
    return false;
  if (spec.decoder.empty() || spec.decoder.back().kind != DecodeStep::Fuse || start > 1 || stop != 0)
    return node.fail("'Strip' is not supported but directly behind 'Fuse', with start 0 or 1 and stop 0");
  if (start == 1)
    spec.decoder.push_back(step);
  return true;
}

static bool readMetaspaceDecoder(const Json &node, TokenizerSpec &spec) {
  std::string replacement, scheme;
  DecodeStep step = {DecodeStep::Metaspace, "", "", true};
  bool prefixSpace = true;
  if (!node["replacement"].get(replacement) || !node["add_prefix_space"].get(prefixSpace, true))
    return false;
  if (replacement != metaText)
    return node["replacement"].fail("found '" + replacement + "', but only '\\u2581' is supported");
  scheme = prefixSpace ? "always" : "never";
  if (!node["prepend_scheme"].isNull() && !node["prepend_scheme"].get(scheme))
    return false;
  step.flag = scheme != "never";
  spec.decoder.push_back(step);
  return true;
}

static bool readWordPieceDecoder(const Json &node, TokenizerSpec &spec) {
  DecodeStep step = {DecodeStep::WordPiece, "##", "", true};
  if (!node["prefix"].isNull() && !node["prefix"].get(step.from))
    return false;
  if (!node["cleanup"].get(step.flag, true))
    return false;
  if (step.from.empty())
    return node["prefix"].fail("an empty prefix is not supported");
  spec.decoder.push_back(step);
  return true;
}

static bool readSequence(const Json &node, TokenizerSpec &spec) {
  Json steps = node["decoders"];
  if (!steps.expectArray())
    return false;
  for (size_t i = 0; i < steps.size(); ++i) {
    if (steps.at(i)["type"].isString() && steps.at(i)["type"].raw() == "Sequence")
      return steps.at(i).fail("a sequence inside a sequence is not supported");
    if (!spec.decoder.empty() && spec.decoder.back().kind == DecodeStep::StripFirst)
      return steps.at(i).fail("a decoder behind 'Strip' is not supported");
    bool isFused = !spec.decoder.empty() && spec.decoder.back().kind == DecodeStep::Fuse;
    if (isFused && steps.at(i)["type"].isString() && steps.at(i)["type"].raw() != "Strip")
      return steps.at(i).fail("a decoder other than 'Strip' behind 'Fuse' is not supported");
    if (!readNode(steps.at(i), spec))
      return false;
  }
  return true;
}

static bool readNode(const Json &node, TokenizerSpec &spec) {
  static const TypeRow<TokenizerSpec> decoders[] = {{"ByteFallback", readByteFallbackDecoder},
                                                    {"ByteLevel", readByteLevel},
                                                    {"Fuse", readFuse},
                                                    {"Metaspace", readMetaspaceDecoder},
                                                    {"Replace", readReplace},
                                                    {"Sequence", readSequence},
                                                    {"Strip", readStrip},
                                                    {"WordPiece", readWordPieceDecoder}};
  return readByType(node, "decoder", decoders, spec);
}

bool edgelm::tokenizer::readDecoder(const Json &root, TokenizerSpec &spec) {
  Json node = root["decoder"];
  if (node.isNull())
    return node.fail("there is none; pieces are joined to text by 'ByteLevel', 'Metaspace', 'WordPiece' or others");
  if (!readNode(node, spec))
    return false;
  return !spec.byteLevel || spec.decoder.empty() ||
         node.fail("behind a ByteLevel pre-tokenizer only 'ByteLevel' is supported");
}

static void replaceAll(std::string &text, const std::string &from, const std::string &to) {
  for (size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

/// "<0x0A>" is a byte.
static void toByte(std::string &text) {
  auto digit = [](char c) {
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
  };
  if (text.size() == 6 && text.compare(0, 3, "<0x") == 0 && text[5] == '>' && digit(text[3]) >= 0 &&
      digit(text[4]) >= 0)
    text = std::string(1, char(digit(text[3]) * 16 + digit(text[4])));
}

/// WordPiece's clean-up, of English.
static void cleanUp(std::string &text) {
  static const char *const rows[][2] = {{" .", "."},   {" ?", "?"},     {" !", "!"},    {" ,", ","},
                                        {" ' ", "'"},  {" n't", "n't"}, {" 'm", "'m"},  {" do not", " don't"},
                                        {" 's", "'s"}, {" 've", "'ve"}, {" 're", "'re"}};
  for (const char *const(&row)[2] : rows)
    replaceAll(text, row[0], row[1]);
}

static void applyStep(const DecodeStep &step, bool first, std::string &text) {
  switch (step.kind) {
  case DecodeStep::Replace:
    return replaceAll(text, step.from, step.to);
  case DecodeStep::ByteFallback:
    return toByte(text);
  case DecodeStep::Fuse:
    return;
  case DecodeStep::StripFirst:
    if (first && !step.from.empty() && text.compare(0, step.from.size(), step.from) == 0)
      text.erase(0, step.from.size());
    return;
  case DecodeStep::Metaspace:
    return replaceAll(text, metaText, first && step.flag ? "" : " ");
  case DecodeStep::WordPiece:
    if (!first && text.compare(0, step.from.size(), step.from) == 0)
      text.erase(0, step.from.size());
    else if (!first)
      text.insert(0, " ");
    if (step.flag)
      cleanUp(text);
    return;
  }
}

std::string edgelm::tokenizer::decodePiece(const TokenizerSpec &spec, uint32_t id, bool first) {
  if (spec.byteLevel)
    return *spec.pieces[id];
  std::string text = spec.texts[id];
  for (const DecodeStep &step : spec.decoder)
    applyStep(step, first, text);
  return text;
}
