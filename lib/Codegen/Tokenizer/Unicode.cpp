// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Builds character sets and normalization tables from utf8proc's data.
#include "Codegen/Tokenizer/Unicode.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utf8proc.h>

using namespace edgelm::tokenizer;

// Hangul syllables are computed by the runtime.
static bool isHangulSyllable(uint32_t c) {
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

static const char *categoryOf(uint32_t c) {
  return utf8proc_category_string(utf8proc_int32_t(c));
}

CharSetPtr edgelm::tokenizer::categorySet(std::string_view name) {
  static constexpr const char *known[] = {"L",  "Lu", "Ll", "Lt", "Lm", "Lo", "M",  "Mn", "Mc", "Me", "N",  "Nd", "Nl",
                                          "No", "P",  "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "S",  "Sm", "Sc", "Sk",
                                          "So", "Z",  "Zs", "Zl", "Zp", "C",  "Cc", "Cf", "Cs", "Co", "Cn"};
  if (std::find(std::begin(known), std::end(known), name) == std::end(known))
    return nullptr;
  return makeSet([&](uint32_t c) {
    const char *category = categoryOf(c);
    return category[0] == name[0] && (name.size() == 1 || category[1] == name[1]);
  });
}

CharSetPtr edgelm::tokenizer::spaceSet() {
  return makeSet([](uint32_t c) {
    return (c >= 9 && c <= 13) || c == 0x20 || c == 0x85 || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) ||
           c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
  });
}

CharSetPtr edgelm::tokenizer::wordSet() {
  return makeSet([](uint32_t c) {
    std::string_view category = categoryOf(c);
    // The circled and squared letters are Other_Alphabetic though they are symbols.
    return category[0] == 'L' || category[0] == 'M' || category == "Nd" || category == "Nl" || category == "Pc" ||
           c == 0x200c || c == 0x200d || (c >= 0x24b6 && c <= 0x24e9) || (c >= 0x1f130 && c <= 0x1f149) ||
           (c >= 0x1f150 && c <= 0x1f169) || (c >= 0x1f170 && c <= 0x1f189);
  });
}

static utf8proc_int32_t foldCase(uint32_t c) {
  return utf8proc_tolower(utf8proc_toupper(utf8proc_int32_t(c))); // also joins U+017F with s
}

CharSetPtr edgelm::tokenizer::characterSet(uint32_t codePoint, bool ignoreCase) {
  if (!ignoreCase) {
    std::shared_ptr<CharSet> set = std::make_shared<CharSet>();
    set->set(codePoint);
    return set;
  }
  utf8proc_int32_t folded = foldCase(codePoint);
  return makeSet([&](uint32_t c) { return c == codePoint || foldCase(c) == folded; });
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

static bool isSurrogate(uint32_t c) {
  return c >= 0xd800 && c < 0xe000;
}

/// The full canonical decomposition.
static std::vector<uint32_t> decompose(uint32_t c) {
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

NfcTables edgelm::tokenizer::nfcTables() {
  NfcTables tables;
  std::shared_ptr<CharSet> inert = std::make_shared<CharSet>();
  inert->set();
  std::vector<std::array<uint32_t, 3>> pairs;
  for (uint32_t c = 0; c < codePoints; ++c) {
    if (isSurrogate(c))
      continue;
    uint32_t combiningClass = uint32_t(utf8proc_get_property(utf8proc_int32_t(c))->combining_class);
    if (combiningClass != 0) {
      inert->reset(c);
      // Neighbours of one class share a row.
      std::vector<uint32_t> &rows = tables.combining;
      if (!rows.empty() && rows.back() + 1 == c && (rows[rows.size() - 2] & 0xff) == combiningClass)
        rows.back() = c;
      else
        rows.insert(rows.end(), {c << 8 | combiningClass, c});
    }
    if (isComposingJamo(c))
      inert->reset(c);
    if (isHangulSyllable(c))
      continue;
    std::vector<uint32_t> parts = decompose(c);
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
