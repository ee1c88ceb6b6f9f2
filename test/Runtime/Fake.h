// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the runtime's tests share: sessions over the hand-written models.
#pragma once

#include "FakeModel.h"

#include <cstring>
#include <gtest/gtest.h>
#include <memory>
#include <vector>

inline const edgelm_model *modelOf(const edgelm_descriptor &descriptor) {
  return reinterpret_cast<const edgelm_model *>(&descriptor);
}

/// A session with an arena of its own.
template <typename Arena> struct Opened {
  explicit Opened(const edgelm_descriptor &descriptor, const edgelm_options *options = nullptr) {
    std::memset(static_cast<void *>(arena.get()), 0xcd, sizeof(Arena)); // nothing may rely on zeros
    EXPECT_EQ(edgelm_open(modelOf(descriptor), arena.get(), sizeof(Arena), options, &session), EDGELM_OK);
  }
  ~Opened() { edgelm_close(session); }
  operator edgelm_session *() { return session; }

  std::unique_ptr<Arena> arena = std::make_unique<Arena>();
  edgelm_session *session = nullptr;
};

using Decoder = Opened<fake_arena>;
using Graph = Opened<fake_graph_arena>;

/// The logits that the decoder must have after `tokens`.
inline std::vector<float> logitsAfter(const std::vector<int32_t> &tokens) {
  std::vector<float> logits;
  for (int32_t id = 0; id < FAKE_VOCAB; ++id)
    logits.push_back(fake_logit(tokens.data(), static_cast<int32_t>(tokens.size()), id));
  return logits;
}

inline std::vector<float> logitsOf(edgelm_session *session) {
  const float *logits = edgelm_logits(session);
  return logits ? std::vector<float>(logits, logits + FAKE_VOCAB) : std::vector<float>();
}

/// `count` tokens that look random.
inline std::vector<int32_t> someTokens(size_t count, int32_t start = 5) {
  std::vector<int32_t> tokens;
  for (size_t i = 0; i < count; ++i)
    tokens.push_back((start + static_cast<int32_t>(i) * 71) % 256);
  return tokens;
}
