// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One rule of encoding a test, on tokenizers of a few pieces.
#include "TinyTokenizer.h"

using namespace edgelm;

static TestTokenizer parsed(const nlohmann::json &json) {
  TestTokenizer tok;
  EXPECT_TRUE(tok.parse(json.dump())) << tok.error;
  return tok;
}

TEST(Merges, take_the_lowest_rank_first) {
  TestTokenizer tok = parsed(tinyTokenizer());
  EXPECT_EQ(tok.encode("abc"), (Ids{0, 10})); // "b c" comes before "a b"
  EXPECT_EQ(tok.encode(" ab"), (Ids{9}));
  EXPECT_EQ(tok.encode("ab ab"), (Ids{7, 9}));
}

TEST(Merges, of_a_pair_listed_twice_count_from_the_last) {
  nlohmann::json json = tinyTokenizer();
  json["model"]["merges"].push_back("b c");
  EXPECT_EQ(parsed(json).encode("abc"), (Ids{7, 2}));
}

TEST(Merges, may_be_written_as_pairs) {
  nlohmann::json json = tinyTokenizer();
  json["model"]["merges"] = nlohmann::json::parse(R"([["b", "c"], ["a", "b"]])");
  EXPECT_EQ(parsed(json).encode("abc"), (Ids{0, 10}));
}

TEST(Merges, are_not_needed_for_a_whole_word_if_the_model_says_so) {
  nlohmann::json json = tinyTokenizer();
  json["model"]["vocab"]["abc"] = 12;
  EXPECT_EQ(parsed(json).encode("abc"), (Ids{0, 10}));
  json["model"]["ignore_merges"] = true;
  EXPECT_EQ(parsed(json).encode("abc"), (Ids{12}));
}

TEST(Bytes, without_a_piece_are_dropped_or_unknown) {
  nlohmann::json json = tinyTokenizer();
  EXPECT_EQ(parsed(json).encode("axb"), (Ids{7})); // what is left meets, as in Hugging Face's library
  json["model"]["unk_token"] = "s";
  EXPECT_EQ(parsed(json).encode("axb"), (Ids{0, 6, 1}));
}

TEST(PrefixSpace, comes_before_each_section_that_has_none) {
  TestTokenizer tok = parsed(tinyWith("/pre_tokenizer/add_prefix_space", true));
  EXPECT_EQ(tok.encode(""), Ids{});
  EXPECT_EQ(tok.encode("ab"), (Ids{9}));
  EXPECT_EQ(tok.encode(" ab"), (Ids{9}));
  EXPECT_EQ(tok.encode("1"), (Ids{3, 5}));
  EXPECT_EQ(tok.encode("ab<s>ab<s>"), (Ids{9, 11, 9, 11}));
  EXPECT_EQ(tok.encode(std::string(50, 'a')).size(), 50u); // longer than what is merged on the stack
}

TEST(PreTokenizer, cuts_contractions_numbers_and_spaces) {
  TestTokenizer tok = parsed(tinyTokenizer());
  EXPECT_EQ(tok.encode("a's"), (Ids{0, 4, 6}));
  EXPECT_EQ(tok.encode("a  ab"), (Ids{0, 3, 9})); // the last space goes with the word
  EXPECT_EQ(tok.encode("ab1"), (Ids{7, 5}));
}

/// Words are pieces of the vocabulary, taken whole; anything cut elsewhere falls apart into letters.
static void expectWords(const nlohmann::json &preTokenizer, const std::vector<std::string> &words) {
  nlohmann::json vocab = nlohmann::json::object();
  std::string letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'!.,/";
  for (char letter : letters)
    vocab[std::string(1, letter)] = vocab.size();
  vocab["Ġ"] = vocab.size();
  vocab["Ċ"] = vocab.size();
  std::string text;
  Ids expected;
  for (const std::string &word : words) {
    std::string spelled;
    for (char c : word)
      spelled += c == ' ' ? "Ġ" : c == '\n' ? "Ċ" : std::string(1, c);
    if (!vocab.contains(spelled))
      vocab[spelled] = vocab.size();
    expected.push_back(vocab[spelled]);
    text += word;
  }
  nlohmann::json json = tinyTokenizer();
  json["pre_tokenizer"] = preTokenizer;
  json["added_tokens"] = nlohmann::json::array();
  json["model"] = {{"type", "BPE"}, {"vocab", vocab}, {"merges", nlohmann::json::array()}, {"ignore_merges", true}};
  EXPECT_EQ(parsed(json).encode(text), expected) << text;
}

