// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Writes the tables of a tokenizer: sections are filled one by one and laid out at the end.
#include "Codegen/Tokenizer/Blob.h"

#include <algorithm>

using namespace edgelm::tokenizer;

void BlobWriter::writeAddedSet(bool normalized, Bytes &first) {
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

void BlobWriter::writeAdded() {
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
  if (spec.second) {
    add(sections.secondPrefixIds, spec.second->prefixIds);
    add(sections.secondSuffixIds, spec.second->suffixIds);
  }
}

/// Divides Unicode into the classes that no set tells apart; a set becomes a mask of classes.
bool BlobWriter::writeClasses(const std::vector<CharSetPtr> &sets, std::vector<uint32_t> &masks) {
  std::vector<CharSetPtr> distinct;
  std::vector<size_t> indexOf;
  for (const CharSetPtr &set : sets) {
    size_t index = 0;
    if (!set) { // an empty one
      indexOf.push_back(SIZE_MAX);
      continue;
    }
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
    if (index == SIZE_MAX) {
      masks.push_back(0);
      continue;
    }
    for (const std::pair<const uint64_t, uint32_t> &entry : classes)
      mask |= entry.first >> index & 1 ? 1u << entry.second : 0;
    masks.push_back(mask);
  }
  return true;
}

/// Writes the tables of the normalizer and appends the sets that it tells apart.
bool BlobWriter::writeNormalizer(std::vector<CharSetPtr> &sets) {
  CharMap map = spec.charMap ? *spec.charMap : CharMap();
  bool hasMap = spec.charMap || (spec.spaceIsMeta && !spec.charTrie);
  if (spec.nfc) {
    const NfcTables &nfc = nfcTables();
    header.normalizer = EDGELM_TOKENIZER_NORMALIZE_COMPOSE;
    add(sections.decompositions, nfc.decompositions);
    add(sections.decomposed, nfc.decomposed);
    add(sections.combining, nfc.combining);
    add(sections.compositions, nfc.compositions);
  } else if (hasMap) {
    header.normalizer = EDGELM_TOKENIZER_NORMALIZE_MAP;
    header.flags |= map.hangul ? EDGELM_TOKENIZER_HAS_HANGUL : 0;
    if (spec.spaceIsMeta)
      map.mapped[EDGELM_TOKENIZER_META] = {' '};
    for (const std::pair<const uint32_t, std::vector<uint32_t>> &entry : map.mapped) {
      if (entry.second.size() > EDGELM_TOKENIZER_MAX_MAPPED)
        return errors.fail("normalizer", "a character that becomes more than 8 others");
      add(sections.decompositions,
          {entry.first, uint32_t(sections.decomposed.size() / 4), uint32_t(entry.second.size())});
      add(sections.decomposed, entry.second);
    }
  } else if (spec.charTrie) {
    header.normalizer = EDGELM_TOKENIZER_NORMALIZE_PRECOMPILED;
    header.flags |= spec.spaceIsMeta ? EDGELM_TOKENIZER_HAS_SPACE_FOR_META : 0;
    add(sections.charTrie, spec.charTrie->units);
    sections.charTexts.assign(spec.charTrie->texts.begin(), spec.charTrie->texts.end());
    if (spec.spaceIsMeta && spec.charTrie->texts.find(metaText) != std::string::npos)
      return errors.fail("normalizer", "a charsmap that makes '\\u2581', which is not supported");
  }
  bool any = spec.nfc || hasMap || spec.charTrie;
  header.flags |= any ? EDGELM_TOKENIZER_HAS_NORMALIZER : 0;
  sets.push_back(any ? inertSet(spec) : sets[0]);
  for (const CharSet *set : {&map.dropped, &map.blank, &map.spaced})
    sets.push_back(set->any() ? std::make_shared<CharSet>(*set) : CharSetPtr());
  if (spec.charTrie)
    for (const CharSetPtr &set : clusterSets())
      sets.push_back(set);
  return true;
}

bool BlobWriter::writeLevels() {
  std::vector<CharSetPtr> sets = {spaceSet(), wordSet()};
  bool anyWord = std::any_of(spec.added.begin(), spec.added.end(), [](const AddedToken &t) { return t.singleWord; });
  if (!anyWord)
    sets[1] = sets[0]; // not needed, and its borders would make the table longer
  if (!writeNormalizer(sets))
    return false;
  size_t next = sets.size();
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
  header.dropClasses = masks[3];
  header.blankClasses = masks[4];
  header.spacedClasses = masks[5];
  for (size_t i = 6; i < next; ++i)
    add(sections.graphemes, {masks[i]});
  for (const SplitLevel &level : spec.levels) {
    add(sections.levels,
        {uint32_t(sections.alternatives.size() / 12), uint32_t(level.pattern.size()),
         (level.keepMatches ? EDGELM_TOKENIZER_KEEP_MATCHES : 0u) | (level.keepGaps ? EDGELM_TOKENIZER_KEEP_GAPS : 0u) |
             (level.prefix ? EDGELM_TOKENIZER_LEVEL_PREFIX : 0u) | (level.bytes ? EDGELM_TOKENIZER_LEVEL_BYTES : 0u)});
    for (const RegexSequence &sequence : level.pattern) {
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

void BlobWriter::layOut(Bytes &blob) {
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

bool BlobWriter::write(Bytes &blob) {
  header.magic = EDGELM_TOKENIZER_MAGIC;
  header.version = EDGELM_TOKENIZER_VERSION;
  header.vocabSize = uint32_t(spec.pieces.size());
  header.model = spec.model;
  header.flags = (spec.prefixSegment ? EDGELM_TOKENIZER_HAS_PREFIX_SEGMENT : 0u) |
                 (spec.prefixFirst ? EDGELM_TOKENIZER_HAS_PREFIX_FIRST : 0u) |
                 (spec.prefixSection ? EDGELM_TOKENIZER_HAS_PREFIX_SECTION : 0u) |
                 (spec.second ? EDGELM_TOKENIZER_HAS_PAIRS : 0u) |
                 (spec.fuseUnknown ? EDGELM_TOKENIZER_HAS_FUSED_UNKNOWN : 0u);
  header.unknownId = spec.unknownId;
  header.maxWordChars = spec.maxWordChars;
  sections.continuing.assign(spec.continuing.begin(), spec.continuing.end());
  sections.prefix.assign(spec.prefix.begin(), spec.prefix.end());
  header.refBytes = spec.pieces.size() < 0xffff && spec.merges.size() < 0xffff ? 2 : 4;
  writeMerges();
  writeWords();
  writePieces();
  writeLookup();
  writeForms();
  writeScores();
  writeAdded();
  if (!writeLevels())
    return false;
  layOut(blob);
  return true;
}

bool edgelm::tokenizer::writeBlob(const TokenizerSpec &spec, Errors &errors, std::vector<uint8_t> &blob) {
  return BlobWriter(spec, errors).write(blob);
}
