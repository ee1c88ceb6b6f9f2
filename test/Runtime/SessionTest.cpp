// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Opening, describing, prefilling, scoring, and every status on the way.
#include "Fake.h"

#include <cstring>
#include <set>
#include <string>
#include <thread>

TEST(Session, SessionBytesFitTheFakeArena) {
  EXPECT_LE(edgelm_rt_session_bytes, size_t(FAKE_SESSION_BYTES));
  EXPECT_EQ(edgelm_rt_session_bytes % EDGELM_ARENA_ALIGNMENT, 0u);
}

TEST(Session, EveryStatusHasItsOwnSentence) {
  std::set<std::string> texts;
  for (edgelm_status status = EDGELM_OK; status <= EDGELM_CORRUPT_WEIGHTS; ++status)
    texts.insert(edgelm_status_text(status));
  EXPECT_EQ(texts.size(), size_t(EDGELM_CORRUPT_WEIGHTS + 1));
  EXPECT_EQ(texts.count("unknown status"), 0u);
  EXPECT_STREQ(edgelm_status_text(EDGELM_CORRUPT_WEIGHTS + 1), "unknown status");
  EXPECT_STREQ(edgelm_status_text(-1), "unknown status");
  EXPECT_STREQ(edgelm_status_text(EDGELM_USER_STATUS), "a callback of the program ended the call");
  // The sentences are listed in the order of the numbers.
  EXPECT_NE(std::strstr(edgelm_status_text(EDGELM_WRONG_MODEL), "another model"), nullptr);
  EXPECT_NE(std::strstr(edgelm_status_text(EDGELM_CANCELLED), "cancelled"), nullptr);
  EXPECT_NE(std::strstr(edgelm_status_text(EDGELM_NO_LOGITS), "no logits"), nullptr);
  EXPECT_NE(std::strstr(edgelm_status_text(EDGELM_NO_WEIGHTS), "weights"), nullptr);
}

TEST(Session, DescribesTheModel) {
  edgelm_info info;
  ASSERT_EQ(edgelm_describe(modelOf(fake_decoder), &info), EDGELM_OK);
  EXPECT_STREQ(info.name, "fake_decoder");
  EXPECT_EQ(info.kinds & ~EDGELM_POOL, EDGELM_DECODER | EDGELM_SCORER | EDGELM_TEXT | EDGELM_CHAT | EDGELM_SYSTEM_TEXT);
  EXPECT_EQ(info.context, uint32_t(FAKE_CONTEXT));
  EXPECT_EQ(info.vocab, uint32_t(FAKE_VOCAB));
  EXPECT_EQ(info.bos_id, FAKE_BOS);
  EXPECT_EQ(info.stop_count, 1u);
  EXPECT_EQ(info.stop_ids[0], FAKE_STOP);
  EXPECT_EQ(info.fingerprint[0], 0xed);
  EXPECT_EQ(edgelm_arena_bytes(modelOf(fake_decoder)), sizeof(fake_arena));
  ASSERT_EQ(edgelm_describe(modelOf(fake_invoker), &info), EDGELM_OK);
  EXPECT_EQ(info.kinds & ~EDGELM_POOL, EDGELM_INVOKER);
  EXPECT_EQ(info.bos_id, -1);
  EXPECT_EQ(info.second_type, -1);
  ASSERT_EQ(info.output_count, 2u);
  EXPECT_STREQ(info.outputs[1].name, "products");
  EXPECT_EQ(info.outputs[1].dims[0], 4);
  EXPECT_EQ(edgelm_describe(modelOf(fake_invoker), nullptr), EDGELM_INVALID_ARGUMENT);
}

TEST(Session, RefusesAnotherAbi) {
  edgelm_descriptor other = fake_decoder;
  other.abi_version = EDGELM_ABI_VERSION + 1;
  edgelm_info info;
  edgelm_session *session = nullptr;
  fake_arena arena;
  EXPECT_EQ(edgelm_describe(modelOf(other), &info), EDGELM_WRONG_ABI);
  EXPECT_EQ(edgelm_open(modelOf(other), &arena, sizeof arena, nullptr, &session), EDGELM_WRONG_ABI);
  EXPECT_EQ(edgelm_arena_bytes(modelOf(other)), 0u);
  other = fake_decoder;
  other.magic ^= 1;
  EXPECT_EQ(edgelm_open(modelOf(other), &arena, sizeof arena, nullptr, &session), EDGELM_WRONG_ABI);
  EXPECT_EQ(edgelm_open(nullptr, &arena, sizeof arena, nullptr, &session), EDGELM_INVALID_ARGUMENT);
  EXPECT_EQ(session, nullptr);
}

