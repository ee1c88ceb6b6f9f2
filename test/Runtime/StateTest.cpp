// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Saving and restoring: the bytes are a FlatBuffer of the schema, and no bytes can do harm.
#include "Fake.h"
#include "State_generated.h"

#include <cstring>
#include <random>

using Bytes = std::vector<uint8_t>;

static Bytes save(edgelm_session *session) {
  size_t bytes = 0;
  EXPECT_EQ(edgelm_save(session, nullptr, 0, &bytes), EDGELM_BUFFER_TOO_SMALL);
  Bytes state(bytes);
  size_t written = 0;
  EXPECT_EQ(edgelm_save(session, state.data(), bytes - 1, &written), EDGELM_BUFFER_TOO_SMALL);
  EXPECT_EQ(edgelm_save(session, state.data(), bytes, &written), EDGELM_OK);
  EXPECT_EQ(written, bytes);
  return state;
}

static const std::vector<int32_t> prompt = someTokens(13);

TEST(State, IsAFlatBufferOfTheSchema) {
  for (size_t position : {0, 1, 13, 24}) {
    Decoder session(fake_decoder);
    std::vector<int32_t> tokens = someTokens(position);
    ASSERT_EQ(edgelm_prefill(session, tokens.data(), tokens.size()), EDGELM_OK);
    edgelm_seed(session, 0x123456789abcdefu);
    Bytes bytes = save(session);
    flatbuffers::Verifier verifier(bytes.data(), bytes.size());
    ASSERT_TRUE(edgelm::schema::VerifyStateBuffer(verifier)) << "at position " << position;
    const edgelm::schema::State *state = edgelm::schema::GetState(bytes.data());
    EXPECT_EQ(state->version(), 1u);
    EXPECT_EQ(std::memcmp(state->fingerprint()->data(), fake_decoder.fingerprint, 32), 0);
    EXPECT_EQ(state->position(), position);
    EXPECT_EQ(state->random(), 0x123456789abcdefu);
    EXPECT_EQ(std::vector<int32_t>(state->tokens()->begin(), state->tokens()->end()), tokens);
    ASSERT_EQ(state->logits() != nullptr, position > 0);
    if (position) {
      EXPECT_EQ(std::vector<float>(state->logits()->begin(), state->logits()->end()), logitsAfter(tokens));
    }
    ASSERT_EQ(state->tensors()->size(), 2u);
    const edgelm::schema::StateTensor *keys = state->tensors()->Get(0);
    EXPECT_EQ(keys->outer(), uint32_t(FAKE_HEADS));
    EXPECT_EQ(keys->row_bytes(), 8u);
    ASSERT_EQ(keys->data()->size(), FAKE_HEADS * position * 8);
    for (size_t head = 0; head < FAKE_HEADS; ++head)
      EXPECT_EQ(std::memcmp(keys->data()->data() + head * position * 8, session.arena->keys[head], position * 8), 0);
    EXPECT_EQ(state->tensors()->Get(1)->data()->size(), position * 4);
  }
}

TEST(State, ARestoredSessionContinuesAsTheSavedOne) {
  Decoder session(fake_decoder);
  edgelm_sampling sampling = {1.2f, 0, 0.95f, 0, 1.3f, 0};
  ASSERT_EQ(edgelm_prefill(session, prompt.data(), prompt.size()), EDGELM_OK);
  edgelm_seed(session, 99);
  Bytes bytes = save(session);
  Decoder other(fake_decoder);
  ASSERT_EQ(edgelm_decode(other, 3), EDGELM_OK);
  ASSERT_EQ(edgelm_restore(other, bytes.data(), bytes.size()), EDGELM_OK);
  EXPECT_EQ(edgelm_position(other), prompt.size());
  for (int step = 0; step < 8; ++step) {
    EXPECT_EQ(logitsOf(other), logitsOf(session));
    int32_t a = -1, b = -2;
    ASSERT_EQ(edgelm_sample(session, &sampling, &a), EDGELM_OK);
    ASSERT_EQ(edgelm_sample(other, &sampling, &b), EDGELM_OK);
    EXPECT_EQ(a, b);
    ASSERT_EQ(edgelm_decode(session, a), EDGELM_OK);
    ASSERT_EQ(edgelm_decode(other, b), EDGELM_OK);
  }
}

