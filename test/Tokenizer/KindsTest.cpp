// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One rule a test of WordPiece, Unigram and byte-pair encoding of characters, and of what stands before and behind.
#include "TinyTokenizer.h"

using namespace edgelm;

static TestTokenizer parsed(const nlohmann::json &json) {
  TestTokenizer tok;
  EXPECT_TRUE(tok.parse(json.dump())) << tok.error;
  return tok;
}

TEST(WordPiece, takes_the_longest_pieces_from_the_left) {
  TestTokenizer tok = parsed(tinyWordPiece());
  EXPECT_EQ(tok.encode("unable able ab"), (Ids{3, 4, 8, 5, 6}));
  EXPECT_EQ(tok.encode("unab"), (Ids{0})); // "##a" is no piece: the whole word is unknown
  EXPECT_EQ(tok.encode("a", EDGELM_ADD_SPECIAL), (Ids{1, 5, 2}));
}

TEST(WordPiece, does_not_look_at_words_that_are_too_long) {
  TestTokenizer tok = parsed(tinyWordPiece());
  EXPECT_EQ(tok.encode("abbbbbbb"), (Ids{5, 6, 6, 6, 6, 6, 6, 6}));
  EXPECT_EQ(tok.encode("abbbbbbbb"), (Ids{0})); // 9 characters
}

TEST(WordPiece, is_decoded_with_spaces_between_words) {
  TestTokenizer tok = parsed(tinyWordPiece());
  EXPECT_EQ(tok.decode({1, 3, 4, 8, 7, 2}), "[CLS] unable able. [SEP]");
  EXPECT_EQ(tok.decode({1, 3, 4, 8, 7, 2}, 0), "unable able.");
  EXPECT_EQ(tok.decode({4, 4, 10}), "##ableablen't"); // the first piece stays as it is
  nlohmann::json json = tinyWordPiece();
  json["decoder"]["cleanup"] = false;
  EXPECT_EQ(parsed(json).decode({8, 7}), "able .");
}

TEST(BertNormalizer, cleans_spaces_strips_and_lowers) {
  TestTokenizer tok = parsed(tinyWordPiece());
  EXPECT_EQ(tok.encode("A\u0301\u200bB\u00a0\u00c1.\ta"), (Ids{5, 6, 5, 7, 5}));
  EXPECT_EQ(tok.encode("a\u4e2da"), (Ids{5, 9, 5}));
  nlohmann::json cased = tinyWordPiece();
  cased["normalizer"]["lowercase"] = false;
  EXPECT_EQ(parsed(cased).encode("A a"), (Ids{0, 5}));
  EXPECT_EQ(parsed(cased).encode("\u00e1"), (Ids{0})); // without lower case accents stay, unless asked for
  cased["normalizer"]["strip_accents"] = true;
  EXPECT_EQ(parsed(cased).encode("\u00e1"), (Ids{5}));
}

TEST(BertNormalizer, refuses_a_vocabulary_whose_marks_it_would_have_to_sort) {
  nlohmann::json json = tinyWordPiece();
  json["model"]["vocab"]["\u302e"] = 11;
  TestTokenizer tok;
  EXPECT_FALSE(tok.parse(json.dump()));
  EXPECT_NE(tok.error.find("combining mark"), std::string::npos) << tok.error;
}

TEST(Unigram, takes_the_pieces_of_the_greatest_sum) {
  TestTokenizer tok = parsed(tinyUnigram());
  EXPECT_EQ(tok.encode("ab"), (Ids{5}));         // -6.75 before -2 -5
  EXPECT_EQ(tok.encode("abab"), (Ids{1, 2, 6})); // -2 -3 -6 before -6.75 -5
  EXPECT_EQ(tok.encode("a\u2581b"), (Ids{1, 2, 1, 3}));
  EXPECT_EQ(tok.encode(" ab \n ab "), (Ids{5, 5}));
}

TEST(Unigram, joins_unknown_characters) {
  TestTokenizer tok = parsed(tinyUnigram());
  EXPECT_EQ(tok.encode("xyza x"), (Ids{1, 0, 2, 1, 0}));
}