TEST(Session, OpenChecksTheArena) {
  const edgelm_model *model = modelOf(fake_decoder);
  auto arena = std::make_unique<fake_arena>();
  unsigned char *bytes = reinterpret_cast<unsigned char *>(arena.get());
  edgelm_session *session = nullptr;
  EXPECT_EQ(edgelm_open(model, bytes, sizeof *arena - 1, nullptr, &session), EDGELM_ARENA_TOO_SMALL);
  EXPECT_EQ(edgelm_open(model, bytes + 4, sizeof *arena, nullptr, &session), EDGELM_ARENA_UNALIGNED);
  EXPECT_EQ(edgelm_open(model, nullptr, sizeof *arena, nullptr, &session), EDGELM_INVALID_ARGUMENT);
  EXPECT_EQ(edgelm_open(model, bytes, sizeof *arena, nullptr, nullptr), EDGELM_INVALID_ARGUMENT);
  EXPECT_EQ(session, nullptr);
  EXPECT_EQ(edgelm_open(model, bytes, sizeof *arena, nullptr, &session), EDGELM_OK);
}

static void refuseToRun(void *, edgelm_item, void *, uint32_t) {}

TEST(Session, OpenChecksThreadsAndWeights) {
  auto arena = std::make_unique<fake_arena>();
  edgelm_session *session = nullptr;
  edgelm_options options = {};
  options.threads = 2;
  EXPECT_EQ(edgelm_open(modelOf(fake_decoder), arena.get(), sizeof *arena, &options, &session),
            EDGELM_INVALID_ARGUMENT);
  options.parallel_for = refuseToRun;
  options.threads = FAKE_THREADS + 1;
  EXPECT_EQ(edgelm_open(modelOf(fake_decoder), arena.get(), sizeof *arena, &options, &session),
            EDGELM_TOO_MANY_THREADS);

  edgelm_descriptor separate = fake_decoder;
  separate.weights = nullptr;
  options = {};
  EXPECT_EQ(edgelm_open(modelOf(separate), arena.get(), sizeof *arena, &options, &session), EDGELM_NO_WEIGHTS);
}

// The first that the processor has of the variants, then the model itself; each has its own descriptor.
TEST(Session, OpenTakesTheBestVariant) {
  static const char absent[] = "warp-drive\0";
  edgelm_descriptor best = fake_decoder, good = fake_decoder, model = fake_decoder;
  const edgelm_descriptor *const variants[] = {&best, &good};
  best.cpu_features = absent;
  model.variants = variants;
  model.variant_count = 2;
  Decoder onGood(model);
  EXPECT_EQ(static_cast<edgelm_session *>(onGood)->model, modelOf(good));
  EXPECT_EQ(edgelm_decode(onGood, 5), EDGELM_OK);
  EXPECT_EQ(logitsOf(onGood), logitsAfter({5}));
  best.cpu_features = "";
  Decoder onBest(model);
  EXPECT_EQ(static_cast<edgelm_session *>(onBest)->model, modelOf(best));
  best.cpu_features = good.cpu_features = absent;
  Decoder onNone(model);
  EXPECT_EQ(static_cast<edgelm_session *>(onNone)->model, modelOf(model));
  model.cpu_features = absent;
  edgelm_session *session = nullptr;
  fake_arena arena;
  EXPECT_EQ(edgelm_open(modelOf(model), &arena, sizeof arena, nullptr, &session), EDGELM_UNSUPPORTED_CPU);
  EXPECT_EQ(session, nullptr);
}

TEST(Session, AClosedSessionRefusesEverything) {
  Decoder session(fake_decoder);
  edgelm_close(session);
  edgelm_close(session);
  edgelm_close(nullptr);
  int32_t id = 1;
  size_t size;
  char text[8];
  float logits[FAKE_VOCAB];
  EXPECT_EQ(edgelm_decode(session, 1), EDGELM_INVALID_ARGUMENT);
  EXPECT_EQ(edgelm_decode(nullptr, 1), EDGELM_INVALID_ARGUMENT);
  EXPECT_EQ(edgelm_prefill(session, &id, 1), EDGELM_INVALID_ARGUMENT);
  EXPECT_EQ(edgelm_score(session, &id, 1, logits), EDGELM_INVALID_ARGUMENT);
  EXPECT_EQ(edgelm_sample(session, nullptr, &id), EDGELM_INVALID_ARGUMENT);
  EXPECT_EQ(edgelm_seed(session, 1), EDGELM_INVALID_ARGUMENT);
  EXPECT_EQ(edgelm_reset(session), EDGELM_INVALID_ARGUMENT);
  EXPECT_EQ(edgelm_save(session, nullptr, 0, &size), EDGELM_INVALID_ARGUMENT);
  EXPECT_EQ(edgelm_restore(session, text, 8), EDGELM_INVALID_ARGUMENT);
  EXPECT_EQ(edgelm_generate(session, "a", 1, nullptr, nullptr), EDGELM_INVALID_ARGUMENT);
  EXPECT_EQ(edgelm_generate_ids(session, &id, 1, nullptr, nullptr), EDGELM_INVALID_ARGUMENT);
  EXPECT_EQ(edgelm_tokenize(session, "a", 1, 0, &id, 1, &size), EDGELM_INVALID_ARGUMENT);
  EXPECT_EQ(edgelm_detokenize(session, &id, 1, 0, text, 8, &size), EDGELM_INVALID_ARGUMENT);
  EXPECT_EQ(edgelm_encode(session, &id, nullptr, nullptr, 1, nullptr), EDGELM_INVALID_ARGUMENT);
  EXPECT_EQ(edgelm_invoke(session, nullptr, nullptr), EDGELM_INVALID_ARGUMENT);
  EXPECT_EQ(edgelm_output(session, 0), nullptr);
  EXPECT_EQ(edgelm_logits(session), nullptr);
  EXPECT_EQ(edgelm_position(session), 0u);
}

