// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reads BERT's normalizer: controls removed, spaces round Chinese characters, accents stripped, lower case.
//
// Hugging Face's library takes general categories from Unicode 8, canonical decompositions from Unicode 12 and lower
// case from Unicode 17; utf8proc has Unicode 15. The tables below say where that makes a difference (found by comparing
// every code point), so that ids agree.
#include "Codegen/Tokenizer/Spec.h"

#include <algorithm>

using namespace edgelm::tokenizer;

struct Range {
  uint32_t first, last;
};

/// Marks (Mn) that are newer than Unicode 8.
static constexpr Range newMarks[] = {
    {0x7fd, 0x7fd},     {0x898, 0x89f},     {0x8ca, 0x8e1},     {0x9fe, 0x9fe},     {0xafa, 0xaff},
    {0xb55, 0xb55},     {0xc04, 0xc04},     {0xc3c, 0xc3c},     {0xd00, 0xd00},     {0xd3b, 0xd3c},
    {0xd81, 0xd81},     {0xeba, 0xeba},     {0xece, 0xece},     {0x180f, 0x180f},   {0x1885, 0x1886},
    {0x1abf, 0x1ace},   {0x1df6, 0x1dfb},   {0xa82c, 0xa82c},   {0xa8c5, 0xa8c5},   {0xa8ff, 0xa8ff},
    {0xa9bd, 0xa9bd},   {0x10d24, 0x10d27}, {0x10eab, 0x10eac}, {0x10efd, 0x10eff}, {0x10f46, 0x10f50},
    {0x10f82, 0x10f85}, {0x11070, 0x11070}, {0x11073, 0x11074}, {0x110c2, 0x110c2}, {0x111c9, 0x111c9},
    {0x111cf, 0x111cf}, {0x1123e, 0x1123e}, {0x11241, 0x11241}, {0x1133b, 0x1133b}, {0x11438, 0x1143f},
    {0x11442, 0x11444}, {0x11446, 0x11446}, {0x1145e, 0x1145e}, {0x1182f, 0x11837}, {0x11839, 0x1183a},
    {0x1193b, 0x1193c}, {0x1193e, 0x1193e}, {0x11943, 0x11943}, {0x119d4, 0x119d7}, {0x119da, 0x119db},
    {0x119e0, 0x119e0}, {0x11a01, 0x11a0a}, {0x11a33, 0x11a38}, {0x11a3b, 0x11a3e}, {0x11a47, 0x11a47},
    {0x11a51, 0x11a56}, {0x11a59, 0x11a5b}, {0x11a8a, 0x11a96}, {0x11a98, 0x11a99}, {0x11c30, 0x11c36},
    {0x11c38, 0x11c3d}, {0x11c3f, 0x11c3f}, {0x11c92, 0x11ca7}, {0x11caa, 0x11cb0}, {0x11cb2, 0x11cb3},
    {0x11cb5, 0x11cb6}, {0x11d31, 0x11d36}, {0x11d3a, 0x11d3a}, {0x11d3c, 0x11d3d}, {0x11d3f, 0x11d45},
    {0x11d47, 0x11d47}, {0x11d90, 0x11d91}, {0x11d95, 0x11d95}, {0x11d97, 0x11d97}, {0x11ef3, 0x11ef4},
    {0x11f00, 0x11f01}, {0x11f36, 0x11f3a}, {0x11f40, 0x11f40}, {0x11f42, 0x11f42}, {0x13440, 0x13440},
    {0x13447, 0x13455}, {0x16f4f, 0x16f4f}, {0x16fe4, 0x16fe4}, {0x1cf00, 0x1cf2d}, {0x1cf30, 0x1cf46},
    {0x1e000, 0x1e006}, {0x1e008, 0x1e018}, {0x1e01b, 0x1e021}, {0x1e023, 0x1e024}, {0x1e026, 0x1e02a},
    {0x1e08f, 0x1e08f}, {0x1e130, 0x1e136}, {0x1e2ae, 0x1e2ae}, {0x1e2ec, 0x1e2ef}, {0x1e4ec, 0x1e4ef},
    {0x1e944, 0x1e94a}};

/// Format characters (Cf) that are newer.
static constexpr Range newFormats[] = {{0x890, 0x891}, {0x8e2, 0x8e2}, {0x110cd, 0x110cd}, {0x13430, 0x1343f}};

/// What the library calls Chinese (the gap before U+2B920 is its own).
static constexpr Range chinese[] = {{0x3400, 0x4dbf},   {0x4e00, 0x9fff},   {0xf900, 0xfaff},  {0x20000, 0x2a6df},
                                    {0x2a700, 0x2b81f}, {0x2b920, 0x2ceaf}, {0x2f800, 0x2fa1f}};

struct Lower {
  uint32_t first, last, lower;
};

