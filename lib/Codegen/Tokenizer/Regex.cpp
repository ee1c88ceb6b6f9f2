// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A recursive descent parser that multiplies groups out into alternatives.
#include "Codegen/Tokenizer/Regex.h"

#include "Codegen/Tokenizer/Layout.h"

#include <algorithm>

using namespace edgelm::tokenizer;

static CharSetPtr negated(const CharSetPtr &set) {
  return std::make_shared<CharSet>(~*set);
}

namespace {

constexpr int maxClassDepth = 4;
const std::string tooManyParts =
    "an alternative of a pattern has more than " + std::to_string(int(EDGELM_TOKENIZER_MAX_ITEMS)) + " parts";

class Parser {
public:
  Parser(std::vector<uint32_t> pattern, std::string &error) : pattern(std::move(pattern)), error(error) {}

  bool parse(Regex &result) {
    if (!parseAlternatives(result, false, 0))
      return false;
    return pos == pattern.size() || fail("')' without '('");
  }

private:
  bool fail(const std::string &message) {
    if (error.empty())
      error = message + " (at character " + std::to_string(pos + 1) + " of the pattern)";
    return false;
  }
  bool atEnd() const { return pos >= pattern.size(); }
  uint32_t peek(size_t ahead = 0) const { return pos + ahead < pattern.size() ? pattern[pos + ahead] : 0; }
  bool take(uint32_t c) {
    if (atEnd() || pattern[pos] != c)
      return false;
    ++pos;
    return true;
  }
  bool take(std::string_view text) {
    for (size_t i = 0; i < text.size(); ++i)
      if (pos + i >= pattern.size() || pattern[pos + i] != uint32_t(text[i]))
        return false;
    pos += text.size();
    return true;
  }

  bool parseAlternatives(Regex &result, bool ignoreCase, int depth);
  bool parseSequences(Regex &result, bool ignoreCase, int depth);
  bool parseGroup(Regex &group, bool ignoreCase, int depth);
  bool parseCharacter(CharSetPtr &set, bool ignoreCase);
  bool parseClass(CharSetPtr &set, bool ignoreCase, int depth);
  bool parseEscape(CharSetPtr &set, uint32_t &character);
  bool parseCount(RegexItem &item);
  bool parseNumber(uint32_t &number);
  bool append(Regex &sequences, const Regex &group);

  std::vector<uint32_t> pattern;
  std::string &error;
  size_t pos = 0;
};

} // namespace

bool Parser::parseAlternatives(Regex &result, bool ignoreCase, int depth) {
  if (depth > 8)
    return fail("groups are nested deeper than 8");
  do {
    Regex sequences = {{}};
    if (!parseSequences(sequences, ignoreCase, depth))
      return false;
    result.insert(result.end(), sequences.begin(), sequences.end());
    if (result.size() > 256)
      return fail("more than 256 alternatives after multiplying groups out");
  } while (take('|'));
  return true;
}

/// Whether trying the group's alternatives one after the other, each with every way to match what comes before it,
/// gives what backtracking through the group would. It does if what comes before can end in one place only before a
/// character that the group starts with, since no repetition in it takes such a character.
static bool canMultiply(const RegexSequence &before, const Regex &group) {
  if (group.size() == 1)
    return true;
  std::shared_ptr<CharSet> variable = std::make_shared<CharSet>();
  for (size_t i = 0; i < before.size(); ++i) {
    // An optional first character is not where the group could start: something comes after it.
    bool leads = i == 0 && before[i].most == 1 &&
                 std::any_of(before.begin() + 1, before.end(), [](const RegexItem &item) { return item.least > 0; });
    if (before[i].least != before[i].most && !before[i].possessive && !leads)
      *variable |= *before[i].set;
  }
  if (variable->none())
    return true;
  return std::all_of(group.begin(), group.end(), [&](const RegexSequence &sequence) {
    return sequence.empty() || (sequence[0].least > 0 && (*sequence[0].set & *variable).none());
  });
}

bool Parser::append(Regex &sequences, const Regex &group) {
  Regex product;
  for (const RegexSequence &before : sequences) {
    if (!canMultiply(before, group))
      return fail("a group of alternatives after a repetition of the same characters is not supported");
    for (const RegexSequence &after : group) {
      product.push_back(before);
      product.back().insert(product.back().end(), after.begin(), after.end());
      if (product.back().size() > EDGELM_TOKENIZER_MAX_ITEMS)
        return fail(tooManyParts);
    }
    if (product.size() > 256)
      return fail("more than 256 alternatives after multiplying groups out");
  }
  sequences = std::move(product);
  return true;
}