TEST(State, ReadsWhatTheGeneratedBuilderWrites) {
  Decoder session(fake_decoder);
  ASSERT_EQ(edgelm_prefill(session, prompt.data(), prompt.size()), EDGELM_OK);
  Bytes bytes = save(session);
  std::unique_ptr<edgelm::schema::StateT> tree(edgelm::schema::UnPackState(bytes.data()));
  tree->logits.clear();
  flatbuffers::FlatBufferBuilder builder;
  edgelm::schema::FinishStateBuffer(builder, edgelm::schema::State::Pack(builder, tree.get()));
  Decoder other(fake_decoder);
  ASSERT_EQ(edgelm_restore(other, builder.GetBufferPointer(), builder.GetSize()), EDGELM_OK);
  EXPECT_EQ(edgelm_logits(other), nullptr);
  ASSERT_EQ(edgelm_decode(other, 5), EDGELM_OK);
  ASSERT_EQ(edgelm_decode(session, 5), EDGELM_OK);
  EXPECT_EQ(logitsOf(other), logitsOf(session));
}

/// What restoring a changed tree gives.
template <typename Change> static edgelm_status restoreChanged(Change change) {
  Decoder session(fake_decoder);
  EXPECT_EQ(edgelm_prefill(session, prompt.data(), prompt.size()), EDGELM_OK);
  Bytes bytes = save(session);
  std::unique_ptr<edgelm::schema::StateT> tree(edgelm::schema::UnPackState(bytes.data()));
  change(*tree);
  flatbuffers::FlatBufferBuilder builder;
  edgelm::schema::FinishStateBuffer(builder, edgelm::schema::State::Pack(builder, tree.get()));
  EXPECT_EQ(edgelm_reset(session), EDGELM_OK);
  EXPECT_EQ(edgelm_decode(session, 9), EDGELM_OK);
  edgelm_status status = edgelm_restore(session, builder.GetBufferPointer(), builder.GetSize());
  if (status) {
    EXPECT_EQ(edgelm_position(session), 1u);
    EXPECT_EQ(logitsOf(session), logitsAfter({9}));
  }
  return status;
}

using Tree = edgelm::schema::StateT;

TEST(State, RefusesAnotherModelOrVersion) {
  EXPECT_EQ(restoreChanged([](Tree &) {}), EDGELM_OK);
  EXPECT_EQ(restoreChanged([](Tree &tree) { tree.fingerprint[31] ^= 1; }), EDGELM_WRONG_MODEL);
  EXPECT_EQ(restoreChanged([](Tree &tree) { tree.version = 2; }), EDGELM_WRONG_VERSION);
  EXPECT_EQ(restoreChanged([](Tree &tree) { tree.version = 0; }), EDGELM_WRONG_VERSION);
}

