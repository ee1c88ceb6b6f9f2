// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Writes what the models look up: merges, words, pieces and their scores, and what pieces are decoded to.
#include "Codegen/Tokenizer/Blob.h"

#include <algorithm>
#include <cstring>

using namespace edgelm::tokenizer;

namespace {

/// An open-addressing table of values + 1, at most three quarters full. A slot is the upper bits of a hash.
class SlotTable {
public:
  explicit SlotTable(size_t entries) {
    size_t size = 2;
    for (shift = 31; size * 3 < entries * 4 || size < entries + 1; --shift)
      size *= 2;
    slots.assign(entries == 0 ? 0 : size, 0);
  }
  void insert(uint32_t hash, uint32_t value) {
    size_t slot = hash >> shift;
    while (slots[slot] != 0)
      slot = (slot + 1) & (slots.size() - 1);
    slots[slot] = value + 1;
  }
  std::vector<uint32_t> slots;

private:
  uint32_t shift;
};

} // namespace

void BlobWriter::writeMerges() {
  for (uint32_t rank = 0; rank < spec.merges.size(); ++rank) {
    const Merge &merge = spec.merges[rank];
    ranks[uint64_t(merge.left) << 32 | merge.right] = rank;
    addRef(sections.merges, merge.left);
    addRef(sections.merges, merge.right);
    addRef(sections.merges, merge.merged);
  }
  SlotTable table(ranks.size());
  for (uint32_t rank = 0; rank < spec.merges.size(); ++rank) {
    const Merge &merge = spec.merges[rank];
    if (ranks[uint64_t(merge.left) << 32 | merge.right] == rank)
      table.insert(EDGELM_TOKENIZER_HASH_PAIR(merge.left, merge.right), rank);
  }
  for (uint32_t slot : table.slots)
    addRef(sections.mergeSlots, slot);
}

/// The words that the merges would give as one piece (all words of the vocabulary if the model takes those whole):
/// the runtime finds them at once.
void BlobWriter::writeWords() {
  std::vector<uint32_t> words;
  for (uint32_t id = 0; id < spec.pieces.size(); ++id) {
    const std::string &bytes = *spec.pieces[id];
    if (!spec.isReachable[id] || bytes.empty() || bytes.size() > 255)
      continue;
    // For characters this is no more than a shortcut, left out.
    if (spec.ignoreMerges || (spec.byteLevel && encodeBytes(spec, bytes, ranks) == std::vector<uint32_t>{id}))
      words.push_back(id);
  }
  SlotTable table(words.size());
  for (uint32_t id : words) {
    uint32_t hash = EDGELM_TOKENIZER_HASH_SEED;
    for (char byte : *spec.pieces[id])
      hash = EDGELM_TOKENIZER_HASH_BYTE(hash, uint8_t(byte));
    table.insert(EDGELM_TOKENIZER_HASH_WORD_END(hash), id);
  }
  for (uint32_t slot : table.slots)
    addRef(sections.wordSlots, slot);
}

void BlobWriter::writePieces() {
  add(sections.pieceEnds, {0});
  for (const std::optional<std::string> &piece : spec.pieces) {
    sections.pieceBytes.insert(sections.pieceBytes.end(), piece->begin(), piece->end());
    add(sections.pieceEnds, {uint32_t(sections.pieceBytes.size())});
  }
  if (spec.byteIds)
    for (uint32_t id : *spec.byteIds)
      add(sections.byteIds, {id});
}

/// The pieces that models other than byte-level BPE look up, sorted.
void BlobWriter::writeLookup() {
  if (spec.model == EDGELM_TOKENIZER_MODEL_BYTES)
    return;
  std::vector<uint32_t> ids;
  for (const std::pair<const std::string, uint32_t> &entry : spec.vocab)
    if (entry.second < spec.pieces.size() && spec.isReachable[entry.second] && !spec.pieces[entry.second]->empty())
      ids.push_back(entry.second);
  std::sort(ids.begin(), ids.end(), [&](uint32_t a, uint32_t b) { return *spec.pieces[a] < *spec.pieces[b]; });
  for (uint32_t id : ids)
    addRef(sections.pieces, id);
}

/// What the runtime makes of a piece by the flags alone.
static std::string decodeByFlags(const TokenizerSpec &spec, uint32_t flags, uint32_t id, bool first) {
  std::string text = *spec.pieces[id];
  if ((flags & EDGELM_TOKENIZER_DECODE_WORDS) && !first) {
    if (text.compare(0, spec.continuing.size(), spec.continuing) == 0)
      text.erase(0, spec.continuing.size());
    else
      text.insert(0, " ");
  }
  if (flags & EDGELM_TOKENIZER_DECODE_META)
    text = withSpaces(text);
  if ((flags & EDGELM_TOKENIZER_DECODE_DROP_SPACE) && first && !text.empty() && text[0] == ' ')
    text.erase(0, 1);
  return text;
}

/// Sets the flags by which most pieces are decoded, and lists the others.
void BlobWriter::writeForms() {
  for (const DecodeStep &step : spec.decoder) {
    bool isMeta = step.kind == DecodeStep::Metaspace || (step.kind == DecodeStep::Replace && step.from == metaText);
    bool drops = step.kind == DecodeStep::StripFirst || (step.kind == DecodeStep::Metaspace && step.flag);
    header.flags |= step.kind == DecodeStep::WordPiece ? EDGELM_TOKENIZER_DECODE_WORDS : 0;
    header.flags |= isMeta && !spec.spaceIsMeta ? EDGELM_TOKENIZER_DECODE_META : 0;
    header.flags |= drops ? EDGELM_TOKENIZER_DECODE_DROP_SPACE : 0;
  }
  for (uint32_t id = 0; id < spec.pieces.size(); ++id) {
    std::string forms[2] = {decodePiece(spec, id, false), decodePiece(spec, id, true)};
    if (forms[0] == decodeByFlags(spec, header.flags, id, false) &&
        forms[1] == decodeByFlags(spec, header.flags, id, true))
      continue;
    add(sections.formIds, {id});
    for (const std::string &form : forms) {
      sections.pieceBytes.insert(sections.pieceBytes.end(), form.begin(), form.end());
      add(sections.pieceEnds, {uint32_t(sections.pieceBytes.size())});
    }
  }
}

/// In 4 bytes if that loses nothing: SentencePiece's own scores are floats.
void BlobWriter::writeScores() {
  if (spec.scores.empty())
    return;
  bool narrow = std::all_of(spec.scores.begin(), spec.scores.end(), [](double s) { return double(float(s)) == s; });
  header.scoreBytes = narrow ? 4 : 8;
  // The ids behind the vocabulary are added tokens, which the model does not find.
  std::vector<double> scores(spec.scores.begin(), spec.scores.end() - 1);
  scores.resize(spec.pieces.size());
  header.unknownScore = uint32_t(scores.size());
  scores.push_back(spec.scores.back());
  for (double score : scores) {
    float single = float(score);
    uint32_t word = 0;
    uint64_t words = 0;
    std::memcpy(&word, &single, 4);
    std::memcpy(&words, &score, 8);
    if (narrow)
      add(sections.scores, {word});
    else
      add(sections.scores, {uint32_t(words), uint32_t(words >> 32)});
  }
  for (uint32_t id = 0; id < spec.pieces.size(); ++id)
    if (spec.isReachable[id])
      header.maxPieceBytes = std::max(header.maxPieceBytes, uint32_t(spec.pieces[id]->size()));
}
