// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Writes the tables of a tokenizer: sections are filled one by one and laid out at the end.
#include "Codegen/Tokenizer/Layout.h"
#include "Codegen/Tokenizer/Spec.h"

#include <algorithm>
#include <map>

using namespace edgelm::tokenizer;

namespace {

using Bytes = std::vector<uint8_t>;

struct Header {
#define EDGELM_FIELD(name) uint32_t name = 0;
  EDGELM_TOKENIZER_HEADER(EDGELM_FIELD)
#undef EDGELM_FIELD
};

struct Sections {
#define EDGELM_SECTION(name) Bytes name;
  EDGELM_TOKENIZER_SECTIONS(EDGELM_SECTION)
#undef EDGELM_SECTION
};

class Writer {
public:
  Writer(const TokenizerSpec &spec, Errors &errors) : spec(spec), errors(errors) {}
  bool write(Bytes &blob);

private:
  void addRef(Bytes &section, uint32_t value) { addBytes(section, value, header.refBytes); }
  void writeMerges();
  void writeWords();
  void writePieces();
  void writeAdded();
  void writeAddedSet(bool normalized, Bytes &first);
  bool writeLevels();
  bool writeClasses(const std::vector<CharSetPtr> &sets, std::vector<uint32_t> &masks);
  void layOut(Bytes &blob);

  static void addBytes(Bytes &section, uint32_t value, uint32_t bytes) {
    for (uint32_t i = 0; i < bytes; ++i)
      section.push_back(uint8_t(value >> (8 * i)));
  }
  static void add(Bytes &section, std::initializer_list<uint32_t> values) {
    for (uint32_t value : values)
      addBytes(section, value, 4);
  }
  static void add(Bytes &section, const std::vector<uint32_t> &values) {
    for (uint32_t value : values)
      addBytes(section, value, 4);
  }

