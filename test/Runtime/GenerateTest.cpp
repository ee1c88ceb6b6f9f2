// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The generate loop: stop tokens, limits, callbacks, and text in whole characters.
#include "Fake.h"

#include <algorithm>
#include <string>

namespace {
/// Makes the model say `script`, whatever it computed, and records what comes out.
struct Play {
  std::vector<int32_t> script = {};
  size_t step = 0;
  std::vector<int32_t> ids = {};
  std::vector<std::string> texts = {};
  edgelm_status answer = EDGELM_OK; // of the callbacks, when `ids` has `answer_at` entries
  size_t answer_at = SIZE_MAX;

  std::string text() const {
    std::string all;
    for (const std::string &part : texts)
      all += part;
    return all;
  }
};
} // namespace

static void sayNext(void *user, float *logits, uint32_t vocab) {
  Play &play = *static_cast<Play *>(user);
  std::fill(logits, logits + vocab, 0.0f);
  logits[play.script.at(play.step++)] = 1.0f;
}

static edgelm_status recordId(void *user, int32_t id) {
  Play &play = *static_cast<Play *>(user);
  play.ids.push_back(id);
  return play.ids.size() == play.answer_at ? play.answer : EDGELM_OK;
}

static edgelm_status recordText(void *user, const char *text, size_t bytes) {
  Play &play = *static_cast<Play *>(user);
  EXPECT_GT(bytes, 0u);
  play.texts.emplace_back(text, bytes);
  return EDGELM_OK;
}

static uint64_t ticks(void *) {
  static thread_local uint64_t time = 0;
  return time += 1000;
}

static edgelm_status run(Play &play, size_t max_tokens, edgelm_result *result = nullptr, uint32_t flags = 0,
                         std::vector<int32_t> stops = {}) {
  edgelm_options options = {};
  options.on_logits = sayNext;
  options.user = &play;
  options.clock = ticks;
  Decoder session(fake_decoder, &options);
  edgelm_generation generation = {};
  generation.max_tokens = max_tokens;
  generation.flags = flags;
  generation.stop_ids = stops.data();
  generation.stop_count = stops.size();
  generation.user = &play;
  generation.on_id = recordId;
  generation.on_text = recordText;
  return edgelm_generate_text(session, "ab", 2, &generation, result);
}

TEST(Generate, EndsAtAStopTokenOfTheModel) {
  Play play{{'h', 'i', FAKE_STOP, 'x'}};
  edgelm_result result;
  ASSERT_EQ(run(play, 10, &result), EDGELM_OK);
  EXPECT_EQ(play.text(), "hi");
  EXPECT_EQ(play.ids, (std::vector<int32_t>{'h', 'i'}));
  EXPECT_EQ(result.prompt_tokens, 3u); // with BOS
  EXPECT_EQ(result.tokens, 2u);
  EXPECT_EQ(result.stop_id, FAKE_STOP);
  EXPECT_GT(result.prefill_nanoseconds, 0u);
  EXPECT_GT(result.decode_nanoseconds, 0u);
}

TEST(Generate, EndsAtAStopTokenOfTheCaller) {
  Play play{{'h', 'i', '!', 'x'}};
  edgelm_result result;
  ASSERT_EQ(run(play, 10, &result, 0, {'?', '!'}), EDGELM_OK);
  EXPECT_EQ(play.text(), "hi");
  EXPECT_EQ(result.stop_id, '!');
}

TEST(Generate, GoesOnAfterStopTokensWhenAsked) {
  Play play{{'h', FAKE_STOP, 'i', 'x'}};
  edgelm_result result;
  ASSERT_EQ(run(play, 3, &result, EDGELM_IGNORE_STOP), EDGELM_OK);
  EXPECT_EQ(play.ids, (std::vector<int32_t>{'h', FAKE_STOP, 'i'}));
  EXPECT_EQ(play.text(), "hi"); // a special token has no text
  EXPECT_EQ(result.stop_id, -1);
}

TEST(Generate, HoldsBackCutCharacters) {
  // The euro sign in two tokens, then one in three bytes, each handed out whole.
  Play play{{'a', FAKE_EURO, 0xac, 0xe2, 0x82, 0xac, FAKE_WORD, FAKE_STOP}};
  ASSERT_EQ(run(play, 20), EDGELM_OK);
  EXPECT_EQ(play.texts, (std::vector<std::string>{"a", "\xe2\x82\xac", "\xe2\x82\xac", "na\xc3\xafve"}));
}

TEST(Generate, ReplacesWhatIsNoUtf8) {
  Play play{{0xac, 'b', FAKE_EURO, 'c', 0xc3, FAKE_STOP}};
  ASSERT_EQ(run(play, 20), EDGELM_OK);
  EXPECT_EQ(play.text(), "\xef\xbf\xbd"
                         "b\xef\xbf\xbd"
                         "c\xef\xbf\xbd");
}

