// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Builds character sets and normalization tables from utf8proc's data.
#include "Codegen/Tokenizer/Unicode.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utf8proc.h>

using namespace edgelm::tokenizer;

// Hangul syllables are computed by the runtime.
bool edgelm::tokenizer::isHangulSyllable(uint32_t c) {
  return c >= 0xac00 && c < 0xac00 + 11172;
}
static bool isComposingJamo(uint32_t c) {
  return (c >= 0x1161 && c < 0x1161 + 21) || (c > 0x11a7 && c < 0x11a7 + 28);
}

template <typename Predicate> static CharSetPtr makeSet(Predicate has) {
  std::shared_ptr<CharSet> set = std::make_shared<CharSet>();
  for (uint32_t c = 0; c < codePoints; ++c)
    if (has(c))
      set->set(c);
  return set;
}

/// The general category of every code point, as utf8proc numbers them.
static const std::vector<uint8_t> &categories() {
  static const std::vector<uint8_t> table = [] {
    std::vector<uint8_t> result(codePoints);
    for (uint32_t c = 0; c < codePoints; ++c)
      result[c] = uint8_t(utf8proc_category(utf8proc_int32_t(c)));
    return result;
  }();
  return table;
}

struct CategoryName {
  const char *name;
  utf8proc_category_t category;
};

static constexpr CategoryName categoryNames[] = {
    {"Lu", UTF8PROC_CATEGORY_LU}, {"Ll", UTF8PROC_CATEGORY_LL}, {"Lt", UTF8PROC_CATEGORY_LT},
    {"Lm", UTF8PROC_CATEGORY_LM}, {"Lo", UTF8PROC_CATEGORY_LO}, {"Mn", UTF8PROC_CATEGORY_MN},
    {"Mc", UTF8PROC_CATEGORY_MC}, {"Me", UTF8PROC_CATEGORY_ME}, {"Nd", UTF8PROC_CATEGORY_ND},
    {"Nl", UTF8PROC_CATEGORY_NL}, {"No", UTF8PROC_CATEGORY_NO}, {"Pc", UTF8PROC_CATEGORY_PC},
    {"Pd", UTF8PROC_CATEGORY_PD}, {"Ps", UTF8PROC_CATEGORY_PS}, {"Pe", UTF8PROC_CATEGORY_PE},
    {"Pi", UTF8PROC_CATEGORY_PI}, {"Pf", UTF8PROC_CATEGORY_PF}, {"Po", UTF8PROC_CATEGORY_PO},
    {"Sm", UTF8PROC_CATEGORY_SM}, {"Sc", UTF8PROC_CATEGORY_SC}, {"Sk", UTF8PROC_CATEGORY_SK},
    {"So", UTF8PROC_CATEGORY_SO}, {"Zs", UTF8PROC_CATEGORY_ZS}, {"Zl", UTF8PROC_CATEGORY_ZL},
    {"Zp", UTF8PROC_CATEGORY_ZP}, {"Cc", UTF8PROC_CATEGORY_CC}, {"Cf", UTF8PROC_CATEGORY_CF},
    {"Cs", UTF8PROC_CATEGORY_CS}, {"Co", UTF8PROC_CATEGORY_CO}, {"Cn", UTF8PROC_CATEGORY_CN}};

CharSetPtr edgelm::tokenizer::categorySet(std::string_view name) {
  uint64_t wanted = 0;
  for (const CategoryName &row : categoryNames)
    if (name == row.name || (name.size() == 1 && name[0] == row.name[0]))
      wanted |= uint64_t(1) << row.category;
  if (wanted == 0)
    return nullptr;
  const std::vector<uint8_t> &table = categories();
  return makeSet([&](uint32_t c) { return (wanted >> table[c] & 1) != 0; });
}

CharSetPtr edgelm::tokenizer::spaceSet() {
  std::shared_ptr<CharSet> set = std::make_shared<CharSet>();
  for (uint32_t c : {0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x20, 0x85, 0xa0, 0x1680, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000})
    set->set(c);
  for (uint32_t c = 0x2000; c <= 0x200a; ++c)
    set->set(c);
  return set;
}

