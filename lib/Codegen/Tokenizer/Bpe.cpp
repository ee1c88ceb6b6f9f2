// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reads byte-pair encoding: of bytes, or of characters with or without a fallback to bytes.
#include "Codegen/Tokenizer/Layout.h"
#include "Codegen/Tokenizer/Spec.h"

#include <algorithm>

using namespace edgelm::tokenizer;

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

static bool readUnknown(const Json &model, TokenizerSpec &spec) {
  std::string text;
  if (!model["fuse_unk"].get(spec.fuseUnknown, false))
    return false;
  if (model["unk_token"].isNull())
    return true;
  if (!model["unk_token"].get(text))
    return false;
  spec.unknownId = idOf(spec, text);
  return true;
}

/// The id that each byte starts as.
static bool readBytes(const Json &model, TokenizerSpec &spec) {
  spec.byteIds.emplace();
  for (uint32_t byte = 0; byte < 256; ++byte) {
    std::string text;
    appendUtf8(standInOfByte(uint8_t(byte)), text);
    uint32_t id = idOf(spec, text);
    if (id == noId && spec.fuseUnknown && spec.unknownId != noId)
      return model["vocab"].fail("has no piece for byte " + std::to_string(byte) + " ('" + text +
                                 "'), and fuse_unk is not supported for bytes");
    (*spec.byteIds)[byte] = id == noId ? spec.unknownId : id;
  }
  if (std::all_of(spec.byteIds->begin(), spec.byteIds->end(), [](uint32_t id) { return id == noId; }))
    return model["vocab"].fail("has no piece for any byte; the vocabulary of byte-level BPE is expected");
  return true;
}

/// Cuts text before the spaces that no merge joins to what is before them: the ids stay the same, but words are short.
static bool cutAtSpaces(const Json &model, TokenizerSpec &spec) {
  if (!spec.spaceIsMeta || !spec.levels.empty() || spec.ignoreMerges || idOf(spec, metaText) == noId)
    return true;
  for (const Merge &merge : spec.merges) {
    const std::string &piece = *spec.pieces[merge.merged];
    if (piece.find(' ', piece.find_first_not_of(' ')) != std::string::npos)
      return true;
  }
  return addLevel(model, " *[^ ]+| +", spec);
}

bool edgelm::tokenizer::readBpe(const Json &model, TokenizerSpec &spec) {
  const Json dropout = model["dropout"];
  if (!dropout.isNull() && !(dropout.raw().is_number() && dropout.raw().get<double>() == 0.0))
    return dropout.fail("found " + dropout.raw().dump() + ", but merges that are left out at random are not supported");
  if (!refuseUnlessEmpty(model, "continuing_subword_prefix") || !refuseUnlessEmpty(model, "end_of_word_suffix") ||
      !model["ignore_merges"].get(spec.ignoreMerges, false) || !readVocab(model, spec) || !readMerges(model, spec) ||
      !readUnknown(model, spec))
    return false;
  if (spec.byteLevel) {
    bool byteFallback = false;
    spec.model = EDGELM_TOKENIZER_MODEL_BYTES;
    if (!model["byte_fallback"].get(byteFallback, false))
      return false;
    if (!readBytes(model, spec))
      return false;
    // Where every byte has a piece there is nothing to fall back from.
    for (uint32_t byte = 0; byteFallback && byte < 256; ++byte) {
      std::string text;
      appendUtf8(standInOfByte(uint8_t(byte)), text);
      if (idOf(spec, text) == noId)
        return model["byte_fallback"].fail("BPE with byte fallback behind a ByteLevel pre-tokenizer is not supported "
                                           "where a byte has no piece, as here '" +
                                           text + "'");
    }
    return true;
  }
  spec.model = EDGELM_TOKENIZER_MODEL_CHARACTERS;
  return readByteFallback(model, spec) && cutAtSpaces(model, spec);
}

std::vector<uint32_t> edgelm::tokenizer::encodeBytes(const TokenizerSpec &spec, const std::string &bytes,
                                                     const std::unordered_map<uint64_t, uint32_t> &ranks) {
  std::vector<uint32_t> ids;
  for (char byte : bytes)
    if ((*spec.byteIds)[uint8_t(byte)] != noId)
      ids.push_back((*spec.byteIds)[uint8_t(byte)]);
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
