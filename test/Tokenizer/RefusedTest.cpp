// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What is malformed or not supported is refused with one message that names the place and what would do.
#include "TinyTokenizer.h"

using namespace edgelm;

struct Refusal {
  const char *name, *pointer, *value, *message;
};

static const Refusal refusals[] = {
    {"other_model", "/model/type", R"("WordLevel")",
     "model.type: model 'WordLevel' is not supported; supported: 'BPE', 'Unigram', 'WordPiece'"},
    {"model_of_no_type", "/model", R"({"vocab": {"a": 0}})", "model: model 'WordLevel' (by its members"},
    {"wordpiece_of_bytes", "/model/type", R"("WordPiece")", "model: WordPiece behind a ByteLevel pre-tokenizer"},
    {"unigram_of_bytes", "/model", R"({"vocab": [["a", 0.5]], "unk_id": 0})",
     "model: Unigram behind a ByteLevel pre-tokenizer"},
    {"byte_fallback", "/model/byte_fallback", "true", "model.byte_fallback: BPE with byte fallback"},
    {"dropout", "/model/dropout", "0.1", "model.dropout: found 0.1"},
    {"affix", "/model/end_of_word_suffix", R"("</w>")", "model.end_of_word_suffix: found '</w>'"},
    {"vocab_not_object", "/model/vocab", "[]", "model.vocab: found array, expected an object"},
    {"vocab_empty", "/model/vocab", "{}", "model.vocab: is empty"},
    {"negative_id", "/model/vocab/a", "-1", "model.vocab: the id of 'a' is -1"},
    {"fractional_id", "/model/vocab/a", "0.5", "model.vocab: the id of 'a' is 0.5"},
    {"huge_id", "/model/vocab/a", "4000000000", "model.vocab: the id of 'a' is 4000000000"},
    {"id_beyond_64_bits", "/model/vocab/a", "1e30", "model.vocab: the id of 'a' is 1e"},
    {"same_id_twice", "/model/vocab/a", "1", "model.vocab: the id 1 of"},
    {"gap", "/model/vocab/zz", "20", "model.vocab: the id 12 has no piece, though ids go up to 20"},
    {"no_byte_pieces", "/model", R"({"type": "BPE", "vocab": {"hello": 0}, "merges": []})",
     "model.vocab: has no piece for any byte"},
    {"merges_missing", "/model/merges", "null", "model.merges: found null, expected an array"},
    {"merge_of_unknown_piece", "/model/merges/1", R"("a q")", "model.merges[1]: the merge of 'a' and 'q' names 'q'"},
    {"merge_to_unknown_piece", "/model/merges/1", R"(["b", "a"])", "names 'ba', which is not in the vocabulary"},
    {"merge_of_three", "/model/merges/0", R"(["a", "b", "c"])", "model.merges[0]: found 3 pieces, expected 2"},
    {"merge_of_one", "/model/merges/0", R"("ab")", "model.merges[0]: found 'ab', expected two pieces"},
    {"merge_number", "/model/merges/0", "7", "model.merges[0]: found number, expected a string"},
    {"other_normalizer", "/normalizer", R"({"type": "Sequence", "normalizers": [{"type": "Lowercase"}]})",
     "normalizer.normalizers[0].type: normalizer 'Lowercase' is not supported; supported: 'BertNormalizer', "
     "'NFC', 'Precompiled', 'Prepend', 'Replace', 'Sequence'"},
    {"two_normalizers", "/normalizer",
     R"({"type": "Sequence", "normalizers": [{"type": "NFC"}, {"type": "BertNormalizer"}]})",
     "normalizer: more than one of NFC, BertNormalizer and Precompiled"},
    {"prepend_alone", "/normalizer", R"({"type": "Prepend", "prepend": "\u2581"})", "normalizer: 'Prepend' without"},
    {"prepend_other", "/normalizer", R"({"type": "Prepend", "prepend": "_"})", "normalizer.prepend: found '_'"},
    {"replace_other", "/normalizer", R"({"type": "Replace", "pattern": {"String": "a"}, "content": "b"})",
     "normalizer: 'Replace' of 'a' by 'b' is not supported"},
    {"replace_pattern", "/normalizer", R"({"type": "Replace", "pattern": {"Regex": " +"}, "content": " "})",
     "normalizer.pattern: 'Replace' of a pattern is not supported"},
    {"charsmap", "/normalizer", R"({"type": "Precompiled", "precompiled_charsmap": "AQ=*"})", "is not base64"},
    {"charsmap_length", "/normalizer", R"({"type": "Precompiled", "precompiled_charsmap": "EAAAAAAA"})",
     "normalizer.precompiled_charsmap: its length"},
    {"meta_and_bytes", "/normalizer", R"({"type": "Replace", "pattern": {"String": " "}, "content": "\u2581"})",
     "pre_tokenizer: behind a normalizer that replaces ' '"},
    {"normalizer_string", "/normalizer", R"("NFC")", "normalizer: found string, expected an object"},
    {"no_pre_tokenizer", "/pre_tokenizer", "null", "decoder: there is no ByteLevel pre-tokenizer"},
    {"other_pre_tokenizer", "/pre_tokenizer/type", R"("Magic")", "pre-tokenizer 'Magic' is not supported"},
    {"metaspace", "/pre_tokenizer/type", R"("Metaspace")", "pre_tokenizer.replacement: found nothing"},
    {"metaspace_scheme", "/pre_tokenizer",
     R"({"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "last"})",
     "pre_tokenizer.prepend_scheme: 'last' is not supported"},
    {"metaspace_behind_digits", "/pre_tokenizer",
     R"({"type": "Sequence", "pretokenizers": [{"type": "Digits"}, {"type": "Metaspace", "replacement": "\u2581"}]})",
     "pre_tokenizer.pretokenizers[1]: 'Metaspace' behind another pre-tokenizer is not supported"},
    {"pre_tokenizer_flag", "/pre_tokenizer/use_regex", "3", "pre_tokenizer.use_regex: found number"},
    {"after_byte_level", "/pre_tokenizer",
     R"({"type": "Sequence", "pretokenizers": [{"type": "ByteLevel", "add_prefix_space": false}, {"type": "Whitespace"}]})",
     "pre_tokenizer.pretokenizers[1]: 'Whitespace' after ByteLevel is not supported; supported: 'Digits', 'Split'"},
    {"named_class", "/pre_tokenizer",
     R"({"type": "Split", "pattern": {"Regex": "[[:alpha:]]"}, "behavior": "Isolated"})",
     "a named class and '&&' inside a class are not supported"},
    {"nested_class", "/pre_tokenizer",
     R"({"type": "Split", "pattern": {"Regex": "[a[b[c[d[e[f]]]]]]"}, "behavior": "Isolated"})",
     "classes are nested deeper than 4"},
    {"pattern", "/pre_tokenizer", R"({"type": "Split", "pattern": {"Regex": "a(b"}, "behavior": "Isolated"})",
     "pre_tokenizer.pattern.Regex: '(' without ')' (at character 4 of the pattern)"},
    {"script", "/pre_tokenizer", R"({"type": "Split", "pattern": {"Regex": "\\p{Han}+"}, "behavior": "Isolated"})",
     "the property 'Han' is not supported"},
    {"lazy", "/pre_tokenizer", R"({"type": "Split", "pattern": {"Regex": "a+?"}, "behavior": "Isolated"})", "lazy"},
    {"empty_match", "/pre_tokenizer", R"({"type": "Split", "pattern": {"Regex": "a*"}, "behavior": "Isolated"})",
     "matches the empty text"},
    {"behavior", "/pre_tokenizer", R"({"type": "Split", "pattern": {"String": "a"}, "behavior": "MergedWithPrevious"})",
     "pre_tokenizer.behavior: 'MergedWithPrevious' is not supported"},
    {"added_not_array", "/added_tokens", "{}", "added_tokens: found object, expected an array"},
    {"added_id_taken", "/added_tokens/0/id", "3", "the id 3 of '<s>' belongs to another piece too"},
    {"added_id_contradicts", "/added_tokens/0/content", R"("ab")", "'ab' has id 11 here and 7 before"},
    {"added_id_far", "/added_tokens/0/id", "4000000000", "added_tokens[0].id: found 4000000000"},
    {"added_without_text", "/added_tokens/0/content", R"("")", "an added token without text"},
    {"other_post_processor", "/post_processor", R"({"type": "Magic"})", "post-processor 'Magic' is not supported"},
    {"template_id", "/post_processor",
     R"({"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "x"}}, {"Sequence": {"id": "A"}}],
         "special_tokens": {"x": {"ids": [12]}}})",
     "post_processor.special_tokens.x.ids[0]: found id 12, but the vocabulary has only 12 ids"},
    {"template_token", "/post_processor",
     R"({"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "x"}}], "special_tokens": {}})",
     "post_processor.special_tokens.x.ids: found nothing, expected an array"},
    {"template_text", "/post_processor", R"({"type": "TemplateProcessing", "single": [], "special_tokens": {}})",
     "post_processor.single: the template does not hold the text"},
    {"no_decoder", "/decoder", "null", "decoder: there is none"},
    {"other_decoder", "/decoder/type", R"("CTC")", "decoder 'CTC' is not supported"},
    {"decoder_of_words", "/decoder/type", R"("WordPiece")", "decoder: behind a ByteLevel pre-tokenizer"},
    {"strip_alone", "/decoder", R"({"type": "Strip", "content": " ", "start": 1, "stop": 0})",
     "decoder: 'Strip' is not supported but directly behind 'Fuse'"},
    {"token_type", "/post_processor",
     R"({"type": "TemplateProcessing", "single": [{"Sequence": {"id": "A", "type_id": 1}}], "special_tokens": {}})",
     "type_id: token type 1 in the template of a single text is not supported"},
};

