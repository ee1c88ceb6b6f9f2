// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reads the regular expressions of pre-tokenizers into the flat form that the runtime matches.
#pragma once

#include "Codegen/Tokenizer/Unicode.h"

namespace edgelm::tokenizer {

/// A set of characters and how many of it.
struct RegexItem {
  enum Kind { Consume, Ahead, NotAhead };
  CharSetPtr set;
  uint32_t least = 1, most = 1; ///< most may be `unlimited`
  Kind kind = Consume;
  bool possessive = false;
  static constexpr uint32_t unlimited = 0xffffffffu;
};
using RegexSequence = std::vector<RegexItem>;
/// Alternatives in the order in which they are tried.
using Regex = std::vector<RegexSequence>;

/// Reads a pattern in the syntax of Oniguruma. Supported: alternatives, groups (?:...) and (?i:...), optional groups,
/// classes, \s \S \d \D \w \W \p{category} \P{category}, greedy and possessive counts, one-character look-ahead.
/// Groups are multiplied out. Returns false and what is not supported, with its place in the pattern.
bool parseRegex(const std::string &pattern, Regex &result, std::string &error);

/// The expression that matches a text literally.
bool literalRegex(const std::string &text, Regex &result, std::string &error);

} // namespace edgelm::tokenizer
