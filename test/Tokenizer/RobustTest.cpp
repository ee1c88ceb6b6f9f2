// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Long words, normalization of everything, and damaged blobs; sanitizers watch.
#include "HostileFile.h"

#include "Codegen/Tokenizer/Unicode.h"

#include <filesystem>
#include <map>
#include <random>

using namespace edgelm;

/// Byte-level BPE without merges: every byte is an id, so that decode(encode(text)) is the normalized text.
static TestTokenizer bytesOnly(const nlohmann::json &normalizer) {
  nlohmann::json vocab = nlohmann::json::object();
  for (uint32_t byte = 0; byte < 256; ++byte) {
    bool printable = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
    std::string text;
    tokenizer::appendUtf8(printable ? byte : byte <= 32 ? 256 + byte : byte <= 160 ? 256 + byte - 94 : 323, text);
    vocab[text] = byte;
  }
  nlohmann::json json = tinyWith("/normalizer", normalizer);
  json["added_tokens"] = nlohmann::json::array();
  json["model"] = {{"type", "BPE"}, {"vocab", vocab}, {"merges", nlohmann::json::array()}};
  TestTokenizer tok;
  EXPECT_TRUE(tok.parse(json.dump())) << tok.error;
  return tok;
}

/// The definition: merge the leftmost pair of the lowest rank until there is none. Text of single-byte pieces.
static Ids mergeByDefinition(const nlohmann::json &model, const std::string &word) {
  static std::map<std::pair<int32_t, int32_t>, std::pair<size_t, int32_t>> merges;
  if (merges.empty())
    for (size_t rank = 0; rank < model["merges"].size(); ++rank) {
      std::string merge = model["merges"][rank];
      std::string left = merge.substr(0, merge.find(' ')), right = merge.substr(merge.find(' ') + 1);
      merges[{model["vocab"][left], model["vocab"][right]}] = {rank, model["vocab"][left + right]};
    }
  Ids ids;
  for (char letter : word)
    ids.push_back(model["vocab"][std::string(1, letter)]);
  for (;;) {
    size_t best = SIZE_MAX, at = 0;
    for (size_t i = 0; i + 1 < ids.size(); ++i) {
      auto found = merges.find({ids[i], ids[i + 1]});
      if (found != merges.end() && found->second.first < best) {
        best = found->second.first;
        at = i;
      }
    }
    if (best == SIZE_MAX)
      return ids;
    ids[at] = merges[{ids[at], ids[at + 1]}].second;
    ids.erase(ids.begin() + ptrdiff_t(at) + 1);
  }
}

static std::string letters(size_t count, uint32_t seed) {
  std::mt19937 random(seed);
  std::string text;
  static const std::string often = "thandoureighstinghewmalerethoustandthe";
  while (text.size() < count)
    text += often[random() % often.size()];
  return text;
}

// On the stack, by the tree, by passes with the list of ranks: each length is merged in every way.
TEST(LongWords, are_the_same_in_every_way_of_merging) {
  TestTokenizer tok;
  ASSERT_TRUE(tok.load(bundledTokenizer())) << tok.error;
  nlohmann::json model = nlohmann::json::parse(readText(bundledTokenizer()))["model"];
  for (uint32_t length : {2, 39, 40, 41, 42, 64, 65, 100, 333, 1000, 2500}) {
    std::string word = letters(length, length);
    Ids expected = mergeByDefinition(model, word);
    for (size_t scratch : {size_t(0), size_t(EDGELM_TOKENIZER_SCRATCH_BYTES(2500))}) {
      tok.scratchBytes = scratch;
      EXPECT_EQ(tok.encode(word), expected) << length << " letters, scratch " << scratch;
    }
  }
}

TEST(LongWords, of_a_hundred_thousand_letters_take_no_time) {
  TestTokenizer tok;
  ASSERT_TRUE(tok.load(bundledTokenizer())) << tok.error;
  for (const std::string &word : {letters(100000, 1), std::string(100000, 'a'), std::string(100000, ' ')}) {
    tok.scratchBytes = EDGELM_TOKENIZER_SCRATCH_BYTES(100000);
    Ids ids = tok.encode(word);
    EXPECT_EQ(tok.decode({ids.begin(), ids.begin() + 100}),
              word.substr(0, tok.decode({ids.begin(), ids.begin() + 100}).size()));
    tok.scratchBytes = 1024;
    EXPECT_EQ(tok.encode(word), ids);
  }
}