CharSetPtr edgelm::tokenizer::wordSet() {
  std::shared_ptr<CharSet> set = std::make_shared<CharSet>();
  for (const char *category : {"L", "M", "Nd", "Nl", "Pc"})
    *set |= *categorySet(category);
  set->set(0x200c).set(0x200d);
  // The circled and squared letters are Other_Alphabetic though they are symbols.
  for (std::pair<uint32_t, uint32_t> range :
       {std::pair(0x24b6u, 0x24e9u), {0x1f130u, 0x1f149u}, {0x1f150u, 0x1f169u}, {0x1f170u, 0x1f189u}})
    for (uint32_t c = range.first; c <= range.second; ++c)
      set->set(c);
  return set;
}

/// Punctuation that is newer than Unicode 8, which Hugging Face's library does not know.
static constexpr uint32_t newPunctuation[][2] = {
    {0x61d, 0x61d},     {0x9fd, 0x9fd},     {0xa76, 0xa76},     {0xc77, 0xc77},     {0xc84, 0xc84},
    {0x1b7d, 0x1b7e},   {0x2e43, 0x2e4f},   {0x2e52, 0x2e5d},   {0x10ead, 0x10ead}, {0x10f55, 0x10f59},
    {0x10f86, 0x10f89}, {0x1144b, 0x1144f}, {0x1145a, 0x1145b}, {0x1145d, 0x1145d}, {0x11660, 0x1166c},
    {0x116b9, 0x116b9}, {0x1183b, 0x1183b}, {0x11944, 0x11946}, {0x119e2, 0x119e2}, {0x11a3f, 0x11a46},
    {0x11a9a, 0x11a9c}, {0x11a9e, 0x11aa2}, {0x11b00, 0x11b09}, {0x11c41, 0x11c45}, {0x11c70, 0x11c71},
    {0x11ef7, 0x11ef8}, {0x11f43, 0x11f4f}, {0x11fff, 0x11fff}, {0x12ff1, 0x12ff2}, {0x16e97, 0x16e9a},
    {0x16fe2, 0x16fe2}, {0x1e95e, 0x1e95f}};

CharSetPtr edgelm::tokenizer::punctuationSet() {
  std::shared_ptr<CharSet> set = std::make_shared<CharSet>(*categorySet("P"));
  for (const uint32_t (&range)[2] : newPunctuation)
    for (uint32_t c = range[0]; c <= range[1]; ++c)
      set->reset(c);
  set->set(0x166d).set(0x111c9);               // were punctuation then
  for (char c : std::string_view("$+<=>^`|~")) // ASCII symbols count too
    set->set(uint8_t(c));
  return set;
}

/// Of every code point, one for all that differ in case only.
static const std::vector<uint32_t> &foldedCases() {
  static const std::vector<uint32_t> table = [] {
    std::vector<uint32_t> result(codePoints);
    for (uint32_t c = 0; c < codePoints; ++c) // also joins U+017F with s
      result[c] = uint32_t(utf8proc_tolower(utf8proc_toupper(utf8proc_int32_t(c))));
    return result;
  }();
  return table;
}

CharSetPtr edgelm::tokenizer::caselessSet(const CharSet &set) {
  const std::vector<uint32_t> &folded = foldedCases();
  std::shared_ptr<CharSet> folds = std::make_shared<CharSet>();
  for (uint32_t c = 0; c < codePoints; ++c)
    if (set[c])
      folds->set(folded[c]);
  return makeSet([&](uint32_t c) { return set[c] || (*folds)[folded[c]]; });
}

CharSetPtr edgelm::tokenizer::characterSet(uint32_t codePoint, bool ignoreCase) {
  std::shared_ptr<CharSet> set = std::make_shared<CharSet>();
  set->set(codePoint);
  return ignoreCase ? caselessSet(*set) : set;
}

bool edgelm::tokenizer::decodeUtf8(std::string_view text, std::vector<uint32_t> &result) {
  result.clear();
  while (!text.empty()) {
    utf8proc_int32_t c;
    utf8proc_ssize_t used =
        utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t *>(text.data()), utf8proc_ssize_t(text.size()), &c);
    if (used <= 0)
      return false;
    result.push_back(uint32_t(c));
    text.remove_prefix(size_t(used));
  }
  return true;
}