/// Lower case that is newer than Unicode 15.
static constexpr Lower newLower[] = {{0x1c89, 0x1c89, 0x1c8a},   {0xa7cb, 0xa7cb, 0x264},  {0xa7cc, 0xa7cc, 0xa7cd},
                                     {0xa7ce, 0xa7ce, 0xa7cf},   {0xa7d2, 0xa7d2, 0xa7d3}, {0xa7d4, 0xa7d4, 0xa7d5},
                                     {0xa7da, 0xa7da, 0xa7db},   {0xa7dc, 0xa7dc, 0x19b},  {0x10d50, 0x10d65, 0x10d70},
                                     {0x16ea0, 0x16eb8, 0x16ebb}};

template <size_t Count> static CharSet inRanges(const Range (&ranges)[Count]) {
  CharSet set;
  for (const Range &range : ranges)
    for (uint32_t c = range.first; c <= range.last; ++c)
      set.set(c);
  return set;
}

static std::vector<uint32_t> lowered(uint32_t c) {
  if (c == 0x130)
    return {'i', 0x307}; // SpecialCasing.txt
  for (const Lower &row : newLower)
    if (c >= row.first && c <= row.last)
      return {row.lower + (c - row.first)};
  return {lowerCase(c)};
}

static CharSet strippedMarks() {
  CharSet marks = *categorySet("Mn") & ~inRanges(newMarks);
  return marks.set(0x1734); // a mark (Mn) until Unicode 14
}

struct Steps {
  bool clean = true, chinese = true, strip = false, lower = true;
};

static void cleanText(CharMap &map) {
  for (const char *category : {"Cc", "Cf", "Co"})
    map.dropped |= *categorySet(category);
  map.dropped &= ~inRanges(newFormats);
  map.dropped.set(0xfffd);
  for (uint32_t c : {'\t', '\n', '\r'})
    map.dropped.reset(c);
  map.blank = *spaceSet() & ~map.dropped;
  map.blank.reset(' ');
}

/// What a letter becomes.
static std::vector<uint32_t> mapLetter(const Steps &steps, const CharSet &marks, uint32_t c) {
  std::vector<uint32_t> parts = {c}, result;
  if (steps.strip && c != 0x11938) // whose decomposition is newer than Unicode 12
    parts = decomposed(c);
  for (uint32_t part : parts) {
    if (steps.strip && marks[part])
      continue;
    std::vector<uint32_t> to = steps.lower ? lowered(part) : std::vector<uint32_t>{part};
    result.insert(result.end(), to.begin(), to.end());
  }
  return result;
}

static void mapLetters(const Steps &steps, CharMap &map) {
  CharSet marks = strippedMarks(), unassigned = *categorySet("Cn");
  for (const Lower &row : newLower)
    for (uint32_t c = row.first; c <= row.last; ++c)
      unassigned.reset(c);
  for (uint32_t c = 0; c < codePoints; ++c) {
    if (map.dropped[c] || map.blank[c] || unassigned[c] || isHangulSyllable(c) || isSurrogate(c))
      continue;
    std::vector<uint32_t> result = mapLetter(steps, marks, c);
    if (result.empty() && !map.spaced[c])
      map.dropped.set(c);
    else if (result != std::vector<uint32_t>{c})
      map.mapped[c] = result;
  }
}

bool edgelm::tokenizer::readBertNormalizer(const Json &node, TokenizerSpec &spec) {
  Steps steps;
  if (spec.charMap)
    return node.fail("a second 'BertNormalizer' is not supported");
  if (!node["clean_text"].get(steps.clean, true) || !node["handle_chinese_chars"].get(steps.chinese, true) ||
      !node["lowercase"].get(steps.lower, true) || !node["strip_accents"].get(steps.strip, steps.lower))
    return false;
  spec.charMap = std::make_shared<CharMap>();
  if (steps.clean)
    cleanText(*spec.charMap);
  if (steps.chinese)
    spec.charMap->spaced = inRanges(chinese);
  spec.charMap->hangul = steps.strip;
  mapLetters(steps, *spec.charMap);
  spec.keepsMarks = steps.strip;
  return true;
}

bool edgelm::tokenizer::checkMarks(const Json &root, const TokenizerSpec &spec) {
  if (!spec.keepsMarks)
    return true;
  // Stripping decomposes, and so puts marks into their canonical order, which the runtime does not do. It matters to
  // marks only that are not stripped, and a word with one of those that no piece has is unknown in any order.
  CharSet marks = strippedMarks();
  for (size_t id = 0; id < spec.texts.size(); ++id) {
    std::vector<uint32_t> characters;
    decodeUtf8(spec.texts[id], characters);
    for (uint32_t c : characters)
      if (combiningClass(c) != 0 && !marks[c])
        return root["model"]["vocab"].fail("the piece '" + spec.texts[id] +
                                           "' has a combining mark that BertNormalizer does not strip, which is not "
                                           "supported");
  }
  return true;
}
