// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Compares with ids and texts computed by Hugging Face's tokenizers library.
#include "TestTokenizer.h"

#include <nlohmann/json.hpp>

using namespace edgelm;

static std::string shared(const std::string &name) {
  return EDGELM_SHARED_DIR "/" + name;
}

/// Runs one file of vectors; rows have text, ids, perhaps ids_with_special, decoded.
static void runVectors(const std::string &tokenizer, const std::string &vectors, uint32_t decodeFlags,
                       size_t scratchBytes) {
  if (!exists(tokenizer) || !exists(vectors))
    GTEST_SKIP() << tokenizer << " or " << vectors << " is absent; set EDGELM_SHARED_DIR to run this test";
  TestTokenizer tok;
  ASSERT_TRUE(tok.load(tokenizer)) << tok.error;
  tok.scratchBytes = scratchBytes;
  nlohmann::json rows = nlohmann::json::parse(readText(vectors));
  ASSERT_GT(rows.size(), 100u);
  for (const nlohmann::json &row : rows) {
    std::string text = row["text"];
    EXPECT_EQ(tok.encode(text), row["ids"].get<Ids>()) << text;
    EXPECT_EQ(tok.status, EDGELM_OK);
    if (row.contains("ids_with_special"))
      EXPECT_EQ(tok.encode(text, EDGELM_ADD_SPECIAL), row["ids_with_special"].get<Ids>()) << text;
    EXPECT_EQ(tok.decode(row["ids"].get<Ids>(), decodeFlags), row["decoded"].get<std::string>()) << text;
  }
}

struct VectorCase {
  const char *name, *tokenizer, *vectors;
  uint32_t decodeFlags = EDGELM_SHOW_SPECIAL;
};

static const VectorCase cases[] = {
    {"gpt2", "tokenizers/gpt2/tokenizer.json", "tokenizers/gpt2/vectors.json"},
    {"roberta", "tokenizers/roberta/tokenizer.json", "tokenizers/roberta/vectors.json"},
    {"neox", "tokenizers/neox/tokenizer.json", "tokenizers/neox/vectors.json"},
    {"bert", "tokenizers/bert-minilm/tokenizer.json", "tokenizers/bert-minilm/vectors.json"},
    {"t5", "tokenizers/t5-small/tokenizer.json", "tokenizers/t5-small/vectors.json"},
    {"llama2", "tokenizers/llama2/tokenizer.json", "tokenizers/llama2/vectors.json"},
    {"shakespeare", "models/shakespeare-llama/tokenizer.json", "tokenizers/shakespeare/vectors.json"},
    {"shakespeare_pairs", "models/shakespeare-neox/tokenizer.json", "tokenizers/shakespeare/vectors.json"},
    {"shakespeare_zoo", "models/shakespeare-llama/tokenizer.json", "tokenizers/shakespeare/zoo_vectors.json", 0},
};

class Vectors : public testing::TestWithParam<VectorCase> {};

TEST_P(Vectors, match) {
  runVectors(shared(GetParam().tokenizer), shared(GetParam().vectors), GetParam().decodeFlags, 16384);
}

// Same as above, but words of more than a few bytes exceed the scratch.
TEST_P(Vectors, match_with_little_scratch) {
  runVectors(shared(GetParam().tokenizer), shared(GetParam().vectors), GetParam().decodeFlags, 1024);
}

INSTANTIATE_TEST_SUITE_P(Shared, Vectors, testing::ValuesIn(cases),
                         [](const testing::TestParamInfo<VectorCase> &info) { return info.param.name; });

TEST(Bundled, reads_and_writes_the_text_it_was_trained_for) {
  TestTokenizer tok;
  ASSERT_TRUE(tok.load(bundledTokenizer())) << tok.error;
  EXPECT_EQ(tok.compiled.vocabSize, 1024u);
  EXPECT_EQ(tok.compiled.bosId, std::optional<uint32_t>(0));
  EXPECT_EQ(tok.compiled.eosId, std::optional<uint32_t>(0));
  ASSERT_EQ(tok.compiled.specialTokens.size(), 1u);
  EXPECT_EQ(tok.compiled.specialTokens[0].text, "<|endoftext|>");
  std::string all = readText(EDGELM_SOURCE_DIR "/examples/text/valid_small.txt");
  ASSERT_FALSE(all.empty());
  Ids ids = tok.encode(all);
  EXPECT_LT(ids.size(), all.size() / 2);
  EXPECT_EQ(tok.decode(ids), all);
}
