// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reads the section "model": vocabulary and merges of byte-level BPE; a kind of model is a row of the table below.
#include "Codegen/Tokenizer/Spec.h"

#include <algorithm>

using namespace edgelm::tokenizer;

// Far above any vocabulary (the largest known are near 300,000), and low enough that a mistaken id cannot exhaust
// memory.
static constexpr uint32_t maxId = 4000000;

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

static bool readVocab(const Json &model, TokenizerSpec &spec) {
  Json vocab = model["vocab"];
  if (!vocab.expectObject())
    return false;
  if (vocab.size() == 0)
    return vocab.fail("is empty");
  for (nlohmann::json::const_iterator it = vocab.raw().begin(); it != vocab.raw().end(); ++it) {
    const std::string &text = it.key();
    if (!it->is_number_unsigned() || it->get<uint64_t>() >= maxId)
      return vocab.fail("the id of '" + text + "' is " + it->dump() + ", expected a whole number below " +
                        std::to_string(maxId));
    uint32_t id = it->get<uint32_t>();
    if (id >= spec.pieces.size()) {
      spec.pieces.resize(id + 1);
      spec.isBytePiece.resize(id + 1);
    }
    bool isBytePiece = false;
    std::string bytes = bytesOfPiece(text, isBytePiece);
    if (spec.pieces[id])
      return vocab.fail("the id " + std::to_string(id) + " of '" + text + "' belongs to another piece too");
    spec.pieces[id] = bytes;
    spec.isBytePiece[id] = isBytePiece;
    spec.vocab.emplace(text, id);
  }
  return true;
}

/// "a b" or ["a", "b"].
static bool readMergeParts(const Json &merge, std::string &left, std::string &right) {
  if (merge.isArray()) {
    if (merge.size() != 2)
      return merge.fail("found " + std::to_string(merge.size()) + " pieces, expected 2");
    return merge.at(0).get(left) && merge.at(1).get(right);
  }
  std::string text;
  if (!merge.get(text))
    return false;
  size_t space = text.find(' ');
  if (space == std::string::npos || text.find(' ', space + 1) != std::string::npos)
    return merge.fail("found '" + text + "', expected two pieces with one space between them");
  left = text.substr(0, space);
  right = text.substr(space + 1);
  return true;
}

static bool readMerges(const Json &model, TokenizerSpec &spec) {
  Json merges = model["merges"];
  if (!merges.expectArray())
    return false;
  spec.merges.reserve(merges.size());
  for (size_t i = 0; i < merges.size(); ++i) {
    Json merge = merges.at(i);
    std::string left, right;
    if (!readMergeParts(merge, left, right))
      return false;
    std::array<const std::string, 3> names = {left, right, left + right};
    std::array<uint32_t, 3> ids;
    for (size_t part = 0; part < 3; ++part) {
      std::unordered_map<std::string, uint32_t>::const_iterator found = spec.vocab.find(names[part]);
      if (found == spec.vocab.end())
        return merge.fail("the merge of '" + left + "' and '" + right + "' names '" + names[part] +
                          "', which is not in the vocabulary");
      ids[part] = found->second;
    }
    spec.merges.push_back({ids[0], ids[1], ids[2]});
  }
  return true;
}

static bool refuseUnlessEmpty(const Json &model, const char *key) {
  std::string text;
  if (model[key].isNull())
    return true;
  if (!model[key].get(text))
    return false;
  return text.empty() || model[key].fail("found '" + text + "', but affixes of words are not supported");
}

/// The id that each byte starts as.
static bool readBytes(const Json &model, TokenizerSpec &spec) {
  uint32_t unknown = noId;
  bool fuse = false;
  if (!model["unk_token"].isNull()) {
    std::string text;
    if (!model["unk_token"].get(text))
      return false;
    std::unordered_map<std::string, uint32_t>::const_iterator found = spec.vocab.find(text);
    if (found != spec.vocab.end())
      unknown = found->second;
  }
  if (!model["fuse_unk"].get(fuse, false))
    return false;
  for (uint32_t byte = 0; byte < 256; ++byte) {
    std::string text;
    appendUtf8(standInOfByte(uint8_t(byte)), text);
    std::unordered_map<std::string, uint32_t>::const_iterator found = spec.vocab.find(text);
    if (found == spec.vocab.end() && fuse && unknown != noId)
      return model["vocab"].fail("has no piece for byte " + std::to_string(byte) + " ('" + text +
                                 "'), and fuse_unk is not supported");
    spec.byteIds[byte] = found == spec.vocab.end() ? unknown : found->second;
  }
  if (std::all_of(spec.byteIds.begin(), spec.byteIds.end(), [&](uint32_t id) { return id == noId; }))
    return model["vocab"].fail("has no piece for any byte; the vocabulary of byte-level BPE is expected");
  return true;
}

static bool readBpe(const Json &model, TokenizerSpec &spec) {
  bool byteFallback = false;
  if (!model["byte_fallback"].get(byteFallback, false))
    return false;
  if (byteFallback)
    return model["byte_fallback"].fail("BPE with byte fallback (SentencePiece style) is not supported; supported: "
                                       "byte-level BPE");
  const Json dropout = model["dropout"];
  if (!dropout.isNull() && !(dropout.raw().is_number() && dropout.raw().get<double>() == 0.0))
    return dropout.fail("found " + dropout.raw().dump() + ", but merges that are left out at random are not supported");
  return refuseUnlessEmpty(model, "continuing_subword_prefix") && refuseUnlessEmpty(model, "end_of_word_suffix") &&
         model["ignore_merges"].get(spec.ignoreMerges, false) && readVocab(model, spec) && readMerges(model, spec) &&
         readBytes(model, spec);
}

static const TypeRow<TokenizerSpec> models[] = {{"BPE", readBpe}};

bool edgelm::tokenizer::readModel(const Json &root, TokenizerSpec &spec) {
  Json model = root["model"];
  if (!model.expectObject())
    return false;
  if (!model["type"].isNull())
    return readByType(model, "model", models, spec);
  // Old files do not name the type: it shows in the members.
  if (model["merges"].isArray())
    return readBpe(model, spec);
  const char *guess = model["vocab"].isArray()                        ? "Unigram"
                      : model["continuing_subword_prefix"].isString() ? "WordPiece"
                                                                      : "WordLevel";
  return model.fail(std::string("model '") + guess +
                    "' (by its members; it has no type) is not supported; supported: 'BPE'");
}

std::vector<uint32_t> edgelm::tokenizer::encodeBytes(const TokenizerSpec &spec, const std::string &bytes,
                                                     const std::unordered_map<uint64_t, uint32_t> &ranks) {
  std::vector<uint32_t> ids;
  for (char byte : bytes)
    if (spec.byteIds[uint8_t(byte)] != noId)
      ids.push_back(spec.byteIds[uint8_t(byte)]);
  for (;;) {
    uint32_t best = noId;
    size_t at = 0;
    for (size_t i = 0; i + 1 < ids.size(); ++i) {
      std::unordered_map<uint64_t, uint32_t>::const_iterator found = ranks.find(uint64_t(ids[i]) << 32 | ids[i + 1]);
      if (found != ranks.end() && found->second < best) {
        best = found->second;
        at = i;
      }
    }
    if (best == noId)
      return ids;
    ids[at] = spec.merges[best].merged;
    ids.erase(ids.begin() + ptrdiff_t(at) + 1);
  }
}