TEST(State, RefusesWhatDoesNotFitTheModel) {
  EXPECT_EQ(restoreChanged([](Tree &tree) { tree.fingerprint.pop_back(); }), EDGELM_CORRUPT_STATE);
  EXPECT_EQ(restoreChanged([](Tree &tree) { tree.position = 12; }), EDGELM_CORRUPT_STATE);
  EXPECT_EQ(restoreChanged([](Tree &tree) { tree.position = FAKE_CONTEXT + 1; }), EDGELM_CORRUPT_STATE);
  EXPECT_EQ(restoreChanged([](Tree &tree) { // more than fits, but the same everywhere
              tree.position = FAKE_CONTEXT + 1;
              tree.tokens.resize(FAKE_CONTEXT + 1);
              tree.tensors[0]->data.resize(FAKE_HEADS * (FAKE_CONTEXT + 1) * 8);
              tree.tensors[1]->data.resize((FAKE_CONTEXT + 1) * 4);
            }),
            EDGELM_CORRUPT_STATE);
  EXPECT_EQ(restoreChanged([](Tree &tree) { tree.tokens.pop_back(); }), EDGELM_CORRUPT_STATE);
  EXPECT_EQ(restoreChanged([](Tree &tree) { tree.tokens[3] = FAKE_VOCAB; }), EDGELM_CORRUPT_STATE);
  EXPECT_EQ(restoreChanged([](Tree &tree) { tree.tokens[3] = -1; }), EDGELM_CORRUPT_STATE);
  EXPECT_EQ(restoreChanged([](Tree &tree) { tree.logits.pop_back(); }), EDGELM_CORRUPT_STATE);
  EXPECT_EQ(restoreChanged([](Tree &tree) { tree.tensors.pop_back(); }), EDGELM_CORRUPT_STATE);
  EXPECT_EQ(restoreChanged([](Tree &tree) { tree.tensors[0]->outer = 1; }), EDGELM_CORRUPT_STATE);
  EXPECT_EQ(restoreChanged([](Tree &tree) { tree.tensors[1]->row_bytes = 8; }), EDGELM_CORRUPT_STATE);
  EXPECT_EQ(restoreChanged([](Tree &tree) { tree.tensors[1]->data.push_back(0); }), EDGELM_CORRUPT_STATE);
}

TEST(State, RefusesEveryTruncation) {
  Decoder session(fake_decoder);
  ASSERT_EQ(edgelm_prefill(session, prompt.data(), prompt.size()), EDGELM_OK);
  Bytes bytes = save(session);
  for (size_t count = 0; count < bytes.size(); ++count) {
    Bytes cut(bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(count)); // exact size: the sanitizer sees overreads
    edgelm_status status = edgelm_restore(session, cut.data() ? cut.data() : bytes.data(), count);
    // Up to 3 bytes of padding end the buffer.
    if (count + 3 < bytes.size())
      ASSERT_EQ(status, EDGELM_CORRUPT_STATE) << "cut to " << count;
  }
  EXPECT_EQ(edgelm_restore(session, nullptr, 0), EDGELM_INVALID_ARGUMENT);
  EXPECT_EQ(edgelm_save(session, nullptr, 8, nullptr), EDGELM_INVALID_ARGUMENT);
}

TEST(State, SurvivesMutations) {
  Decoder session(fake_decoder);
  ASSERT_EQ(edgelm_prefill(session, prompt.data(), prompt.size()), EDGELM_OK);
  const Bytes bytes = save(session);
  std::mt19937 random(1);
  size_t accepted = 0, refused = 0;
  for (int round = 0; round < 100000; ++round) {
    Bytes changed = bytes;
    // Mostly the structure at the front, with values that overflow when added or multiplied.
    static const uint32_t values[] = {0,      1,          4,          0x7f,       0xff,      0x7fff,
                                      0xffff, 0x7fffffff, 0x80000000, 0xfffffffc, 0xffffffff};
    for (uint32_t changes = 1 + random() % 3; changes; --changes) {
      size_t at = random() % 4 ? random() % 180 : random() % (changed.size() - 4);
      uint32_t value = random() % 2 ? values[random() % std::size(values)] : random();
      std::memcpy(&changed[at], &value, 1u << random() % 3);
    }
    if (random() % 8 == 0)
      changed.resize(random() % changed.size() + 1);
    edgelm_status status = edgelm_restore(session, changed.data(), changed.size());
    if (status == EDGELM_OK) {
      ++accepted;
      ASSERT_LE(edgelm_position(session), size_t(FAKE_CONTEXT));
      int32_t id;
      edgelm_sampling sampling = {1.0f, 5, 0.9f, 0.1f, 1.1f, 0};
      if (edgelm_logits(session))
        ASSERT_EQ(edgelm_sample(session, &sampling, &id), EDGELM_OK);
    } else {
      ++refused;
      ASSERT_TRUE(status == EDGELM_CORRUPT_STATE || status == EDGELM_WRONG_MODEL || status == EDGELM_WRONG_VERSION);
    }
  }
  EXPECT_GT(accepted, 100u);
  EXPECT_GT(refused, 50000u);
}