class Refused : public testing::TestWithParam<Refusal> {};

TEST_P(Refused, by_name) {
  TestTokenizer tok;
  EXPECT_FALSE(tok.parse(tinyWith(GetParam().pointer, nlohmann::json::parse(GetParam().value)).dump()));
  EXPECT_NE(tok.error.find(GetParam().message), std::string::npos) << tok.error;
  EXPECT_EQ(tok.error.find("tokenizer.json: "), 0u) << tok.error;
  EXPECT_EQ(tok.error.find('\n'), std::string::npos) << tok.error;
}

INSTANTIATE_TEST_SUITE_P(Tiny, Refused, testing::ValuesIn(refusals),
                         [](const testing::TestParamInfo<Refusal> &info) { return info.param.name; });

TEST(Accepted, the_file_that_the_refusals_change) {
  TestTokenizer tok;
  EXPECT_TRUE(tok.parse(tinyTokenizer().dump())) << tok.error;
  EXPECT_EQ(tok.compiled.vocabSize, 12u);
}

TEST(Malformed, is_not_json) {
  for (const char *text : {"", "{", "[1, 2", "{\"model\": \"\xff\"}", "nul", "{} {}", "\xef\xbb\xbf{}}"}) {
    TestTokenizer tok;
    EXPECT_FALSE(tok.parse(text)) << text;
    EXPECT_EQ(tok.error.find("tokenizer.json: not valid JSON: parse error"), 0u) << tok.error;
  }
}