TEST(Generate, StopsAtTheLimitWithAllTokensInTheContext) {
  Play play{{'h', 'i', 'x', '-', '-'}};
  edgelm_options options = {};
  options.on_logits = sayNext;
  options.user = &play;
  Decoder session(fake_decoder, &options);
  ASSERT_EQ(edgelm_generate(session, "ab", 3, recordText, &play), EDGELM_OK);
  EXPECT_EQ(play.text(), "hix");
  EXPECT_EQ(edgelm_position(session), 6u);
  EXPECT_EQ(logitsOf(session), logitsAfter({FAKE_BOS, 'a', 'b', 'h', 'i', 'x'}));
  // A second call continues: no BOS in the middle.
  ASSERT_EQ(edgelm_generate(session, "c", 1, recordText, &play), EDGELM_OK);
  EXPECT_EQ(logitsOf(session), logitsAfter({FAKE_BOS, 'a', 'b', 'h', 'i', 'x', 'c', '-'}));
}

TEST(Generate, AFullContextHandsOutWhatThereIs) {
  Play play;
  play.script.assign(FAKE_CONTEXT, 'z');
  edgelm_result result;
  EXPECT_EQ(run(play, 0, &result), EDGELM_CONTEXT_FULL);
  // 3 tokens of prompt, 21 more fit, and one is known without having to be appended.
  EXPECT_EQ(result.tokens, size_t(FAKE_CONTEXT - 3 + 1));
  EXPECT_EQ(play.text(), std::string(FAKE_CONTEXT - 3 + 1, 'z'));
}

TEST(Generate, CallbacksEndTheCall) {
  Play play{{'a', 'b', 'c', 'd'}};
  play.answer = EDGELM_USER_STATUS + 7;
  play.answer_at = 2;
  edgelm_result result;
  EXPECT_EQ(run(play, 10, &result), EDGELM_USER_STATUS + 7);
  EXPECT_EQ(play.ids.size(), 2u);
  EXPECT_EQ(result.tokens, 2u);
}

TEST(Generate, RefusesPromptsThatDoNotFit) {
  Decoder session(fake_decoder);
  std::string text(FAKE_CONTEXT, 'a'); // one too many with BOS
  edgelm_result result;
  EXPECT_EQ(edgelm_generate_text(session, text.data(), text.size(), nullptr, &result), EDGELM_PROMPT_TOO_LONG);
  EXPECT_EQ(result.tokens, 0u);
  EXPECT_EQ(edgelm_position(session), 0u);
  ASSERT_EQ(edgelm_generate(session, "0123456789", 1, nullptr, nullptr), EDGELM_OK);
  EXPECT_EQ(edgelm_generate(session, "0123456789abc", 1, nullptr, nullptr), EDGELM_CONTEXT_FULL);
  EXPECT_EQ(edgelm_generate(session, "\xff", 1, nullptr, nullptr), EDGELM_INVALID_TEXT);
  EXPECT_EQ(edgelm_position(session), 12u);
}

TEST(Generate, AnEmptyPromptStartsAtBosAndIdsNeedLogits) {
  Decoder session(fake_decoder);
  EXPECT_EQ(edgelm_generate_ids(session, nullptr, 0, nullptr, nullptr), EDGELM_NO_LOGITS);
  ASSERT_EQ(edgelm_generate(session, "", 1, nullptr, nullptr), EDGELM_OK);
  std::vector<float> first = logitsAfter({FAKE_BOS});
  int32_t best = static_cast<int32_t>(std::max_element(first.begin(), first.end()) - first.begin());
  EXPECT_EQ(logitsOf(session), logitsAfter({FAKE_BOS, best}));
  EXPECT_EQ(edgelm_generate(session, nullptr, 1, nullptr, nullptr), EDGELM_OK);
}

TEST(Generate, GreedyIdsFollowTheModel) {
  Decoder session(fake_decoder);
  std::vector<int32_t> tokens = {4, 8, 15};
  Play play;
  edgelm_generation generation = {};
  generation.max_tokens = 8;
  generation.flags = EDGELM_IGNORE_STOP;
  generation.user = &play;
  generation.on_id = recordId;
  ASSERT_EQ(edgelm_generate_ids(session, tokens.data(), tokens.size(), &generation, nullptr), EDGELM_OK);
  for (int32_t id : play.ids) {
    std::vector<float> logits = logitsAfter(tokens);
    EXPECT_EQ(id, std::max_element(logits.begin(), logits.end()) - logits.begin());
    tokens.push_back(id);
  }
  EXPECT_EQ(play.ids.size(), 8u);
}

TEST(Generate, TextWithoutATokenizerIsUnsupported) {
  edgelm_descriptor model = fake_decoder;
  model.tokenizer = nullptr;
  Decoder session(model);
  Play play;
  int32_t id = 1;
  edgelm_generation generation = {};
  generation.on_text = recordText;
  EXPECT_EQ(edgelm_generate(session, "a", 1, nullptr, nullptr), EDGELM_UNSUPPORTED);
  EXPECT_EQ(edgelm_generate_ids(session, &id, 1, &generation, nullptr), EDGELM_UNSUPPORTED);
  generation.on_text = nullptr;
  generation.max_tokens = 1;
  EXPECT_EQ(edgelm_generate_ids(session, &id, 1, &generation, nullptr), EDGELM_OK);
}
