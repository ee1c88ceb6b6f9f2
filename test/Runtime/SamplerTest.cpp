// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The sampler against a model of it that sorts everything, in double precision.

extern "C" {
#include "sampler.h"
}
#include "Fake.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <random>

/// More than twice the shortlist of the sampler.
enum { VOCAB = 1100, CONTEXT = 24 };

namespace {
/// A model that computes nothing: the tests write its logits.
struct SamplerArena {
  EDGELM_ALIGNED unsigned char session[FAKE_SESSION_BYTES];
  EDGELM_ALIGNED int32_t tokens[1];
  EDGELM_ALIGNED float logits[VOCAB];
  EDGELM_ALIGNED unsigned char sampler[EDGELM_SAMPLER_BYTES(VOCAB, CONTEXT)];
  EDGELM_ALIGNED unsigned char guard[64]; // stays as it was
};

struct Sampler : Opened<SamplerArena> {
  static edgelm_descriptor model() {
    edgelm_descriptor model = {};
    model.magic = EDGELM_MAGIC;
    model.abi_version = EDGELM_ABI_VERSION;
    model.functions = &edgelm_rt_functions;
    model.arena_bytes = sizeof(SamplerArena);
    model.vocab = VOCAB;
    model.context = CONTEXT;
    model.max_threads = 1;
    model.tokens_offset = offsetof(SamplerArena, tokens);
    model.logits_offset = offsetof(SamplerArena, logits);
    model.sampler_offset = offsetof(SamplerArena, sampler);
    model.decode = reinterpret_cast<const void *>(
        +[](edgelm_context *, uint8_t *, const uint8_t *, int32_t, int32_t, void *) -> int32_t { return EDGELM_OK; });
    return model;
  }
  explicit Sampler(const edgelm_options *options = nullptr) : Opened<SamplerArena>(descriptor, options) {}
  ~Sampler() {
    for (unsigned char byte : arena->guard)
      EXPECT_EQ(byte, 0xcd);
  }
  static const edgelm_descriptor descriptor;
};
const edgelm_descriptor Sampler::descriptor = Sampler::model();
} // namespace

/// Replaces the logits of a fresh session that has seen `seen`.
static void setLogits(Sampler &session, const std::vector<float> &logits, const std::vector<int32_t> &seen = {1}) {
  edgelm_reset(session);
  ASSERT_EQ(edgelm_prefill(session, seen.data(), seen.size()), EDGELM_OK);
  std::copy(logits.begin(), logits.end(), edgelm_logits(session));
}

static std::vector<float> randomLogits(uint32_t seed, bool ties = false) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0.0f, 3.0f);
  std::vector<float> logits(VOCAB);
  for (float &logit : logits)
    logit = ties ? std::round(normal(random)) : normal(random);
  return logits;
}

/// The probability of each token by llama.cpp's chain: penalty, top-k, top-p, min-p, temperature.
static std::vector<double> expected(std::vector<float> logits, const edgelm_sampling &sampling,
                                    std::vector<int32_t> seen = {}) {
  std::sort(seen.begin(), seen.end());
  seen.erase(std::unique(seen.begin(), seen.end()), seen.end());
  if (sampling.repeat_penalty > 0)
    for (int32_t id : seen)
      logits[id] = logits[id] <= 0 ? logits[id] * sampling.repeat_penalty : logits[id] / sampling.repeat_penalty;
  std::vector<int32_t> order(logits.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(),
            [&](int32_t a, int32_t b) { return logits[a] != logits[b] ? logits[a] > logits[b] : a < b; });
  double max = logits[order[0]];
  if (sampling.top_k)
    order.resize(std::min<size_t>(sampling.top_k, order.size()));
  if (sampling.top_p > 0 && sampling.top_p < 1) {
    double sum = 0, reached = 0;
    for (int32_t id : order)
      sum += std::exp(logits[id] - max);
    size_t kept = 0;
    while (kept < order.size() && reached < double(sampling.top_p) * sum)
      reached += std::exp(logits[order[kept++]] - max);
    order.resize(kept);
  }
  std::vector<double> probabilities(logits.size(), 0.0);
  double sum = 0;
  for (int32_t id : order)
    if (std::exp(logits[id] - max) >= double(sampling.min_p))
      sum += probabilities[id] = std::exp((logits[id] - max) / double(sampling.temperature));
  for (double &probability : probabilities)
    probability /= sum;
  return probabilities;
}

/// Draws many tokens: none may be impossible, and the frequencies must fit the probabilities.
static void checkDraws(Sampler &session, const std::vector<double> &probabilities, const edgelm_sampling &sampling) {
  const long kept = std::count_if(probabilities.begin(), probabilities.end(), [](double p) { return p > 0; });
  const int draws = static_cast<int>(std::max(4000L, sampling.temperature > 1000 ? 30 * kept : 0));
  std::map<int32_t, int> counts;
  for (int i = 0; i < draws; ++i) {
    int32_t id = -1;
    ASSERT_EQ(edgelm_sample(session, &sampling, &id), EDGELM_OK);
    ++counts[id];
  }
  for (int32_t id = 0; id < VOCAB; ++id) {
    double p = probabilities[id], mean = draws * p;
    if (p == 0)
      EXPECT_EQ(counts.count(id), 0u) << "token " << id << " is not among the kept ones";
    else if (mean > 25)
      EXPECT_GT(counts[id], 0) << "token " << id << " with probability " << p;
    // Six standard deviations: a right sampler fails once in a billion.
    EXPECT_NEAR(counts[id], mean, 6 * std::sqrt(mean * (1 - p)) + 2) << "token " << id;
  }
}

