// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Encoders and graphs without tokens.
#include "Fake.h"

TEST(Graph, EncodeFillsInMaskTypesAndPadding) {
  Graph session(fake_encoder);
  const int32_t tokens[] = {10, 20, 30}, mask[] = {1, 0, 1}, types[] = {0, 0, 2};
  std::vector<float> sums(FAKE_SEQUENCE);
  void *outputs[] = {sums.data()};
  ASSERT_EQ(edgelm_encode(session, tokens, nullptr, nullptr, 3, outputs), EDGELM_OK);
  EXPECT_EQ(sums, (std::vector<float>{10, 20, 30, -1, -1, -1, -1, -1}));
  ASSERT_EQ(edgelm_encode(session, tokens, mask, types, 3, outputs), EDGELM_OK);
  EXPECT_EQ(sums, (std::vector<float>{10, 0, 2030, -1, -1, -1, -1, -1}));
  EXPECT_EQ(session.arena->tokens[3], 0);
  EXPECT_EQ(session.arena->mask[7], 0);
  const int32_t full[FAKE_SEQUENCE] = {1, 2, 3, 4, 5, 6, 7, 8};
  ASSERT_EQ(edgelm_encode(session, full, nullptr, nullptr, FAKE_SEQUENCE, nullptr), EDGELM_OK);
  EXPECT_EQ(static_cast<const float *>(edgelm_output(session, 0))[7], 8);
  EXPECT_EQ(edgelm_output(session, 1), nullptr);
}

TEST(Graph, EncodeRefuses) {
  Graph session(fake_encoder);
  const int32_t tokens[FAKE_SEQUENCE + 1] = {1, 2, FAKE_VOCAB};
  EXPECT_EQ(edgelm_encode(session, tokens, nullptr, nullptr, FAKE_SEQUENCE + 1, nullptr), EDGELM_PROMPT_TOO_LONG);
  EXPECT_EQ(edgelm_encode(session, tokens, nullptr, nullptr, 3, nullptr), EDGELM_INVALID_TOKEN);
  EXPECT_EQ(edgelm_encode(session, tokens, nullptr, nullptr, 0, nullptr), EDGELM_INVALID_ARGUMENT);
  EXPECT_EQ(edgelm_encode(session, nullptr, nullptr, nullptr, 3, nullptr), EDGELM_INVALID_ARGUMENT);
  Graph other(fake_invoker);
  EXPECT_EQ(edgelm_encode(other, tokens, nullptr, nullptr, 1, nullptr), EDGELM_UNSUPPORTED);
}

static edgelm_status cancel(void *) {
  return EDGELM_USER_STATUS + 3;
}

TEST(Graph, EncodeReturnsWhatPollReturned) {
  edgelm_options options = {};
  options.poll = cancel;
  Graph session(fake_encoder, &options);
  const int32_t tokens[] = {1};
  float sums[FAKE_SEQUENCE] = {42};
  void *outputs[] = {sums};
  EXPECT_EQ(edgelm_encode(session, tokens, nullptr, nullptr, 1, outputs), EDGELM_USER_STATUS + 3);
  EXPECT_EQ(sums[0], 42);
}

TEST(Graph, InvokeCopiesInputsAndOutputs) {
  Graph session(fake_invoker);
  const float a[] = {1, 2, 3, 4}, b[] = {10, 20, 30, 40};
  float sums[4] = {}, products[4] = {};
  const void *inputs[] = {a, b};
  void *outputs[] = {sums, products};
  ASSERT_EQ(edgelm_invoke(session, inputs, outputs), EDGELM_OK);
  EXPECT_EQ(sums[3], 44);
  EXPECT_EQ(products[3], 160);
  void *only_second[] = {nullptr, products};
  const void *swapped[] = {b, b};
  ASSERT_EQ(edgelm_invoke(session, swapped, only_second), EDGELM_OK);
  EXPECT_EQ(sums[3], 44);
  EXPECT_EQ(products[3], 1600);
  EXPECT_EQ(static_cast<const float *>(edgelm_output(session, 0))[3], 80);
  const void *missing[] = {a, nullptr};
  EXPECT_EQ(edgelm_invoke(session, missing, outputs), EDGELM_INVALID_ARGUMENT);
  EXPECT_EQ(edgelm_invoke(session, nullptr, outputs), EDGELM_INVALID_ARGUMENT);
}

TEST(Graph, DecoderFunctionsAreUnsupported) {
  for (const edgelm_descriptor *model : {&fake_encoder, &fake_invoker}) {
    Graph session(*model);
    int32_t id = 1;
    size_t size;
    char text[8];
    float logits[FAKE_VOCAB];
    EXPECT_EQ(edgelm_prefill(session, &id, 1), EDGELM_UNSUPPORTED);
    EXPECT_EQ(edgelm_decode(session, 1), EDGELM_UNSUPPORTED);
    EXPECT_EQ(edgelm_score(session, &id, 1, logits), EDGELM_UNSUPPORTED);
    EXPECT_EQ(edgelm_sample(session, nullptr, &id), EDGELM_UNSUPPORTED);
    EXPECT_EQ(edgelm_save(session, nullptr, 0, &size), EDGELM_UNSUPPORTED);
    EXPECT_EQ(edgelm_restore(session, text, 8), EDGELM_UNSUPPORTED);
    EXPECT_EQ(edgelm_generate(session, "a", 1, nullptr, nullptr), EDGELM_UNSUPPORTED);
    EXPECT_EQ(edgelm_generate_ids(session, &id, 1, nullptr, nullptr), EDGELM_UNSUPPORTED);
    EXPECT_EQ(edgelm_tokenize(session, "a", 1, 0, &id, 1, &size), EDGELM_UNSUPPORTED);
    EXPECT_EQ(edgelm_detokenize(session, &id, 1, 0, text, 8, &size), EDGELM_UNSUPPORTED);
    EXPECT_EQ(edgelm_logits(session), nullptr);
  }
  Decoder session(fake_decoder);
  EXPECT_EQ(edgelm_invoke(session, nullptr, nullptr), EDGELM_UNSUPPORTED);
}