TEST(LongWords, that_fit_neither_scratch_nor_output_say_so) {
  TestTokenizer tok;
  ASSERT_TRUE(tok.load(bundledTokenizer())) << tok.error;
  tok.scratchBytes = 0;
  tok.encode(letters(1000, 1), 0, 500);
  EXPECT_EQ(tok.status, EDGELM_BUFFER_TOO_SMALL);
  EXPECT_EQ(tok.needed, 1000u);
  EXPECT_LT(tok.encode(letters(1000, 1), 0, tok.needed).size(), 1000u);
}

TEST(Text, that_is_not_utf8_is_encoded_as_its_bytes) {
  TestTokenizer tok = bytesOnly({{"type", "NFC"}});
  std::mt19937 random(7);
  for (int round = 0; round < 2000; ++round) {
    std::string text;
    for (uint32_t i = random() % 30; i > 0; --i)
      text += random() % 2 ? char(random()) : "e\xcc\x81 \xe4\xbd"[random() % 6];
    std::string normalized, decoded = tok.decode(tok.encode(text));
    ASSERT_EQ(tok.status, EDGELM_OK);
    std::vector<uint32_t> characters;
    if (tokenizer::decodeUtf8(text, characters) && tokenizer::normalizeNfc(text, normalized))
      ASSERT_EQ(decoded, normalized);
  }
}

TEST(Nfc, agrees_with_utf8proc_on_every_character_and_its_parts) {
  TestTokenizer tok = bytesOnly({{"type", "NFC"}});
  std::string text, normalized;
  const tokenizer::NfcTables &tables = tokenizer::nfcTables();
  for (uint32_t c = 1; c < tokenizer::codePoints; ++c) {
    if ((c >= 0xd800 && c < 0xe000) || ((*tables.inert)[c] && c % 64 != 0 && !(c >= 0xac00 && c < 0xd7a4)))
      continue;
    tokenizer::appendUtf8('e', text);
    tokenizer::appendUtf8(c, text);
    tokenizer::appendUtf8(0x301, text);
    tokenizer::appendUtf8(0x323, text);
    tokenizer::appendUtf8(c, text);
  }
  for (size_t i = 0; i < tables.compositions.size(); i += 3) {
    tokenizer::appendUtf8(tables.compositions[i], text);
    tokenizer::appendUtf8(tables.compositions[i + 1], text);
    tokenizer::appendUtf8(0x345, text);
  }
  for (uint32_t c = 0x1100; c < 0x11ff; ++c) { // Hangul parts
    tokenizer::appendUtf8(0x1100 + c % 19, text);
    tokenizer::appendUtf8(c, text);
    tokenizer::appendUtf8(0x11a8 + c % 27, text);
  }
  ASSERT_TRUE(tokenizer::normalizeNfc(text, normalized));
  ASSERT_NE(text, normalized);
  tok.scratchBytes = 64 + text.size() * 4;
  EXPECT_TRUE(tok.decode(tok.encode(text)) == normalized) << "in one window";
}

TEST(Nfc, goes_through_a_window_that_moves) {
  TestTokenizer tok = bytesOnly({{"type", "NFC"}});
  std::mt19937 random(3);
  const char *parts[] = {"e\u0301", "\u00e9", "e",  " ", "  ", "\n", "a\u0323\u0302", "\u1100\u1161\u11a8",
                         "\u4f60",  "12",     "'s", "!"};
  std::string text, normalized;
  for (int i = 0; i < 5000; ++i)
    text += parts[random() % 12];
  ASSERT_TRUE(tokenizer::normalizeNfc(text, normalized));
  tok.scratchBytes = 200000;
  Ids ids = tok.encode(text);
  EXPECT_EQ(tok.decode(ids), normalized);
  for (size_t scratch : {1024, 1500, 2222, 4096, 20000}) {
    tok.scratchBytes = scratch;
    EXPECT_EQ(tok.encode(text), ids) << scratch;
    EXPECT_EQ(tok.status, EDGELM_OK) << scratch;
  }
  tok.scratchBytes = 0;
  tok.encode(text);
  EXPECT_EQ(tok.status, EDGELM_INVALID_TEXT);
  tok.scratchBytes = 1024;
  std::string endless = "e";
  for (int i = 0; i < 3000; ++i)
    endless += "\u0301\u0323"; // one segment that no window holds
  tok.encode(endless);
  EXPECT_EQ(tok.status, EDGELM_INVALID_TEXT);
}