static nlohmann::json splitBy(const std::vector<std::string> &patterns, const char *behavior = "Isolated") {
  nlohmann::json steps = nlohmann::json::array();
  for (const std::string &pattern : patterns)
    steps.push_back({{"type", "Split"}, {"pattern", {{"Regex", pattern}}}, {"behavior", behavior}, {"invert", false}});
  steps.push_back({{"type", "ByteLevel"}, {"add_prefix_space", false}, {"use_regex", false}});
  return {{"type", "Sequence"}, {"pretokenizers", steps}};
}

// The patterns below were compared with Perl's on random texts; these are cases that tell them apart.
TEST(Split, by_the_pattern_of_llama3) {
  expectWords(splitBy({R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|)"
                       R"(\s*[\r\n]+|\s+(?!\S)|\s+)"}),
              {"I", "'LL", " go", " ", " at", " ", "123", "45", "!!\n\n", "  ", " x", " \n\n", ".a", " ,"});
}

TEST(Split, by_the_pattern_of_o200k) {
  expectWords(splitBy({R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+)"
                       R"((?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+)"
                       R"([\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}|)"
                       R"( ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)"}),
              {"Camel", "Case", " ABC's", "Def's", " it're", "'x", ".//\n", " HTMl"});
}

TEST(Split, by_the_pattern_of_bloom) {
  expectWords(splitBy({R"( ?[^(\s|[.,!?…。，、।۔،])]+)"}), {"Hi", " (", "there", ",", " you", "|."});
}

TEST(Split, behind_bytes_as_falcon_does) {
  nlohmann::json digits = {{"type", "Digits"}, {"individual_digits", false}};
  nlohmann::json threes = {{"type", "Split"}, {"pattern", {{"Regex", "[0-9][0-9][0-9]"}}}, {"behavior", "Isolated"}};
  expectWords({{"type", "Sequence"},
               {"pretokenizers",
                {{{"type", "Punctuation"}, {"behavior", "Contiguous"}},
                 {{"type", "ByteLevel"}, {"add_prefix_space", false}},
                 digits,
                 threes}}},
              {"ab", " ", "123", "45", "!?", "x", " y", "6"});
}

// The superscript two is C2 B2, and B2 is spelled by a superscript two, which is a digit.
TEST(Split, behind_bytes_reads_the_stand_ins_of_bytes) {
  nlohmann::json json = tinyWith("/pre_tokenizer", {{"type", "Sequence"},
                                                    {"pretokenizers",
                                                     {{{"type", "ByteLevel"}, {"add_prefix_space", false}},
                                                      {{"type", "Digits"}, {"individual_digits", false}}}}});
  json["model"]["vocab"].update({{"Â", 12}, {"²", 13}, {"Â²", 14}});
  json["model"]["merges"].push_back("Â ²");
  EXPECT_EQ(parsed(json).encode("\u00b2"), (Ids{12, 13}));
  json["pre_tokenizer"]["pretokenizers"].erase(1);
  EXPECT_EQ(parsed(json).encode("\u00b2"), (Ids{14}));
}

TEST(Split, in_steps_that_cut_the_pieces_of_the_step_before) {
  expectWords(splitBy({R"(\p{N}{1,3})", R"([A-Z]+)", R"( ?\p{L}+|\s+)"}), {"ab", "123", "4", "XYZ", "c", " d", " "});
}

TEST(Split, with_possessive_counts) {
  expectWords(splitBy({R"([^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+|\s++(?!\S)|\s)"}),
              {"ab", " c", "123", "4", " ", " d"});
}

TEST(Split, removes_what_it_matches) {
  nlohmann::json pre = splitBy({"[,.]+"}, "Removed");
  nlohmann::json json = tinyWith("/pre_tokenizer", pre);
  json["model"]["vocab"][","] = 12;
  EXPECT_EQ(parsed(json).encode("a,,b"), (Ids{0, 1}));
  json["pre_tokenizer"]["pretokenizers"][0]["invert"] = true;
  EXPECT_EQ(parsed(json).encode("a,,b"), (Ids{12, 12}));
}