TEST(Malformed, is_nested_without_end) {
  TestTokenizer tok;
  EXPECT_FALSE(tok.parse(std::string(1000000, '[')));
  EXPECT_FALSE(tok.parse("{\"model\": " + std::string(200000, '[') + std::string(200000, ']') + "}"));
  EXPECT_EQ(tok.error, "tokenizer.json: model: found array, expected an object");
  std::string pattern(100000, '(');
  EXPECT_FALSE(tok.parse(
      tinyWith("/pre_tokenizer", {{"type", "Split"}, {"pattern", {{"Regex", pattern}}}, {"behavior", "Isolated"}})
          .dump()));
  EXPECT_NE(tok.error.find("groups are nested deeper than 8"), std::string::npos) << tok.error;
}

TEST(Malformed, has_no_model) {
  for (const char *text : {"[]", "{}", "3", "null", "{\"model\": 7}"}) {
    TestTokenizer tok;
    EXPECT_FALSE(tok.parse(text)) << text;
    EXPECT_NE(tok.error.find("expected an object"), std::string::npos) << tok.error;
  }
}

// Every value of the file, replaced by values of all types, is accepted or refused but never a crash.
TEST(Malformed, has_any_value_anywhere) {
  nlohmann::json flat =
      tinyWith("/post_processor", {{"type", "RobertaProcessing"}, {"cls", {"<s>", 11}}, {"sep", {"<s>", 11}}});
  size_t refused = 0;
  nlohmann::json paths = flat.flatten();
  for (nlohmann::json::const_iterator path = paths.begin(); path != paths.end(); ++path)
    for (const char *value : {"null", "[]", "{}", "-1", "1e99", "\"\"", "true", "[[[]]]"}) {
      nlohmann::json changed = flat;
      changed[nlohmann::json::json_pointer(path.key())] = nlohmann::json::parse(value);
      TestTokenizer tok;
      if (!tok.parse(changed.dump()))
        ++refused;
      EXPECT_EQ(tok.error.empty(), !tok.compiled.blob.empty()) << path.key() << " = " << value;
    }
  EXPECT_GT(refused, 100u);
}

TEST(Missing, file_is_an_error) {
  TestTokenizer tok;
  EXPECT_FALSE(tok.load("/nonexistent/tokenizer.json"));
  EXPECT_NE(tok.error.find("there is no such file"), std::string::npos) << tok.error;
}