TEST(SamplerTest, ExpIsWithinItsStatedError) {
  double worst = 0;
  for (int i = 0; i < 8699990; ++i) {
    float x = static_cast<float>(i) * -1e-5f;
    double exact = std::exp(static_cast<double>(x));
    worst = std::max(worst, std::fabs(edgelm_rt_exp(x) - exact) / exact);
  }
  EXPECT_LT(worst, 1.5e-7);
  for (float x = -1e-30f; x > -1; x *= 1.5f)
    EXPECT_LE(edgelm_rt_exp(x), 1.0f);
  EXPECT_EQ(edgelm_rt_exp(0.0f), 1.0f);
  EXPECT_EQ(edgelm_rt_exp(-90.0f), 0.0f);
  EXPECT_EQ(edgelm_rt_exp(-INFINITY), 0.0f);
}

TEST(SamplerTest, RandomNumbersAreSplitMix64) {
  uint64_t state = 1234567;
  // From the reference implementation, https://prng.di.unimi.it/splitmix64.c.
  EXPECT_EQ(edgelm_rt_random(&state), 6457827717110365317u);
  EXPECT_EQ(edgelm_rt_random(&state), 3203168211198807973u);
  EXPECT_EQ(edgelm_rt_random(&state), 9817491932198370423u);
}

TEST(SamplerTest, GreedyIsTheFirstLargest) {
  Sampler session;
  for (uint32_t seed = 0; seed < 50; ++seed) {
    std::vector<float> logits = randomLogits(seed, true);
    setLogits(session, logits);
    int32_t id = -1;
    ASSERT_EQ(edgelm_sample(session, nullptr, &id), EDGELM_OK);
    EXPECT_EQ(id, std::max_element(logits.begin(), logits.end()) - logits.begin());
  }
}

TEST(SamplerTest, SameSeedSameTokens) {
  Sampler session;
  setLogits(session, randomLogits(1));
  edgelm_sampling sampling = {};
  sampling.temperature = 1.5f;
  auto draw = [&](uint64_t seed) {
    edgelm_seed(session, seed);
    std::vector<int32_t> ids(100);
    for (int32_t &id : ids)
      EXPECT_EQ(edgelm_sample(session, &sampling, &id), EDGELM_OK);
    return ids;
  };
  std::vector<int32_t> first = draw(7);
  EXPECT_EQ(draw(7), first);
  EXPECT_NE(draw(8), first);
  // A new session and a reset one have seed 0.
  std::vector<int32_t> zero = draw(0);
  setLogits(session, randomLogits(1));
  int32_t id;
  ASSERT_EQ(edgelm_sample(session, &sampling, &id), EDGELM_OK);
  EXPECT_EQ(id, zero[0]);
}

TEST(SamplerTest, KeepsAndDrawsWhatTheChainSays) {
  Sampler session;
  const edgelm_sampling table[] = {
      {1.0f, 0, 0, 0, 0, 0},
      {0.7f, 0, 0, 0, 0, 0},
      {1.0f, 1, 0, 0, 0, 0},
      {1.0f, 40, 0, 0, 0, 0},
      {2.0f, 511, 0, 0, 0, 0},
      {2.0f, 512, 0, 0, 0, 0},
      {2.0f, 513, 0, 0, 0, 0},
      {2.0f, 1099, 0, 0, 0, 0},
      {1.0f, 5000, 0, 0, 0, 0},
      {1.0f, 0, 0.9f, 0, 0, 0},
      {1.0f, 0, 0.05f, 0, 0, 0},
      {1.0f, 0, 0.999f, 0, 0, 0},
      {1.0f, 0, 1e-9f, 0, 0, 0},
      {1.0f, 0, 0, 0.05f, 0, 0},
      {1.0f, 0, 0, 1.0f, 0, 0},
      {1.0f, 0, 0, 1e-12f, 0, 0},
      {1.3f, 40, 0.9f, 0.02f, 0, 0},
      {0.8f, 10, 0.5f, 0.3f, 0, 0},
      {1.0f, 700, 0.8f, 0, 0, 0},
      // So hot that all that is kept is equally likely, and every token of it is drawn.
      {1e6f, 40, 0, 0, 0, 0},
      {1e6f, 512, 0, 0, 0, 0},
      {1e6f, 600, 0, 0, 0, 0},
      {1e6f, 0, 0.5f, 0, 0, 0},
      {1e6f, 0, 0.9f, 0, 0, 0},
      {1e6f, 0, 0.97f, 0, 0, 0},
      {1e6f, 0, 0.999f, 0, 0, 0},
      {1e6f, 0, 0, 0.01f, 0, 0},
      {1e6f, 0, 0, 0.0001f, 0, 0},
      {1e6f, 300, 0.95f, 0, 0, 0},
      {1e6f, 900, 0.95f, 0.001f, 0, 0},
  };
  uint32_t seed = 100;
  for (const edgelm_sampling &sampling : table)
    for (bool ties : {false, true}) {
      SCOPED_TRACE(testing::Message() << "row " << &sampling - table << (ties ? " with ties" : ""));
      std::vector<float> logits = randomLogits(++seed, ties);
      setLogits(session, logits);
      checkDraws(session, expected(logits, sampling), sampling);
    }
}