TEST(Split, at_a_text_or_digits) {
  expectWords({{"type", "Sequence"},
               {"pretokenizers",
                {{{"type", "Digits"}, {"individual_digits", true}},
                 {{"type", "Split"}, {"pattern", {{"String", "a.b"}}}, {"behavior", "Isolated"}},
                 {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"use_regex", false}}}}},
              {"x", "a.b", "acb", "1", "2", "!"});
}

static TestTokenizer withAdded(std::vector<nlohmann::json> tokens) {
  nlohmann::json json = tinyTokenizer();
  for (nlohmann::json &token : tokens)
    json["added_tokens"].push_back(token);
  return parsed(json);
}

TEST(AddedTokens, are_matched_leftmost_then_longest) {
  TestTokenizer tok = withAdded({addedToken(12, "<s>a"), addedToken(13, "ss"), addedToken(14, "sss")});
  EXPECT_EQ(tok.encode("<s>b<s>ab"), (Ids{11, 1, 12, 1}));
  EXPECT_EQ(tok.encode("ssss<s"), (Ids{14, 6, 6})); // '<' has no piece
}

TEST(AddedTokens, take_white_space_that_they_strip) {
  nlohmann::json left = addedToken(12, "[L]"), right = addedToken(13, "[R]");
  left["lstrip"] = right["rstrip"] = true;
  TestTokenizer tok = withAdded({left, right});
  EXPECT_EQ(tok.encode("a \n[L] a"), (Ids{0, 12, 8}));
  EXPECT_EQ(tok.encode("a [R]\u00a0 a"), (Ids{0, 3, 13, 0}));
  EXPECT_EQ(tok.encode("[R] [L]"), (Ids{13, 12}));
}

TEST(AddedTokens, of_single_words_touch_no_letter) {
  nlohmann::json word = addedToken(12, "cb");
  word["single_word"] = true;
  TestTokenizer tok = withAdded({word});
  EXPECT_EQ(tok.encode("cb"), (Ids{12}));
  EXPECT_EQ(tok.encode("'cb' acb cba"), (Ids{4, 12, 4, 8, 2, 1, 3, 2, 1, 0}));
  EXPECT_EQ(tok.encode("écb"), (Ids{2, 1})); // é has no pieces here, but is a letter
}

TEST(AddedTokens, in_plain_text_are_no_special_tokens) {
  TestTokenizer tok = withAdded({addedToken(12, "ss")});
  EXPECT_EQ(tok.encode("a<s>ss"), (Ids{0, 11, 12}));
  EXPECT_EQ(tok.encode("a<s>ss", EDGELM_PLAIN_TEXT), (Ids{0, 6, 12}));
}

TEST(AddedTokens, may_be_matched_in_normalized_text) {
  nlohmann::json json = tinyWith("/normalizer", {{"type", "NFC"}});
  nlohmann::json token = addedToken(12, "e\u0301"); // decomposed in the file
  token["normalized"] = true;
  json["added_tokens"].push_back(token);
  TestTokenizer tok = parsed(json);
  EXPECT_EQ(tok.encode("a\u00e9b"), (Ids{0, 12, 1}));
  EXPECT_EQ(tok.encode("ae\u0301b"), (Ids{0, 12, 1}));
  token["normalized"] = false;
  json["added_tokens"].back() = token;
  EXPECT_EQ(parsed(json).encode("a\u00e9b"), (Ids{7})); // raw text holds no such token, é no piece
}

TEST(PostProcessor, puts_ids_round_the_text) {
  nlohmann::json token = {{"SpecialToken", {{"id", "x"}}}}, text = {{"Sequence", {{"id", "A"}}}};
  nlohmann::json inner = {{"type", "TemplateProcessing"},
                          {"single", {token, text, token}},
                          {"special_tokens", {{"x", {{"ids", {11, 6}}}}}}};
  TestTokenizer tok = parsed(tinyWith("/post_processor", inner));
  EXPECT_EQ(tok.encode("a", EDGELM_ADD_SPECIAL), (Ids{11, 6, 0, 11, 6}));
  EXPECT_EQ(tok.encode("a"), (Ids{0}));
  EXPECT_EQ(tok.compiled.bosId, std::optional<uint32_t>(11));
  nlohmann::json outer = {{"type", "BertProcessing"}, {"cls", {"<s>", 11}}, {"sep", {"b", 1}}};
  nlohmann::json both = {{"type", "Sequence"}, {"processors", {inner, {{"type", "ByteLevel"}}, outer}}};
  EXPECT_EQ(parsed(tinyWith("/post_processor", both)).encode("", EDGELM_ADD_SPECIAL), (Ids{11, 11, 6, 11, 6, 1}));
}