// Same logits for every way to cut the prompt, and the same as the model's definition.
TEST(Session, PrefillInAnyPiecesGivesTheSameLogits) {
  std::vector<int32_t> prompt = someTokens(23);
  for (size_t piece = 1; piece <= prompt.size(); ++piece) {
    Decoder session(fake_decoder);
    EXPECT_EQ(edgelm_logits(session), nullptr);
    for (size_t at = 0; at < prompt.size(); at += piece)
      ASSERT_EQ(edgelm_prefill(session, prompt.data() + at, std::min(piece, prompt.size() - at)), EDGELM_OK);
    EXPECT_EQ(edgelm_position(session), prompt.size());
    EXPECT_EQ(logitsOf(session), logitsAfter(prompt)) << "pieces of " << piece;
  }
}

// A model that was compiled for one token at a time has neither @prefill nor @score.
TEST(Session, DecodeStandsForPrefillAndScore) {
  edgelm_descriptor single = fake_decoder;
  single.prefill = single.score = nullptr;
  single.prefill_chunk = 1;
  edgelm_info info;
  ASSERT_EQ(edgelm_describe(modelOf(single), &info), EDGELM_OK);
  EXPECT_TRUE(info.kinds & EDGELM_SCORER);
  const std::vector<int32_t> prompt = someTokens(7);
  Decoder session(single), whole(fake_decoder);
  ASSERT_EQ(edgelm_prefill(session, prompt.data(), prompt.size()), EDGELM_OK);
  EXPECT_EQ(logitsOf(session), logitsAfter(prompt));
  ASSERT_EQ(edgelm_reset(session), EDGELM_OK);
  std::vector<float> one(prompt.size() * FAKE_VOCAB), all(one);
  ASSERT_EQ(edgelm_score(session, prompt.data(), prompt.size(), one.data()), EDGELM_OK);
  ASSERT_EQ(edgelm_score(whole, prompt.data(), prompt.size(), all.data()), EDGELM_OK);
  EXPECT_EQ(one, all);
  EXPECT_EQ(logitsOf(session), logitsAfter(prompt));
}

TEST(Session, TheRestOfAChunkIsAValidToken) {
  Decoder session(fake_decoder);
  std::vector<int32_t> prompt = someTokens(FAKE_PREFILL + 2);
  ASSERT_EQ(edgelm_prefill(session, prompt.data(), prompt.size()), EDGELM_OK);
  EXPECT_EQ(std::vector<int32_t>(session.arena->tokens, session.arena->tokens + FAKE_PREFILL),
            (std::vector<int32_t>{prompt[FAKE_PREFILL], prompt[FAKE_PREFILL + 1], 0, 0}));
}

TEST(Session, WithoutAPrefillEntryPromptsAreDecoded) {
  edgelm_descriptor model = fake_decoder;
  model.prefill = nullptr;
  Decoder session(model);
  std::vector<int32_t> prompt = someTokens(10);
  ASSERT_EQ(edgelm_prefill(session, prompt.data(), prompt.size()), EDGELM_OK);
  EXPECT_EQ(logitsOf(session), logitsAfter(prompt));
}

TEST(Session, AFullContextIsAStatusAndChangesNothing) {
  Decoder session(fake_decoder);
  std::vector<int32_t> prompt = someTokens(FAKE_CONTEXT + 1);
  EXPECT_EQ(edgelm_prefill(session, prompt.data(), prompt.size()), EDGELM_PROMPT_TOO_LONG);
  EXPECT_EQ(edgelm_position(session), 0u);
  ASSERT_EQ(edgelm_prefill(session, prompt.data(), FAKE_CONTEXT - 1), EDGELM_OK);
  EXPECT_EQ(edgelm_prefill(session, prompt.data(), 2), EDGELM_CONTEXT_FULL);
  EXPECT_EQ(edgelm_position(session), size_t(FAKE_CONTEXT - 1));
  prompt.resize(FAKE_CONTEXT);
  EXPECT_EQ(edgelm_decode(session, prompt.back()), EDGELM_OK);
  EXPECT_EQ(edgelm_decode(session, 1), EDGELM_CONTEXT_FULL);
  EXPECT_EQ(logitsOf(session), logitsAfter(prompt));
  EXPECT_EQ(edgelm_reset(session), EDGELM_OK);
  EXPECT_EQ(edgelm_position(session), 0u);
  EXPECT_EQ(edgelm_logits(session), nullptr);
}

