// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reads Unigram: pieces with scores, of which a word takes those with the greatest sum.
#include "Codegen/Tokenizer/Layout.h"
#include "Codegen/Tokenizer/Spec.h"

#include <algorithm>
#include <cmath>

using namespace edgelm::tokenizer;

// SentencePiece's kUnkPenalty: how far an unknown character's score is below the lowest one.
static constexpr double unknownPenalty = 10.0;

static bool readScoredVocab(const Json &model, TokenizerSpec &spec) {
  Json vocab = model["vocab"];
  if (!vocab.expectArray())
    return false;
  if (vocab.size() == 0)
    return vocab.fail("is empty");
  for (size_t id = 0; id < vocab.size(); ++id) {
    Json row = vocab.at(id);
    std::string text;
    if (!row.expectArray() || !row.at(0).get(text))
      return false;
    if (row.size() != 2 || !row.raw()[1].is_number() || !std::isfinite(row.raw()[1].get<double>()))
      return row.fail("expected a piece and its score");
    if (text.size() > 255)
      return row.fail("a piece of more than 255 bytes is not supported");
    if (!addPiece(row, text, id, spec))
      return false;
    spec.scores.push_back(row.raw()[1].get<double>());
  }
  return true;
}

bool edgelm::tokenizer::readUnigram(const Json &model, TokenizerSpec &spec) {
  spec.model = EDGELM_TOKENIZER_MODEL_UNIGRAM;
  spec.fuseUnknown = true;
  if (spec.byteLevel)
    return model.fail("Unigram behind a ByteLevel pre-tokenizer is not supported");
  if (!readScoredVocab(model, spec) || !readByteFallback(model, spec))
    return false;
  if (model["unk_id"].isNull())
    return model["unk_id"].fail("there is none; Unigram without an unknown token is not supported");
  if (!model["unk_id"].get(spec.unknownId))
    return false;
  if (spec.unknownId >= spec.pieces.size())
    return model["unk_id"].fail("found " + std::to_string(spec.unknownId) + ", but the vocabulary has only " +
                                std::to_string(spec.pieces.size()) + " ids");
  double lowest = *std::min_element(spec.scores.begin(), spec.scores.end());
  if (lowest > unknownPenalty)
    return model["vocab"].fail("all scores are above 10; logarithms of probabilities are expected");
  spec.scores.push_back(lowest - unknownPenalty);
  return true;
}