static Ids pairOf(TestTokenizer tok) {
  Ids ids = tok.encode("a", EDGELM_ADD_SPECIAL), second = tok.encode("b", EDGELM_ADD_SPECIAL | EDGELM_SECOND_TEXT);
  ids.insert(ids.end(), second.begin(), second.end());
  return tok.status ? Ids() : ids;
}

TEST(PostProcessor, puts_a_second_text_behind_the_first) {
  using Type = std::optional<uint32_t>;
  nlohmann::json ends = {{"type", "BertProcessing"}, {"cls", {"<s>", 11}}, {"sep", {"c", 2}}};
  EXPECT_EQ(pairOf(parsed(tinyWith("/post_processor", ends))), (Ids{11, 0, 2, 1, 2}));
  EXPECT_EQ(parsed(tinyWith("/post_processor", ends)).compiled.secondType, Type(1));
  ends["type"] = "RobertaProcessing";
  EXPECT_EQ(pairOf(parsed(tinyWith("/post_processor", ends))), (Ids{11, 0, 2, 2, 1, 2}));
  EXPECT_EQ(parsed(tinyWith("/post_processor", ends)).compiled.secondType, Type(0));
  // Without a template the texts follow each other.
  EXPECT_EQ(pairOf(parsed(tinyTokenizer())), (Ids{0, 1}));
  EXPECT_EQ(parsed(tinyTokenizer()).compiled.secondType, Type(1));
}

TEST(PostProcessor, takes_pairs_that_start_as_a_single_text_does) {
  auto token = [](int type) { return nlohmann::json{{"SpecialToken", {{"id", "x"}, {"type_id", type}}}}; };
  auto text = [](const char *name, int type) {
    return nlohmann::json{{"Sequence", {{"id", name}, {"type_id", type}}}};
  };
  nlohmann::json node = {{"type", "TemplateProcessing"},
                         {"single", {token(0), text("A", 0)}},
                         {"pair", {token(0), text("A", 0), token(1), text("B", 1), token(1)}},
                         {"special_tokens", {{"x", {{"ids", {11}}}}}}};
  EXPECT_EQ(pairOf(parsed(tinyWith("/post_processor", node))), (Ids{11, 0, 11, 1, 11}));
  nlohmann::json other = node;
  other["pair"][2] = token(0); // two types behind the first text
  EXPECT_EQ(parsed(tinyWith("/post_processor", other)).compiled.secondType, std::nullopt);
  other = node;
  other["pair"][0] = text("B", 0);
  TestTokenizer tok = parsed(tinyWith("/post_processor", other));
  EXPECT_EQ(pairOf(tok), Ids());
  tok.encode("b", EDGELM_SECOND_TEXT);
  EXPECT_EQ(tok.status, EDGELM_UNSUPPORTED);
}

TEST(Decode, gives_bytes_and_hides_special_tokens) {
  TestTokenizer tok = withAdded({addedToken(12, "e\u0301")});
  EXPECT_EQ(tok.decode({9, 11, 12}), " ab<s>e\u0301");
  EXPECT_EQ(tok.decode({9, 11, 12}, 0), " abe\u0301");
  tok.decode({13});
  EXPECT_EQ(tok.status, EDGELM_INVALID_TOKEN);
  tok.decode({-1});
  EXPECT_EQ(tok.status, EDGELM_INVALID_TOKEN);
  char out[2];
  size_t bytes = 0;
  EXPECT_EQ(edgelm_tokenizer_piece(tok.compiled.blob.data(), tok.compiled.blob.size(), 9, out, 2, &bytes, 0),
            EDGELM_BUFFER_TOO_SMALL);
  EXPECT_EQ(bytes, 3u);
}

TEST(Encode, says_how_many_ids_it_needs) {
  TestTokenizer tok = parsed(tinyTokenizer());
  EXPECT_EQ(tok.encode("ab ab", 0, 1), Ids{});
  EXPECT_EQ(tok.status, EDGELM_BUFFER_TOO_SMALL);
  EXPECT_EQ(tok.needed, 2u);
  tok.encode("ab ab", 0, 0);
  EXPECT_EQ(tok.needed, 2u);
  EXPECT_EQ(tok.encode("ab ab", 0, 2), (Ids{7, 9}));
}