TEST(DamagedBlob, of_every_length_is_refused) {
  std::vector<uint8_t> blob = blobWithAllSections();
  for (size_t bytes = 0; bytes < blob.size(); bytes += bytes < 400 ? 1 : 997) {
    std::vector<uint8_t> cut(blob.begin(), blob.begin() + ptrdiff_t(bytes));
    EXPECT_EQ(edgelm_tokenizer_vocabulary(cut.data(), cut.size()), 0u);
    exerciseBlob(cut, "ab <s>");
  }
  EXPECT_EQ(edgelm_tokenizer_vocabulary(blob.data(), blob.size()), 13u);
  EXPECT_EQ(edgelm_tokenizer_vocabulary(nullptr, 0), 0u);
}

static const char *const texts[] = {"ab abc <s> 's  12 [M] e\u0301\u0323 \u1100\u1161 bc's",
                                    "abcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcab"};

TEST(DamagedBlob, with_a_changed_header_never_reads_outside) {
  const std::vector<uint8_t> blob = blobWithAllSections();
  for (size_t word = 0; word < 100; ++word)
    for (uint32_t value : damagedValues) {
      std::vector<uint8_t> changed = blob;
      std::memcpy(&changed[word * 4], &value, 4);
      for (const char *text : texts)
        exerciseBlob(changed, text);
    }
}

TEST(DamagedBlob, with_changed_tables_never_reads_outside) {
  const std::vector<uint8_t> blob = blobWithAllSections();
  std::mt19937 random(11);
  size_t normal = 0;
  for (int round = 0; round < 4000; ++round) {
    std::vector<uint8_t> changed = blob;
    for (uint32_t i = 1 + random() % 8; i > 0; --i)
      damageSection(changed, random(), random(), random() % 3 ? damagedValues[random() % 10] : random() % 64);
    normal += exerciseBlob(changed, texts[round % 2]);
  }
  EXPECT_GT(normal, 2000u); // most still open, so that the tables were read
}

TEST(DamagedBlob, at_an_odd_address_is_refused) {
  std::vector<uint8_t> blob = blobWithAllSections();
  std::vector<uint8_t> moved(blob.size() + 4);
  std::memcpy(&moved[1], blob.data(), blob.size());
  EXPECT_EQ(edgelm_tokenizer_vocabulary(&moved[1], blob.size()), 0u);
}

TEST(DamagedBlob, of_every_kind_never_reads_outside) {
  std::mt19937 random(12);
  size_t opened = 0;
  for (uint32_t kind = 0; kind < blobKinds; ++kind) {
    const std::vector<uint8_t> blob = blobOfKind(kind);
    for (int round = 0; round < 1000; ++round) {
      std::vector<uint8_t> changed = blob;
      for (uint32_t i = random() % 8; i > 0; --i)
        damageSection(changed, random(), random(), random() % 3 ? damagedValues[random() % 10] : random() % 64);
      if (random() % 4 == 0) // and a word of the header
        std::memcpy(&changed[random() % 25 * 4], &damagedValues[random() % 10], 4);
      opened += exerciseBlob(changed, "unable Ab. \u4e2da\u0301c</s>[SEP] b\u2581bab \xff\xc3");
    }
  }
  EXPECT_GT(opened, 1500u);
}

// Files that cost too much memory or time, or gave endless messages; also the seeds of tokenizer-json-fuzz.
TEST(HostileFiles, give_one_message) {
  size_t files = 0;
  for (const auto &entry : std::filesystem::directory_iterator(EDGELM_SOURCE_DIR "/test/Tokenizer/Hostile")) {
    EXPECT_EQ(brokenTokenizerPromise(readText(entry.path().string())), "") << entry.path();
    ++files;
  }
  EXPECT_GT(files, 0u);
}
