// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Tokenizing and detokenizing through the C API, and the UTF-8 stepper.
#include "Fake.h"

extern "C" {
#include "utf8.h"
}

#include <string>

TEST(Text, TokenizeFillsAndCounts) {
  Decoder session(fake_decoder);
  int32_t ids[4] = {-7, -7, -7, -7};
  size_t count = 0;
  EXPECT_EQ(edgelm_tokenize(session, "abc", 3, 0, nullptr, 0, &count), EDGELM_BUFFER_TOO_SMALL);
  EXPECT_EQ(count, 3u);
  EXPECT_EQ(edgelm_tokenize(session, "abc", 3, EDGELM_ADD_SPECIAL, ids, 3, &count), EDGELM_BUFFER_TOO_SMALL);
  EXPECT_EQ(count, 4u);
  EXPECT_EQ(ids[3], -7);
  EXPECT_EQ(edgelm_tokenize(session, "abc", 3, EDGELM_ADD_SPECIAL, ids, 4, &count), EDGELM_OK);
  EXPECT_EQ(ids[0], FAKE_BOS);
  EXPECT_EQ(ids[3], 'c');
  EXPECT_EQ(edgelm_tokenize(session, "\xff", 1, 0, ids, 4, &count), EDGELM_INVALID_TEXT);
  EXPECT_EQ(edgelm_tokenize(session, nullptr, 1, 0, ids, 4, &count), EDGELM_INVALID_ARGUMENT);
  EXPECT_EQ(edgelm_tokenize(session, "a", 1, 0, nullptr, 4, &count), EDGELM_INVALID_ARGUMENT);
  EXPECT_EQ(edgelm_tokenize(session, "a", 1, 0, ids, 4, nullptr), EDGELM_INVALID_ARGUMENT);
}

TEST(Text, DetokenizeJoinsPieces) {
  Decoder session(fake_decoder);
  const int32_t ids[] = {FAKE_BOS, ' ', 'a', ' ', FAKE_WORD, FAKE_STOP};
  char text[32];
  size_t bytes = 0;
  EXPECT_EQ(edgelm_detokenize(session, ids, 6, 0, nullptr, 0, &bytes), EDGELM_BUFFER_TOO_SMALL);
  EXPECT_EQ(bytes, 8u);
  EXPECT_EQ(edgelm_detokenize(session, ids, 6, 0, text, 7, &bytes), EDGELM_BUFFER_TOO_SMALL);
  EXPECT_EQ(bytes, 8u);
  // The tokenizer drops the space of the first piece that has text.
  ASSERT_EQ(edgelm_detokenize(session, ids, 6, 0, text, 8, &bytes), EDGELM_OK);
  EXPECT_EQ(std::string(text, bytes), "a na\xc3\xafve");
  ASSERT_EQ(edgelm_detokenize(session, ids, 6, EDGELM_SHOW_SPECIAL, text, 32, &bytes), EDGELM_OK);
  EXPECT_EQ(std::string(text, bytes), "<s> a na\xc3\xafve<s>");
  const int32_t bad[] = {FAKE_VOCAB};
  EXPECT_EQ(edgelm_detokenize(session, bad, 1, 0, text, 32, &bytes), EDGELM_INVALID_TOKEN);
  EXPECT_EQ(edgelm_detokenize(session, nullptr, 1, 0, text, 32, &bytes), EDGELM_INVALID_ARGUMENT);
  EXPECT_EQ(edgelm_detokenize(session, ids, 1, 0, nullptr, 32, &bytes), EDGELM_INVALID_ARGUMENT);
}

// Every code point by its definition, and nothing else of up to 2 bytes.
TEST(Utf8, AcceptsExactlyTheCodePoints) {
  size_t length = 0;
  for (uint32_t c = 0; c <= 0x10ffff; ++c) {
    char s[4];
    size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const unsigned char lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = n - 1; i > 0; --i)
      s[i] = static_cast<char>(0x80 | (c >> (6 * (n - 1 - i)) & 0x3f));
    s[0] = static_cast<char>(lead[n] | c >> (6 * (n - 1)));
    bool surrogate = c >= 0xd800 && c < 0xe000;
    ASSERT_EQ(edgelm_rt_utf8_step(s, n, &length), surrogate ? utf8_broken : utf8_valid) << c;
    if (surrogate)
      continue;
    ASSERT_EQ(length, n);
    for (size_t cut = 1; cut < n; ++cut)
      ASSERT_EQ(edgelm_rt_utf8_step(s, cut, &length), utf8_cut) << c;
  }
  size_t valid = 0;
  for (int a = 0; a < 256; ++a)
    for (int b = 0; b < 256; ++b) {
      const char s[] = {static_cast<char>(a), static_cast<char>(b)};
      valid += edgelm_rt_utf8_step(s, 2, &length) == utf8_valid;
    }
  EXPECT_EQ(valid, 128u * 256 + 30 * 64);
}

TEST(Utf8, ReplacesMaximalSubparts) {
  size_t length = 0;
  // Unicode 15, table 3-8: F0 80 80 41 is four, E1 80 E2 is two broken ones.
  EXPECT_EQ(edgelm_rt_utf8_step("\xf0\x80\x80\x41", 4, &length), utf8_broken);
  EXPECT_EQ(length, 1u);
  EXPECT_EQ(edgelm_rt_utf8_step("\xe1\x80\xe2\xf0", 4, &length), utf8_broken);
  EXPECT_EQ(length, 2u);
  EXPECT_EQ(edgelm_rt_utf8_step("\xf1\x80\x80\x41", 4, &length), utf8_broken);
  EXPECT_EQ(length, 3u);
}