bool Parser::parseSequences(Regex &sequences, bool ignoreCase, int depth) {
  while (!atEnd() && peek() != '|' && peek() != ')') {
    if (take("(?i)")) {
      ignoreCase = true;
      continue;
    }
    RegexItem item;
    if (peek() == '(') {
      Regex group;
      if (!parseGroup(group, ignoreCase, depth))
        return false;
      bool single = group.size() == 1 && group[0].size() == 1 && group[0][0].least == 1 && group[0][0].most == 1;
      if (!single || group[0][0].kind != RegexItem::Consume) {
        if (take('?'))
          group.push_back({});
        if (peek() == '*' || peek() == '+' || peek() == '{' || peek() == '?')
          return fail("a repeated group is not supported");
        if (!append(sequences, group))
          return false;
        continue;
      }
      item = group[0][0];
    } else if (!parseCharacter(item.set, ignoreCase)) {
      return false;
    }
    if (!parseCount(item) || !append(sequences, {{item}}))
      return false;
  }
  return true;
}

bool Parser::parseGroup(Regex &group, bool ignoreCase, int depth) {
  RegexItem::Kind kind = RegexItem::Consume;
  if (take("(?!"))
    kind = RegexItem::NotAhead;
  else if (take("(?="))
    kind = RegexItem::Ahead;
  else if (take("(?i:"))
    ignoreCase = true;
  else if (!take("(?:")) {
    if (peek(1) == '?')
      return fail("this kind of group is not supported; supported: (?:  (?i:  (?=  (?!");
    take('(');
  }
  if (!parseAlternatives(group, ignoreCase, depth + 1))
    return false;
  if (!take(')'))
    return fail("'(' without ')'");
  if (kind == RegexItem::Consume)
    return true;
  RegexItem ahead;
  std::shared_ptr<CharSet> set = std::make_shared<CharSet>();
  for (const RegexSequence &sequence : group) {
    if (sequence.size() != 1 || sequence[0].kind != RegexItem::Consume || sequence[0].least == 0)
      return fail("look-ahead for more than one character is not supported");
    *set |= *sequence[0].set;
  }
  ahead.set = set;
  ahead.kind = kind;
  ahead.least = ahead.most = 0;
  group = {{ahead}};
  return true;
}

bool Parser::parseCharacter(CharSetPtr &set, bool ignoreCase) {
  uint32_t c = peek();
  if (c == '[')
    return parseClass(set, ignoreCase, 0);
  if (c == '*' || c == '+' || c == '?')
    return fail("a count without something to count");
  if (c == '^' || c == '$')
    return fail("anchors are not supported");
  ++pos;
  if (c == '.') {
    set = negated(characterSet('\n', false));
    return true;
  }
  if (c != '\\') {
    set = characterSet(c, ignoreCase);
    return true;
  }
  uint32_t character = 0;
  if (!parseEscape(set, character))
    return false;
  if (!set)
    set = characterSet(character, ignoreCase);
  return true;
}

/// After a backslash: either a set or one character.
bool Parser::parseEscape(CharSetPtr &set, uint32_t &character) {
  uint32_t c = peek();
  if (atEnd())
    return fail("a backslash at the end");
  ++pos;
  switch (c) {
  case 's':
    set = spaceSet();
    return true;
  case 'S':
    set = negated(spaceSet());
    return true;
  case 'd':
    set = categorySet("Nd");
    return true;
  case 'D':
    set = negated(categorySet("Nd"));
    return true;
  case 'w':
    set = wordSet();
    return true;
  case 'W':
    set = negated(wordSet());
    return true;
  case 'r':
    character = '\r';
    return true;
  case 'n':
    character = '\n';
    return true;
  case 't':
    character = '\t';
    return true;
  case 'f':
    character = '\f';
    return true;
  case 'v':
    character = '\v';
    return true;
  default:
    break;
  }
  if (c == 'p' || c == 'P') {
    std::string name;
    if (!take('{'))
      return fail("\\p without '{'");
    bool negate = (c == 'P') != take('^');
    while (!atEnd() && peek() != '}')
      appendUtf8(pattern[pos++], name);
    if (!take('}'))
      return fail("\\p{ without '}'");
    set = categorySet(name);
    if (!set)
      return fail("the property '" + name + "' is not supported; supported: general categories such as L, Lu, N, P");
    if (negate)
      set = negated(set);
    return true;
  }
  if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
    return fail("the escape '\\" + std::string(1, char(c)) + "' is not supported");
  character = c;
  return true;
}