  const TokenizerSpec &spec;
  Errors &errors;
  Header header;
  Sections sections;
  std::unordered_map<uint64_t, uint32_t> ranks; ///< (left, right) -> rank; of a pair that is listed twice the last
};

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

void Writer::writeMerges() {
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
void Writer::writeWords() {
  std::vector<uint32_t> words;
  for (uint32_t id = 0; id < spec.pieces.size(); ++id) {
    const std::string &bytes = *spec.pieces[id];
    if (!spec.isBytePiece[id] || bytes.empty() || bytes.size() > 255)
      continue;
    if (spec.ignoreMerges || encodeBytes(spec, bytes, ranks) == std::vector<uint32_t>{id})
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

void Writer::writePieces() {
  add(sections.pieceEnds, {0});
  for (const std::optional<std::string> &piece : spec.pieces) {
    sections.pieceBytes.insert(sections.pieceBytes.end(), piece->begin(), piece->end());
    add(sections.pieceEnds, {uint32_t(sections.pieceBytes.size())});
  }
  for (uint32_t id : spec.byteIds)
    add(sections.byteIds, {id});
}

void Writer::writeAddedSet(bool normalized, Bytes &first) {
  std::map<uint8_t, std::vector<const AddedToken *>> buckets;
  for (const AddedToken &token : spec.added)
    if (token.normalized == normalized)
      buckets[uint8_t(token.text[0])].push_back(&token);
  first.assign(256, 0);
  for (std::pair<const uint8_t, std::vector<const AddedToken *>> &bucket : buckets) {
    std::vector<const AddedToken *> &tokens = bucket.second;
    std::sort(tokens.begin(), tokens.end(), [](const AddedToken *a, const AddedToken *b) {
      return a->text.size() != b->text.size() ? a->text.size() > b->text.size() : a < b; // as the file orders them
    });
    size_t shared = tokens[0]->text.size();
    for (const AddedToken *token : tokens) {
      shared = std::min(shared, token->text.size());
      while (tokens[0]->text.compare(0, shared, token->text, 0, shared) != 0)
        --shared;
    }
    add(sections.addedBuckets, {uint32_t(sections.addedRows.size() / 16), uint32_t(tokens.size()), uint32_t(shared)});
    // A first byte of UTF-8 has 180 values at most, of each of two sets: the number fits.
    first[bucket.first] = uint8_t(sections.addedBuckets.size() / 12);
    for (const AddedToken *token : tokens) {
      uint32_t flags =
          (token->special ? EDGELM_TOKENIZER_ADDED_SPECIAL : 0) | (token->lstrip ? EDGELM_TOKENIZER_ADDED_LSTRIP : 0) |
          (token->rstrip ? EDGELM_TOKENIZER_ADDED_RSTRIP : 0) | (token->singleWord ? EDGELM_TOKENIZER_ADDED_WORD : 0);
      add(sections.addedRows, {uint32_t(sections.addedBytes.size()), uint32_t(token->text.size()), token->id, flags});
      sections.addedBytes.insert(sections.addedBytes.end(), token->text.begin(), token->text.end());
      if (normalized)
        header.maxAddedBytes = std::max(header.maxAddedBytes, uint32_t(token->text.size()));
    }
  }
}

void Writer::writeAdded() {
  writeAddedSet(false, sections.rawFirst);
  writeAddedSet(true, sections.normalFirst);
  std::vector<uint32_t> special;
  for (const AddedToken &token : spec.added)
    if (token.special)
      special.push_back(token.id);
  std::sort(special.begin(), special.end());
  special.erase(std::unique(special.begin(), special.end()), special.end());
  add(sections.specialIds, special);
  add(sections.prefixIds, spec.prefixIds);
  add(sections.suffixIds, spec.suffixIds);
}

/// Divides Unicode into the classes that no set tells apart; a set becomes a mask of classes.
bool Writer::writeClasses(const std::vector<CharSetPtr> &sets, std::vector<uint32_t> &masks) {
  std::vector<CharSetPtr> distinct;
  std::vector<size_t> indexOf;
  for (const CharSetPtr &set : sets) {
    size_t index = 0;
    while (index < distinct.size() && *distinct[index] != *set)
      ++index;
    if (index == distinct.size())
      distinct.push_back(set);
    indexOf.push_back(index);
  }
  if (distinct.size() > 64)
    return errors.fail("pre_tokenizer", "its patterns have " + std::to_string(distinct.size()) +
                                            " different sets of characters, the limit is 64");
  std::map<uint64_t, uint32_t> classes; // which sets hold a character -> its class
  uint64_t previous = 0;
  uint32_t current = 0;
  for (uint32_t c = 0; c < codePoints; ++c) {
    uint64_t signature = 0;
    for (size_t i = 0; i < distinct.size(); ++i)
      signature |= uint64_t((*distinct[i])[c]) << i;
    bool changed = c == 0 || signature != previous;
    if (changed) {
      current = classes.emplace(signature, uint32_t(classes.size())).first->second;
      previous = signature;
    }
    if (c < 128)
      sections.asciiClasses.push_back(uint8_t(current));
    else if (changed || c == 128)
      add(sections.classRanges, {c << 8 | current});
  }
  if (classes.size() > EDGELM_TOKENIZER_MAX_CLASSES)
    return errors.fail("pre_tokenizer", "its patterns tell " + std::to_string(classes.size()) +
                                            " kinds of characters apart, the limit is " +
                                            std::to_string(int(EDGELM_TOKENIZER_MAX_CLASSES)));
  for (size_t index : indexOf) {
    uint32_t mask = 0;
    for (const std::pair<const uint64_t, uint32_t> &entry : classes)
      mask |= entry.first >> index & 1 ? 1u << entry.second : 0;
    masks.push_back(mask);
  }
  return true;
}

bool Writer::writeLevels() {
  std::vector<CharSetPtr> sets = {spaceSet(), wordSet()};
  NfcTables nfc;
  if (spec.nfc) {
    nfc = nfcTables();
    header.flags |= EDGELM_TOKENIZER_HAS_NFC;
    add(sections.decompositions, nfc.decompositions);
    add(sections.decomposed, nfc.decomposed);
    add(sections.combining, nfc.combining);
    add(sections.compositions, nfc.compositions);
  }
  bool anyWord = std::any_of(spec.added.begin(), spec.added.end(), [](const AddedToken &t) { return t.singleWord; });
  if (!anyWord)
    sets[1] = sets[0]; // not needed, and its borders would make the table longer
  sets.push_back(spec.nfc ? nfc.inert : sets[0]);
  for (const SplitLevel &level : spec.levels)
    for (const RegexSequence &sequence : level.pattern)
      for (const RegexItem &item : sequence)
        sets.push_back(item.set);
  std::vector<uint32_t> masks;
  if (!writeClasses(sets, masks))
    return false;
  header.spaceClasses = masks[0];
  header.wordClasses = masks[1];
  header.inertClasses = masks[2];
  if (spec.levels.size() > EDGELM_TOKENIZER_MAX_LEVELS)
    return errors.fail("pre_tokenizer", "has more than " + std::to_string(int(EDGELM_TOKENIZER_MAX_LEVELS)) + " steps");
  size_t next = 3;
  for (const SplitLevel &level : spec.levels) {
    add(sections.levels, {uint32_t(sections.alternatives.size() / 12), uint32_t(level.pattern.size()),
                          (level.keepMatches ? EDGELM_TOKENIZER_KEEP_MATCHES : 0u) |
                              (level.keepGaps ? EDGELM_TOKENIZER_KEEP_GAPS : 0u)});
    for (const RegexSequence &sequence : level.pattern) {
      if (sequence.size() > EDGELM_TOKENIZER_MAX_ITEMS)
        return errors.fail("pre_tokenizer", "an alternative of a pattern has more than " +
                                                std::to_string(int(EDGELM_TOKENIZER_MAX_ITEMS)) + " parts");
      uint32_t start = 0;
      bool open = true; // everything so far may be empty
      uint32_t firstItem = uint32_t(sections.items.size() / 16);
      for (const RegexItem &item : sequence) {
        uint32_t mask = masks[next++];
        uint32_t flags = (item.possessive ? EDGELM_TOKENIZER_ITEM_POSSESSIVE : 0u) |
                         (item.kind == RegexItem::NotAhead ? EDGELM_TOKENIZER_ITEM_NOT_AHEAD : 0u) |
                         (item.kind == RegexItem::Ahead ? EDGELM_TOKENIZER_ITEM_AHEAD : 0u);
        add(sections.items, {mask, item.least, item.most, flags});
        if (open && item.kind == RegexItem::Consume) {
          start |= mask;
          open = item.least == 0;
        }
      }
      add(sections.alternatives, {firstItem, uint32_t(sequence.size()), start});
    }
  }
  return true;
}

void Writer::layOut(Bytes &blob) {
  std::vector<const Bytes *> list;
#define EDGELM_SECTION(name) list.push_back(&sections.name);
  EDGELM_TOKENIZER_SECTIONS(EDGELM_SECTION)
#undef EDGELM_SECTION
  size_t headerWords = 0;
#define EDGELM_FIELD(name) ++headerWords;
  EDGELM_TOKENIZER_HEADER(EDGELM_FIELD)
#undef EDGELM_FIELD
  Bytes table, body;
  size_t start = (headerWords + 2 * list.size()) * 4;
  for (const Bytes *section : list) {
    add(table, {uint32_t(start + body.size()), uint32_t(section->size())});
    body.insert(body.end(), section->begin(), section->end());
    body.resize((body.size() + 3) / 4 * 4);
  }
  header.totalBytes = uint32_t(start + body.size());
  blob.clear();
#define EDGELM_FIELD(name) add(blob, {header.name});
  EDGELM_TOKENIZER_HEADER(EDGELM_FIELD)
#undef EDGELM_FIELD
  blob.insert(blob.end(), table.begin(), table.end());
  blob.insert(blob.end(), body.begin(), body.end());
}

bool Writer::write(Bytes &blob) {
  header.magic = EDGELM_TOKENIZER_MAGIC;
  header.version = EDGELM_TOKENIZER_VERSION;
  header.vocabSize = uint32_t(spec.pieces.size());
  header.flags = spec.prefixSpace ? EDGELM_TOKENIZER_HAS_PREFIX_SPACE : 0;
  header.refBytes = spec.pieces.size() < 0xffff && spec.merges.size() < 0xffff ? 2 : 4;
  writeMerges();
  writeWords();
  writePieces();
  writeAdded();
  if (!writeLevels())
    return false;
  layOut(blob);
  return true;
}

bool edgelm::tokenizer::writeBlob(const TokenizerSpec &spec, Errors &errors, std::vector<uint8_t> &blob) {
  return Writer(spec, errors).write(blob);
}
