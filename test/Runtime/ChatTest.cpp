// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Turns of the hand-written model: "[BOS] ? text [STOP] !", "system ; text [STOP]", then " [STOP] text".
#include "Fake.h"

#include <string>

using Ids = std::vector<int32_t>;

static edgelm_status chat(edgelm_session *session, const std::string &text) {
  return edgelm_chat(session, nullptr, 0, text.data(), text.size());
}

static edgelm_status chatWith(edgelm_session *session, const std::string &system, const std::string &text) {
  return edgelm_chat(session, system.data(), system.size(), text.data(), text.size());
}

/// The tokens in the context, which the logits tell.
static void expectContext(edgelm_session *session, const Ids &ids) {
  EXPECT_EQ(edgelm_position(session), ids.size());
  EXPECT_EQ(logitsOf(session), logitsAfter(ids));
}

TEST(Chat, SaysThatItIsThere) {
  edgelm_info info;
  ASSERT_EQ(edgelm_describe(modelOf(fake_decoder), &info), EDGELM_OK);
  EXPECT_EQ(info.kinds & (EDGELM_CHAT | EDGELM_SYSTEM_TEXT), EDGELM_CHAT | EDGELM_SYSTEM_TEXT);
}

TEST(Chat, AppendsTurns) {
  Decoder session(fake_decoder);
  ASSERT_EQ(chat(session, " a "), EDGELM_OK);
  Ids ids = {FAKE_BOS, '?', ' ', 'a', ' ', FAKE_STOP, '!'};
  expectContext(session, ids);
  ASSERT_EQ(edgelm_decode(session, 'r'), EDGELM_OK);
  ASSERT_EQ(chat(session, " b "), EDGELM_OK);
  ids.insert(ids.end(), {'r', FAKE_WORD, FAKE_STOP, 'b', ' '});
  expectContext(session, ids);
}

TEST(Chat, PutsTheSystemTextFirst) {
  Decoder session(fake_decoder);
  ASSERT_EQ(chatWith(session, "\t s ", " a\n"), EDGELM_OK);
  expectContext(session, {'s', ';', ' ', 'a', FAKE_STOP});
  EXPECT_EQ(chatWith(session, "s", "b"), EDGELM_INVALID_ARGUMENT);
  ASSERT_EQ(edgelm_reset(session), EDGELM_OK);
  ASSERT_EQ(chat(session, "a"), EDGELM_OK);
  expectContext(session, {FAKE_BOS, '?', 'a', FAKE_STOP, '!'});
}

// White space is what Python's str.strip takes away, and bytes that are no character stay.
TEST(Chat, TrimsWhiteSpace) {
  const char *spaces[] = {"\x1c", "\xc2\x85", "\xc2\xa0", "\xe1\x9a\x80", "\xe2\x80\xaf", "\xe3\x80\x80", "\x0b"};
  const char *others[] = {"\x1b", "\xc2\x84", "\xe2\x80\x8b", "\xe3\x80\x81",
                          "\x80", "\xa0",     "\xe2\x80",     "\xf0\x9f\x98\x80"};
  for (const std::string space : spaces) {
    Decoder session(fake_decoder);
    ASSERT_EQ(chatWith(session, space + "s" + space + space, "a"), EDGELM_OK);
    expectContext(session, {'s', ';', 'a', FAKE_STOP});
    ASSERT_EQ(edgelm_reset(session), EDGELM_OK);
    EXPECT_EQ(chat(session, " " + space), EDGELM_INVALID_TEXT);
    EXPECT_EQ(chatWith(session, space, "a"), EDGELM_INVALID_TEXT);
    EXPECT_EQ(edgelm_position(session), 0u);
  }
  for (const std::string other : others) {
    Decoder session(fake_decoder);
    ASSERT_EQ(chatWith(session, other + "s" + other, "a"), EDGELM_OK);
    EXPECT_EQ(edgelm_position(session), 4 + 2 * other.size()) << other;
  }
}

TEST(Chat, RefusesWhatDoesNotFit) {
  Decoder session(fake_decoder);
  EXPECT_EQ(chat(session, std::string(FAKE_CONTEXT - 3, 'a')), EDGELM_PROMPT_TOO_LONG);
  EXPECT_EQ(chat(session, std::string(EDGELM_SAMPLER_BYTES(FAKE_VOCAB, FAKE_CONTEXT), 'a')), EDGELM_PROMPT_TOO_LONG);
  EXPECT_EQ(edgelm_position(session), 0u);
  ASSERT_EQ(chat(session, std::string(FAKE_CONTEXT - 8, 'a')), EDGELM_OK);
  const std::vector<float> logits = logitsOf(session);
  EXPECT_EQ(chat(session, "abc"), EDGELM_CONTEXT_FULL);
  EXPECT_EQ(chat(session, "\xff"), EDGELM_INVALID_TEXT);
  EXPECT_EQ(edgelm_chat(session, nullptr, 0, nullptr, 1), EDGELM_INVALID_ARGUMENT);
  EXPECT_EQ(edgelm_chat(session, nullptr, 1, "a", 1), EDGELM_INVALID_ARGUMENT);
  EXPECT_EQ(edgelm_position(session), size_t(FAKE_CONTEXT - 4));
  EXPECT_EQ(logitsOf(session), logits);
  ASSERT_EQ(chat(session, "ab"), EDGELM_OK);
  EXPECT_EQ(edgelm_position(session), size_t(FAKE_CONTEXT));
  EXPECT_EQ(chat(session, "a"), EDGELM_CONTEXT_FULL);
}

TEST(Chat, IsForDecoders) {
  Graph session(fake_encoder);
  EXPECT_EQ(chat(session, "a"), EDGELM_UNSUPPORTED);
}
