// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reads the section "model": the vocabulary, and by its kind (a row of the table below) what else it has.
#include "Codegen/Tokenizer/Spec.h"

#include <algorithm>

using namespace edgelm::tokenizer;

// Vocabularies have few gaps between their ids, of which each takes memory.
static constexpr uint32_t mostGaps = 65536;

uint32_t edgelm::tokenizer::standInOfByte(uint8_t byte) {
  bool printable = (byte >= '!' && byte <= '~') || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
  if (printable)
    return byte;
  // The others, in order, are U+0100 on: 0 to 32, 127 to 160, 173.
  return 0x100 + (byte <= 32 ? byte : byte <= 160 ? byte - 127u + 33u : 67u);
}

std::string edgelm::tokenizer::bytesOfPiece(const std::string &text, bool &isBytePiece) {
  static const std::array<int16_t, 0x144> byteOf = [] {
    std::array<int16_t, 0x144> table;
    table.fill(-1);
    for (int byte = 0; byte < 256; ++byte)
      table[standInOfByte(uint8_t(byte))] = int16_t(byte);
    return table;
  }();
  std::vector<uint32_t> characters;
  std::string bytes;
  isBytePiece = decodeUtf8(text, characters);
  for (uint32_t c : characters) {
    if (c >= byteOf.size() || byteOf[c] < 0) {
      isBytePiece = false;
      break;
    }
    bytes += char(byteOf[c]);
  }
  return isBytePiece ? bytes : text;
}

std::string edgelm::tokenizer::withSpaces(std::string text) {
  for (size_t at = text.find(metaText); at != std::string::npos; at = text.find(metaText, at + 1))
    text.replace(at, 3, " ");
  return text;
}

std::string edgelm::tokenizer::spelledPiece(const TokenizerSpec &spec, const std::string &text, bool &isReachable) {
  if (spec.byteLevel)
    return bytesOfPiece(text, isReachable);
  // Where every space of a text is a U+2581, a piece that is spelled with a space is never found.
  isReachable = !spec.spaceIsMeta || text.find(' ') == std::string::npos;
  return spec.spaceIsMeta ? withSpaces(text) : text;
}

bool edgelm::tokenizer::addPiece(const Json &place, const std::string &text, uint64_t id, TokenizerSpec &spec) {
  if (id >= spec.idLimit)
    return place.fail("the id of '" + text + "' is " + std::to_string(id) + ", expected a whole number below " +
                      std::to_string(spec.idLimit));
  if (id >= spec.pieces.size()) {
    spec.pieces.resize(id + 1);
    spec.texts.resize(id + 1);
    spec.isReachable.resize(id + 1);
  }
  if (spec.pieces[id])
    return place.fail("the id " + std::to_string(id) + " of '" + text + "' belongs to another piece too");
  if (!spec.vocab.emplace(text, uint32_t(id)).second)
    return place.fail("the piece '" + text + "' is there twice");
  bool isReachable = false;
  spec.pieces[id] = spelledPiece(spec, text, isReachable);
  spec.texts[id] = text;
  spec.isReachable[id] = isReachable;
  return true;
}

bool edgelm::tokenizer::readVocab(const Json &model, TokenizerSpec &spec) {
  Json vocab = model["vocab"];
  if (!vocab.expectObject())
    return false;
  if (vocab.size() == 0)
    return vocab.fail("is empty");
  spec.idLimit = uint32_t(std::min<size_t>(spec.idLimit, 2 * vocab.size() + mostGaps));
  for (nlohmann::json::const_iterator it = vocab.raw().begin(); it != vocab.raw().end(); ++it) {
    if (!it->is_number_unsigned())
      return vocab.fail("the id of '" + it.key() + "' is " + it->dump() + ", expected a whole number below " +
                        std::to_string(spec.idLimit));
    if (!addPiece(vocab, it.key(), it->get<uint64_t>(), spec))
      return false;
  }
  return true;
}

uint32_t edgelm::tokenizer::idOf(const TokenizerSpec &spec, const std::string &text) {
  std::unordered_map<std::string, uint32_t>::const_iterator found = spec.vocab.find(text);
  return found == spec.vocab.end() ? noId : found->second;
}

bool edgelm::tokenizer::readByteFallback(const Json &model, TokenizerSpec &spec) {
  bool byteFallback = false;
  if (!model["byte_fallback"].get(byteFallback, false))
    return false;
  if (!byteFallback)
    return true;
  spec.byteIds.emplace();
  for (uint32_t byte = 0; byte < 256; ++byte) {
    const char *digits = "0123456789ABCDEF";
    std::string text = std::string("<0x") + digits[byte >> 4] + digits[byte & 15] + ">";
    if (((*spec.byteIds)[byte] = idOf(spec, text)) == noId)
      return model["vocab"].fail("has no piece '" + text +
                                 "', though byte_fallback is true; a fallback for some of "
                                 "the bytes is not supported");
  }
  return true;
}

bool edgelm::tokenizer::readModel(const Json &root, TokenizerSpec &spec) {
  static const TypeRow<TokenizerSpec> models[] = {
      {"BPE", readBpe}, {"Unigram", readUnigram}, {"WordPiece", readWordPiece}};
  Json model = root["model"];
  if (!model.expectObject())
    return false;
  if (!model["type"].isNull())
    return readByType(model, "model", models, spec);
  // Old files do not name the type: it shows in the members.
  if (model["merges"].isArray())
    return readBpe(model, spec);
  if (model["vocab"].isArray())
    return readUnigram(model, spec);
  if (model["continuing_subword_prefix"].isString())
    return readWordPiece(model, spec);
  return model.fail("model 'WordLevel' (by its members; it has no type) is not supported; supported: 'BPE', "
                    "'Unigram', 'WordPiece'");
}
