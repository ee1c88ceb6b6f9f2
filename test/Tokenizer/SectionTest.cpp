// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Sections of a conversation: text cut at a special token by the caller has the ids that it has when the tokenizer cuts it.
#include "TinyTokenizer.h"

using namespace edgelm;

static Ids section(TestTokenizer &tok, const std::string &text, uint32_t place) {
  std::vector<char> input(text.begin(), text.end());
  std::vector<uint32_t> scratch(tok.scratchBytes / 4);
  Ids ids(text.size() * 4 + 16);
  size_t count = 0;
  tok.status = edgelm_tokenizer_encode_section(tok.compiled.blob.data(), tok.compiled.blob.size(), input.data(),
                                               input.size(), ids.data(), ids.size(), &count, scratch.data(),
                                               scratch.size() * 4, EDGELM_PLAIN_TEXT, place);
  EXPECT_EQ(tok.status, EDGELM_OK) << text;
  ids.resize(count);
  return ids;
}

/// `special` as the whole text has it between the parts of `alphabet`.
static void expectSections(TestTokenizer &tok, const std::string &special, int32_t id,
                           const std::vector<std::string> &alphabet) {
  uint32_t random = 1;
  auto randomText = [&] {
    std::string text;
    for (uint32_t count = (random = random * 1664525 + 1013904223) >> 29; count > 0; --count)
      text += alphabet[((random = random * 1664525 + 1013904223) >> 16) % alphabet.size()];
    return text;
  };
  for (int trial = 0; trial < 400; ++trial) {
    const std::string before = randomText(), behind = randomText();
    Ids ids;
    if (!before.empty())
      ids = section(tok, before, EDGELM_PLACE_START);
    ids.push_back(id);
    const Ids rest = behind.empty() ? Ids() : section(tok, behind, EDGELM_PLACE_AFTER_TOKEN);
    ids.insert(ids.end(), rest.begin(), rest.end());
    ASSERT_EQ(ids, tok.encode(before + special + behind)) << before << special << behind;
  }
}

TEST(Section, IsCutAsTheTokenizerCuts) {
  struct Case {
    nlohmann::json json;
    const char *special;
    int32_t id;
  };
  nlohmann::json characters = tinyCharacters(), first = tinyCharacters();
  characters["added_tokens"][0]["normalized"] = false;
  first["added_tokens"][0]["normalized"] = false;
  first["normalizer"] = nullptr;
  first["pre_tokenizer"] = {{"type", "Metaspace"}, {"replacement", "▁"}, {"prepend_scheme", "first"}, {"split", false}};
  nlohmann::json prefix = tinyTokenizer();
  prefix["pre_tokenizer"]["add_prefix_space"] = true;
  const Case cases[] = {{tinyTokenizer(), "<s>", 11}, {prefix, "<s>", 11},    {tinyWordPiece(), "[SEP]", 2},
                        {tinyUnigram(), "</s>", 7},   {characters, "<s>", 1}, {first, "<s>", 1}};
  for (const Case &one : cases) {
    TestTokenizer tok;
    ASSERT_TRUE(tok.parse(one.json.dump())) << tok.error;
    expectSections(tok, one.special, one.id, {"a", "b", "ab", " ", "  ", "c", "'s", "1"});
  }
}

TEST(Section, OfTheBundledModel) {
  TestTokenizer tok;
  ASSERT_TRUE(tok.load(bundledTokenizer())) << tok.error;
  expectSections(tok, "<|endoftext|>", 0, {"user", "\n", " ", "Hello", "'ll", "12", "é", "\xf0\x9f\x98\x80", "\xff"});
}

// The template's tokens are cut by the caller: what a section spells is text.
TEST(Section, SpellsSpecialTokensOut) {
  TestTokenizer tok;
  ASSERT_TRUE(tok.parse(tinyTokenizer().dump()));
  EXPECT_EQ(tok.encode("a<s>a"), (Ids{0, 11, 0}));
  // "<" and ">" have no piece of their own.
  EXPECT_EQ(section(tok, "a<s>a", EDGELM_PLACE_START), (Ids{0, 6, 0}));
}

// What goes on behind other text has no prefix of its own.
TEST(Section, InsideHasNoPrefix) {
  TestTokenizer tok;
  nlohmann::json json = tinyCharacters();
  json["added_tokens"][0]["normalized"] = false;
  ASSERT_TRUE(tok.parse(json.dump()));
  EXPECT_EQ(section(tok, "ab", EDGELM_PLACE_START), (Ids{7}));
  EXPECT_EQ(section(tok, "ab", EDGELM_PLACE_AFTER_TOKEN), (Ids{7}));
  EXPECT_EQ(section(tok, "ab", EDGELM_PLACE_INSIDE), (Ids{6}));
  EXPECT_EQ(section(tok, " ab", EDGELM_PLACE_INSIDE), (Ids{7}));
  ASSERT_TRUE(tok.parse(tinyUnigram().dump()));
  EXPECT_EQ(section(tok, "ab", EDGELM_PLACE_INSIDE), tok.encode("ab")); // each word gets it
}
