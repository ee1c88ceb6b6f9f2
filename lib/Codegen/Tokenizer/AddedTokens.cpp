// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reads the section "added_tokens" and completes the pieces: afterwards every id has one.
#include "Codegen/Tokenizer/Spec.h"

using namespace edgelm::tokenizer;

static bool readToken(const Json &node, TokenizerSpec &spec, AddedToken &token) {
  if (!node.expectObject() || !node["content"].get(token.text) || !node["id"].get(token.id) ||
      !node["special"].get(token.special, false) || !node["lstrip"].get(token.lstrip, false) ||
      !node["rstrip"].get(token.rstrip, false) || !node["single_word"].get(token.singleWord, false) ||
      !node["normalized"].get(token.normalized, !token.special))
    return false;
  if (token.text.empty())
    return node["content"].fail("an added token without text");
  // Ids continue those of the vocabulary; one that jumps ahead would leave a gap of as many.
  if (token.id > spec.pieces.size() + 1000000)
    return node["id"].fail("found " + std::to_string(token.id) + ", but the vocabulary has only " +
                           std::to_string(spec.pieces.size()) + " ids");
  return true;
}

static bool placeToken(const Json &node, const AddedToken &token, TokenizerSpec &spec) {
  std::unordered_map<std::string, uint32_t>::const_iterator known = spec.vocab.find(token.text);
  if (known != spec.vocab.end() && known->second != token.id)
    return node["id"].fail("'" + token.text + "' has id " + std::to_string(token.id) + " here and " +
                           std::to_string(known->second) + " before");
  if (token.id >= spec.pieces.size()) {
    spec.pieces.resize(token.id + 1);
    spec.texts.resize(token.id + 1);
    spec.isReachable.resize(token.id + 1);
  }
  if (known == spec.vocab.end() && spec.pieces[token.id])
    return node["id"].fail("the id " + std::to_string(token.id) + " of '" + token.text +
                           "' belongs to another piece too");
  if (!spec.pieces[token.id]) {
    bool isReachable = false; // by the model it is not
    spec.pieces[token.id] = spelledPiece(spec, token.text, isReachable);
    spec.texts[token.id] = token.text;
    spec.vocab.emplace(token.text, token.id);
  }
  return true;
}

/// A token that is matched in normalized text is normalized itself, and decoded so.
static bool normalize(const Json &place, AddedToken &token, TokenizerSpec &spec) {
  std::string content = token.text;
  if (!normalizeToken(place, spec, token.text))
    return false;
  bool hasSpace = token.text.find(' ') != std::string::npos;
  if (spec.spaceIsMeta && !spec.metaByNormalizer && hasSpace)
    return place.fail(
        "an added token with a space or '\\u2581' that is matched before the pre-tokenizer replaces spaces is "
        "not supported");
  std::string text = token.text;
  for (size_t at = text.find(' '); spec.metaByNormalizer && at != std::string::npos; at = text.find(' ', at))
    text.replace(at, 1, metaText);
  if (text == content)
    return true;
  spec.texts[token.id] = text;
  bool isReachable = false;
  if (spec.byteLevel)
    spec.pieces[token.id] = bytesOfPiece(text, isReachable);
  return true;
}

bool edgelm::tokenizer::readAddedTokens(const Json &root, TokenizerSpec &spec) {
  Json list = root["added_tokens"];
  if (!list.isNull() && !list.expectArray())
    return false;
  for (size_t i = 0; i < list.size(); ++i) {
    AddedToken token;
    if (!readToken(list.at(i), spec, token) || !placeToken(list.at(i), token, spec))
      return false;
    if (token.normalized && !normalize(list.at(i)["content"], token, spec))
      return false;
    // One that normalization removes is never found.
    if (!token.text.empty())
      spec.added.push_back(token);
  }
  for (size_t id = 0; id < spec.pieces.size(); ++id)
    if (!spec.pieces[id])
      return root["model"]["vocab"].fail("the id " + std::to_string(id) + " has no piece, though ids go up to " +
                                         std::to_string(spec.pieces.size() - 1));
  return true;
}