TEST(Session, RefusesIdsOutsideTheVocabulary) {
  Decoder session(fake_decoder);
  for (int32_t bad : {-1, int32_t(FAKE_VOCAB), INT32_MAX, INT32_MIN}) {
    std::vector<int32_t> prompt = {1, 2, bad};
    EXPECT_EQ(edgelm_prefill(session, prompt.data(), 3), EDGELM_INVALID_TOKEN);
    EXPECT_EQ(edgelm_decode(session, bad), EDGELM_INVALID_TOKEN);
  }
  EXPECT_EQ(edgelm_position(session), 0u);
  EXPECT_EQ(edgelm_prefill(session, nullptr, 2), EDGELM_INVALID_ARGUMENT);
  EXPECT_EQ(edgelm_prefill(session, nullptr, 0), EDGELM_OK);
}

TEST(Session, ScoreGivesAllLogitsAndContinues) {
  Decoder session(fake_decoder);
  std::vector<int32_t> tokens = someTokens(11);
  ASSERT_EQ(edgelm_decode(session, tokens[0]), EDGELM_OK);
  std::vector<float> rows(10 * FAKE_VOCAB + 1, 77.0f);
  ASSERT_EQ(edgelm_score(session, tokens.data() + 1, 10, rows.data()), EDGELM_OK);
  for (size_t i = 0; i < 10; ++i) {
    std::vector<float> expected = logitsAfter({tokens.begin(), tokens.begin() + static_cast<ptrdiff_t>(i) + 2});
    EXPECT_EQ(std::memcmp(&rows[i * FAKE_VOCAB], expected.data(), sizeof(float) * FAKE_VOCAB), 0) << "row " << i;
  }
  EXPECT_EQ(rows.back(), 77.0f);
  EXPECT_EQ(logitsOf(session), logitsAfter(tokens));
  EXPECT_EQ(edgelm_score(session, tokens.data(), 1, nullptr), EDGELM_INVALID_ARGUMENT);
  edgelm_descriptor unscored = fake_decoder;
  unscored.score = unscored.decode = nullptr;
  Decoder other(unscored);
  EXPECT_EQ(edgelm_score(other, tokens.data(), 1, rows.data()), EDGELM_UNSUPPORTED);
}

struct Countdown {
  int polls;
};

static edgelm_status cancelAtZero(void *user) {
  return static_cast<Countdown *>(user)->polls-- == 0 ? EDGELM_CANCELLED : EDGELM_OK;
}

TEST(Session, PollCancelsAPrefillBetweenLayers) {
  Countdown countdown = {6};
  edgelm_options options = {};
  options.poll = cancelAtZero;
  options.user = &countdown;
  Decoder session(fake_decoder, &options);
  std::vector<int32_t> prompt = someTokens(12);
  EXPECT_EQ(edgelm_prefill(session, prompt.data(), prompt.size()), EDGELM_CANCELLED);
  // The first chunk of 4 is in; the second was ended, and what it wrote does not count.
  EXPECT_EQ(edgelm_position(session), 4u);
  EXPECT_EQ(edgelm_logits(session), nullptr);
  int32_t id;
  EXPECT_EQ(edgelm_sample(session, nullptr, &id), EDGELM_NO_LOGITS);
  countdown.polls = 1000;
  ASSERT_EQ(edgelm_prefill(session, prompt.data() + 4, prompt.size() - 4), EDGELM_OK);
  EXPECT_EQ(logitsOf(session), logitsAfter(prompt));
}

TEST(Session, TwoSessionsOfOneModelRunInTwoThreads) {
  std::vector<int32_t> prompts[2] = {someTokens(20, 3), someTokens(22, 150)};
  std::vector<float> results[2];
  std::thread threads[2];
  for (int i = 0; i < 2; ++i)
    threads[i] = std::thread([&, i] {
      for (int repeat = 0; repeat < 50; ++repeat) {
        Decoder session(fake_decoder);
        ASSERT_EQ(edgelm_prefill(session, prompts[i].data(), prompts[i].size()), EDGELM_OK);
        results[i] = logitsOf(session);
      }
    });
  for (std::thread &thread : threads)
    thread.join();
  for (int i = 0; i < 2; ++i)
    EXPECT_EQ(results[i], logitsAfter(prompts[i]));
}