TEST(SamplerTest, PenaltyHitsEachTokenOfTheWindowOnce) {
  Sampler session;
  const std::vector<int32_t> seen = {7, 200, 7, 9, 9, 30};
  std::vector<float> logits(VOCAB, -30.0f);
  logits[7] = 2.0f, logits[9] = 1.5f, logits[200] = -1.0f, logits[30] = -0.5f, logits[11] = 0.5f;
  for (uint32_t last_n : {0u, 2u, 3u, 64u}) {
    setLogits(session, logits, seen);
    edgelm_sampling sampling = {1.0f, 0, 0, 0, 1.5f, last_n};
    std::vector<int32_t> window(last_n ? seen.end() - std::min<size_t>(last_n, seen.size()) : seen.begin(), seen.end());
    checkDraws(session, expected(logits, sampling, window), sampling);
    EXPECT_EQ(std::vector<float>(edgelm_logits(session), edgelm_logits(session) + VOCAB), logits)
        << "the logits must be as before";
  }
  logits.assign(VOCAB, 0.0f);
  logits[7] = 1.0f;
  logits[8] = 0.9f;
  setLogits(session, logits, seen);
  edgelm_sampling greedy = {0, 0, 0, 0, 1.2f, 0};
  int32_t id;
  ASSERT_EQ(edgelm_sample(session, &greedy, &id), EDGELM_OK);
  EXPECT_EQ(id, 8);
}

TEST(SamplerTest, OddLogitsAndSettingsStillGiveAToken) {
  Sampler session;
  const float infinity = INFINITY;
  std::vector<std::vector<float>> all(7, std::vector<float>(VOCAB, 0.0f));
  all[1].assign(VOCAB, -infinity);
  all[2].assign(VOCAB, NAN);
  all[3][9] = infinity;
  all[4].assign(VOCAB, NAN), all[4][11] = -3;
  all[5].assign(VOCAB, -infinity), all[5][12] = 1;
  all[6].assign(VOCAB, -3e38f), all[6][13] = 3e38f;
  const edgelm_sampling settings[] = {{0, 0, 0, 0, 0, 0},
                                      {1e-45f, 0, 0, 0, 0, 0},
                                      {1.0f, 3, 0.5f, 0.1f, 1.1f, 0},
                                      {NAN, 0, NAN, NAN, NAN, 0},
                                      {infinity, 0, 0, 0, 0, 0},
                                      {1.0f, 0, 0, 5.0f, 0, 0},
                                      {1.0f, 299, 0.99999f, -1, -1, UINT32_MAX}};
  const int32_t certain[] = {-1, -1, -1, 9, 11, 12, 13};
  for (size_t i = 0; i < all.size(); ++i)
    for (const edgelm_sampling &sampling : settings) {
      setLogits(session, all[i]);
      int32_t id = -1;
      ASSERT_EQ(edgelm_sample(session, &sampling, &id), EDGELM_OK);
      ASSERT_GE(id, 0);
      ASSERT_LT(id, VOCAB);
      if (certain[i] >= 0 && std::isfinite(sampling.temperature))
        EXPECT_EQ(id, certain[i]);
    }
}

TEST(SamplerTest, NeedsLogitsAndAPlaceForTheId) {
  Sampler session;
  int32_t id = -1;
  EXPECT_EQ(edgelm_sample(session, nullptr, &id), EDGELM_NO_LOGITS);
  EXPECT_EQ(id, -1);
  ASSERT_EQ(edgelm_decode(session, 1), EDGELM_OK);
  EXPECT_EQ(edgelm_sample(session, nullptr, nullptr), EDGELM_INVALID_ARGUMENT);
}

static void forbidAllBut77(void *, float *logits, uint32_t vocab) {
  for (uint32_t id = 0; id < vocab; ++id)
    if (id != 77)
      logits[id] = -INFINITY;
}

TEST(SamplerTest, TheLogitsCallbackComesFirst) {
  edgelm_options options = {};
  options.on_logits = forbidAllBut77;
  Sampler session(&options);
  ASSERT_EQ(edgelm_decode(session, 1), EDGELM_OK);
  edgelm_sampling sampling = {1.0f, 0, 0.9f, 0, 0, 0};
  int32_t id;
  ASSERT_EQ(edgelm_sample(session, &sampling, &id), EDGELM_OK);
  EXPECT_EQ(id, 77);
}