void edgelm::tokenizer::appendUtf8(uint32_t codePoint, std::string &text) {
  utf8proc_uint8_t bytes[4];
  utf8proc_ssize_t used = utf8proc_encode_char(utf8proc_int32_t(codePoint), bytes);
  text.append(reinterpret_cast<const char *>(bytes), size_t(used));
}

bool edgelm::tokenizer::normalizeNfc(const std::string &text, std::string &result) {
  utf8proc_uint8_t *mapped = nullptr;
  utf8proc_ssize_t bytes =
      utf8proc_map(reinterpret_cast<const utf8proc_uint8_t *>(text.data()), utf8proc_ssize_t(text.size()), &mapped,
                   utf8proc_option_t(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
  if (bytes < 0)
    return false;
  result.assign(reinterpret_cast<const char *>(mapped), size_t(bytes));
  std::free(mapped);
  return true;
}

bool edgelm::tokenizer::isSurrogate(uint32_t c) {
  return c >= 0xd800 && c < 0xe000;
}

uint32_t edgelm::tokenizer::lowerCase(uint32_t c) {
  return uint32_t(utf8proc_tolower(utf8proc_int32_t(c)));
}

uint32_t edgelm::tokenizer::combiningClass(uint32_t c) {
  return uint32_t(utf8proc_get_property(utf8proc_int32_t(c))->combining_class);
}

std::vector<uint32_t> edgelm::tokenizer::decomposed(uint32_t c) {
  if (utf8proc_get_property(utf8proc_int32_t(c))->decomp_seqindex == UINT16_MAX && !isHangulSyllable(c))
    return {c};
  utf8proc_int32_t buffer[16];
  int lastBoundClass = 0;
  utf8proc_ssize_t count = utf8proc_decompose_char(
      utf8proc_int32_t(c), buffer, 16, utf8proc_option_t(UTF8PROC_STABLE | UTF8PROC_DECOMPOSE), &lastBoundClass);
  return count < 0 || count > 16 ? std::vector<uint32_t>{c} : std::vector<uint32_t>(buffer, buffer + count);
}

static std::vector<uint32_t> composeAll(const std::vector<uint32_t> &text) {
  std::string encoded, composed;
  for (uint32_t c : text)
    appendUtf8(c, encoded);
  std::vector<uint32_t> result;
  if (normalizeNfc(encoded, composed))
    decodeUtf8(composed, result);
  return result;
}

static NfcTables makeNfcTables() {
  NfcTables tables;
  std::shared_ptr<CharSet> inert = std::make_shared<CharSet>();
  inert->set();
  std::vector<std::array<uint32_t, 3>> pairs;
  for (uint32_t c = 0; c < codePoints; ++c) {
    if (isSurrogate(c))
      continue;
    uint32_t ownClass = combiningClass(c);
    if (ownClass != 0) {
      inert->reset(c);
      // Neighbours of one class share a row.
      std::vector<uint32_t> &rows = tables.combining;
      if (!rows.empty() && rows.back() + 1 == c && (rows[rows.size() - 2] & 0xff) == ownClass)
        rows.back() = c;
      else
        rows.insert(rows.end(), {c << 8 | ownClass, c});
    }
    if (isComposingJamo(c))
      inert->reset(c);
    if (isHangulSyllable(c))
      continue;
    std::vector<uint32_t> parts = decomposed(c);
    if (parts.size() == 1 && parts[0] == c)
      continue;
    tables.decompositions.insert(tables.decompositions.end(),
                                 {c, uint32_t(tables.decomposed.size()), uint32_t(parts.size())});
    tables.decomposed.insert(tables.decomposed.end(), parts.begin(), parts.end());
    if (composeAll({c}) != std::vector<uint32_t>{c}) {
      inert->reset(c); // excluded from composition
      continue;
    }
    uint32_t last = parts.back();
    parts.pop_back();
    std::vector<uint32_t> first = composeAll(parts);
    if (first.size() == 1) {
      pairs.push_back({first[0], last, c});
      inert->reset(last);
    }
  }
  std::sort(pairs.begin(), pairs.end());
  for (const std::array<uint32_t, 3> &pair : pairs)
    tables.compositions.insert(tables.compositions.end(), pair.begin(), pair.end());
  tables.inert = inert;
  return tables;
}

const NfcTables &edgelm::tokenizer::nfcTables() {
  static const NfcTables tables = makeNfcTables();
  return tables;
}

/// What the standard calls Linker and Consonant in Indic_Conjunct_Break (Unicode 15.1, newer than utf8proc 2.8).
static constexpr uint32_t linkers[] = {0x94d, 0x9cd, 0xacd, 0xb4d, 0xc4d, 0xd4d};
static constexpr uint32_t consonants[][2] = {
    {0x915, 0x939}, {0x958, 0x95f}, {0x978, 0x97f}, {0x995, 0x9a8}, {0x9aa, 0x9b0}, {0x9b2, 0x9b2}, {0x9b6, 0x9b9},
    {0x9dc, 0x9dd}, {0x9df, 0x9df}, {0x9f0, 0x9f1}, {0xa95, 0xaa8}, {0xaaa, 0xab0}, {0xab2, 0xab3}, {0xab5, 0xab9},
    {0xaf9, 0xaf9}, {0xb15, 0xb28}, {0xb2a, 0xb30}, {0xb32, 0xb33}, {0xb35, 0xb39}, {0xb5c, 0xb5d}, {0xb5f, 0xb5f},
    {0xb71, 0xb71}, {0xc15, 0xc28}, {0xc2a, 0xc39}, {0xc58, 0xc5a}, {0xd15, 0xd3a}};

static CharSetPtr boundSet(int boundClass) {
  return makeSet([&](uint32_t c) { return int(utf8proc_get_property(utf8proc_int32_t(c))->boundclass) == boundClass; });
}

std::vector<CharSetPtr> edgelm::tokenizer::clusterSets() {
  std::vector<CharSetPtr> sets;
  for (int boundClass :
       {UTF8PROC_BOUNDCLASS_CR, UTF8PROC_BOUNDCLASS_LF, UTF8PROC_BOUNDCLASS_CONTROL, UTF8PROC_BOUNDCLASS_EXTEND,
        UTF8PROC_BOUNDCLASS_ZWJ, UTF8PROC_BOUNDCLASS_REGIONAL_INDICATOR, UTF8PROC_BOUNDCLASS_PREPEND,
        UTF8PROC_BOUNDCLASS_SPACINGMARK, UTF8PROC_BOUNDCLASS_L, UTF8PROC_BOUNDCLASS_V, UTF8PROC_BOUNDCLASS_T,
        UTF8PROC_BOUNDCLASS_LV, UTF8PROC_BOUNDCLASS_LVT, UTF8PROC_BOUNDCLASS_EXTENDED_PICTOGRAPHIC})
    sets.push_back(boundSet(boundClass));
  std::shared_ptr<CharSet> linker = std::make_shared<CharSet>(), consonant = std::make_shared<CharSet>();
  for (uint32_t c : linkers)
    linker->set(c);
  for (const uint32_t (&range)[2] : consonants)
    for (uint32_t c = range[0]; c <= range[1]; ++c)
      consonant->set(c);
  sets.push_back(consonant);
  sets.push_back(linker);
  const CharSetPtr extend = sets[3], joiner = sets[4];
  sets.push_back(
      makeSet([&](uint32_t c) { return (*joiner)[c] || ((*extend)[c] && combiningClass(c) != 0 && !(*linker)[c]); }));
  return sets;
}

CharSetPtr edgelm::tokenizer::clusterJoiners() {
  std::vector<CharSetPtr> sets = clusterSets();
  std::shared_ptr<CharSet> joiners = std::make_shared<CharSet>();
  for (size_t kind : {0, 3, 4, 6, 7, 8, 9, 10}) // CR, Extend, ZWJ, Prepend, SpacingMark, L, V, T
    *joiners |= *sets[kind];
  return joiners;
}