bool Parser::parseClass(CharSetPtr &result, bool ignoreCase, int depth) {
  std::shared_ptr<CharSet> set = std::make_shared<CharSet>(), letters = std::make_shared<CharSet>();
  take('[');
  bool negate = take('^');
  for (bool first = true; first || peek() != ']'; first = false) {
    if (atEnd())
      return fail("'[' without ']'");
    if ((peek() == '[' && peek(1) == ':') || (peek() == '&' && peek(1) == '&'))
      return fail("a named class and '&&' inside a class are not supported");
    CharSetPtr part;
    if (peek() == '[') { // is joined with the others
      if (depth == maxClassDepth)
        return fail("classes are nested deeper than " + std::to_string(maxClassDepth));
      if (!parseClass(part, ignoreCase, depth + 1))
        return false;
      *set |= *part;
      continue;
    }
    uint32_t from = pattern[pos++];
    if (from == '\\' && !parseEscape(part, from))
      return false;
    if (part) {
      *set |= *part;
      continue;
    }
    uint32_t to = from;
    if (peek() == '-' && pos + 1 < pattern.size() && peek(1) != ']') {
      ++pos;
      to = pattern[pos++];
      if (to == '\\' && (!parseEscape(part, to) || part))
        return fail("a range must end with a character");
      if (to < from)
        return fail("a range whose end is before its start");
    }
    for (uint32_t c = from; c <= to; ++c)
      letters->set(c);
  }
  take(']');
  *set |= ignoreCase ? *caselessSet(*letters) : *letters;
  if (negate)
    set->flip();
  result = set;
  return true;
}

bool Parser::parseNumber(uint32_t &number) {
  if (peek() < '0' || peek() > '9')
    return fail("expected a number in a count");
  for (number = 0; peek() >= '0' && peek() <= '9'; ++pos) {
    number = number * 10 + (peek() - '0');
    if (number > 1000000)
      return fail("a count above 1000000");
  }
  return true;
}

bool Parser::parseCount(RegexItem &item) {
  if (take('?')) {
    item.least = 0;
  } else if (take('*')) {
    item.least = 0;
    item.most = RegexItem::unlimited;
  } else if (take('+')) {
    item.most = RegexItem::unlimited;
  } else if (peek() == '{' && peek(1) >= '0' && peek(1) <= '9') {
    ++pos;
    if (!parseNumber(item.least))
      return false;
    item.most = item.least;
    if (take(',')) {
      item.most = RegexItem::unlimited;
      if (peek() != '}' && !parseNumber(item.most))
        return false;
    }
    if (!take('}') || item.most < item.least || item.most == 0)
      return fail("expected a count such as {1,3}");
  } else {
    return true;
  }
  if (take('+'))
    item.possessive = true;
  else if (peek() == '?' || peek() == '*')
    return fail("lazy counts are not supported");
  return true;
}

bool edgelm::tokenizer::parseRegex(const std::string &pattern, Regex &result, std::string &error) {
  std::vector<uint32_t> characters;
  if (!decodeUtf8(pattern, characters)) {
    error = "the pattern is not UTF-8";
    return false;
  }
  result.clear();
  if (!Parser(std::move(characters), error).parse(result))
    return false;
  for (const RegexSequence &sequence : result) {
    if (std::any_of(sequence.begin(), sequence.end(), [](const RegexItem &item) { return item.least > 0; }))
      continue;
    error = "the pattern matches the empty text";
    return false;
  }
  return true;
}

bool edgelm::tokenizer::literalRegex(const std::string &text, Regex &result, std::string &error) {
  std::vector<uint32_t> characters;
  if (!decodeUtf8(text, characters) || characters.empty()) {
    error = "the text to split at is empty or not UTF-8";
    return false;
  }
  result = {{}};
  if (characters.size() > EDGELM_TOKENIZER_MAX_ITEMS) {
    error = tooManyParts;
    return false;
  }
  for (uint32_t c : characters) {
    RegexItem item;
    item.set = characterSet(c, false);
    result[0].push_back(item);
  }
  return true;
}