TEST(Unigram, normalizes_by_the_charsmap) {
  TestTokenizer tok = parsed(tinyUnigram());
  EXPECT_EQ(tok.encode("cb"), (Ids{5}));
  EXPECT_EQ(tok.encode("c\u0301b"), (Ids{5})); // a short cluster becomes what its first key becomes
  EXPECT_EQ(tok.encode("c\u0301\u0301\u0301b"), (Ids{1, 2, 0, 3})); // of 7 bytes: character by character
}

TEST(Unigram, is_decoded_without_the_first_space) {
  TestTokenizer tok = parsed(tinyUnigram());
  EXPECT_EQ(tok.decode({5, 5, 1, 3}), "ab ab b");
  EXPECT_EQ(tok.decode({1, 5}), " ab"); // an empty piece was the first one
  EXPECT_EQ(tok.decode({7, 5}, 0), "ab");
}

TEST(Unigram, of_words_that_exceed_the_scratch_says_so) {
  TestTokenizer tok = parsed(tinyUnigram());
  tok.scratchBytes = 256;
  tok.encode(std::string(300, 'a'));
  EXPECT_EQ(tok.status, EDGELM_INVALID_TEXT);
  tok.encode(std::string(100, 'a'));
  EXPECT_EQ(tok.status, EDGELM_OK);
}

TEST(Characters, are_merged_and_fall_back_to_bytes) {
  TestTokenizer tok = parsed(tinyCharacters());
  EXPECT_EQ(tok.encode("ab ab"), (Ids{7, 7}));
  EXPECT_EQ(tok.encode(" ab"), (Ids{2, 7})); // the prefix comes before any text
  EXPECT_EQ(tok.encode("a\u2581b"), (Ids{5, 2, 4}));
  EXPECT_EQ(tok.encode("\u00e9"), (Ids{2, 8 + 0xc3, 8 + 0xa9}));
}

TEST(Characters, without_a_fallback_are_unknown) {
  nlohmann::json json = tinyCharacters();
  json["model"]["byte_fallback"] = false;
  EXPECT_EQ(parsed(json).encode("axyb"), (Ids{5, 0, 4}));
  json["model"]["fuse_unk"] = false;
  EXPECT_EQ(parsed(json).encode("axyb"), (Ids{5, 0, 0, 4}));
}

TEST(Characters, of_any_number_take_no_more_scratch) {
  TestTokenizer tok = parsed(tinyCharacters());
  std::string text;
  for (int i = 0; i < 2000; ++i)
    text += "ab ";
  tok.scratchBytes = 64;
  EXPECT_EQ(tok.encode(text).size(), 2001u);
  text += "\u2581"; // which makes it pass through the window
  tok.scratchBytes = 1024;
  EXPECT_EQ(tok.encode(text).size(), 2002u);
}

TEST(Characters, match_normalized_tokens_behind_a_space) {
  TestTokenizer tok = parsed(tinyCharacters());
  EXPECT_EQ(tok.encode("<s>ab"), (Ids{1, 6}));
  EXPECT_EQ(tok.encode("ab <s>ab"), (Ids{7, 1, 6}));
  EXPECT_EQ(tok.encode("ab<s>").size(), 4u); // not a token there: three bytes
  EXPECT_EQ(tok.decode({7, 1, 7}), "ab <s> ab");
}

TEST(Characters, behind_metaspace_get_a_space_where_the_scheme_says) {
  nlohmann::json json = tinyCharacters();
  json["normalizer"] = nullptr;
  json["added_tokens"][0]["normalized"] = false;
  json["pre_tokenizer"] = {{"type", "Metaspace"}, {"replacement", "\u2581"}, {"prepend_scheme", "always"}};
  EXPECT_EQ(parsed(json).encode("ab<s>ab"), (Ids{7, 1, 7}));
  EXPECT_EQ(parsed(json).encode(" ab"), (Ids{7}));
  json["pre_tokenizer"]["prepend_scheme"] = "first";
  EXPECT_EQ(parsed(json).encode("ab<s>ab"), (Ids{7, 1, 6}));
  json["pre_tokenizer"]["prepend_scheme"] = "never";
  EXPECT_EQ(parsed(json).encode("ab<s>ab ab"), (Ids{6, 1, 6, 7}));
}
