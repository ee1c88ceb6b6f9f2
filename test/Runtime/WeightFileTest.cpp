// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Weights in a file of their own: what belongs to the model is used, anything else is a status of edgelm_open.
#include "Fake.h"
#include "Weights_generated.h"
#include "hosted/edgelm_map.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <random>

namespace {

/// The fields of a weight file; the defaults are right.
struct Contents {
  uint32_t version = 1;
  std::vector<uint8_t> fingerprint = hash(fake_decoder.fingerprint), layout = hash(fake_decoder.weight_layout);
  uint64_t offset = 4096, bytes = fake_decoder.weight_bytes;

  static std::vector<uint8_t> hash(const void *bytes) {
    const uint8_t *first = static_cast<const uint8_t *>(bytes);
    return {first, first + 32};
  }
};

/// Aligned bytes of a file, and what opening the decoder with them comes to.
class WeightFile {
public:
  explicit WeightFile(const Contents &contents = {}) {
    flatbuffers::FlatBufferBuilder builder;
    auto fingerprint = builder.CreateVector(contents.fingerprint);
    auto layout = builder.CreateVector(contents.layout);
    edgelm::schema::FinishWeightsBuffer(
        builder,
        edgelm::schema::CreateWeights(builder, contents.version, fingerprint, layout, contents.offset, contents.bytes));
    headBytes = builder.GetSize();
    bytes.resize(4096 + fake_decoder.weight_bytes);
    std::memcpy(bytes.data(), builder.GetBufferPointer(), headBytes);
    std::memcpy(bytes.data() + 4096, fake_decoder.weights, fake_decoder.weight_bytes);
  }

  /// Opens with the first `count` bytes, which are copied to their own block so that a sanitizer sees every read.
  edgelm_status open(size_t count, size_t shift = 0) {
    memory.reset(std::aligned_alloc(64, (std::max<size_t>(count + shift, 1) + 63) / 64 * 64));
    std::memcpy(static_cast<char *>(memory.get()) + shift, bytes.data(), count);
    edgelm_options options = {};
    options.weights = static_cast<char *>(memory.get()) + shift;
    options.weight_bytes = count;
    return openWith(options);
  }
  edgelm_status open() { return open(bytes.size()); }

  edgelm_status openWith(const edgelm_options &options) {
    model = fake_decoder;
    model.weights = nullptr;
    return edgelm_open(modelOf(model), arena.get(), sizeof *arena, &options, &session);
  }

  std::vector<uint8_t> bytes;
  size_t headBytes;
  edgelm_session *session = nullptr;

private:
  edgelm_descriptor model;
  std::unique_ptr<fake_arena> arena = std::make_unique<fake_arena>();
  std::unique_ptr<void, void (*)(void *)> memory = {nullptr, std::free};
};

} // namespace

TEST(WeightFile, IsUsedWhenItBelongsToTheModel) {
  WeightFile file;
  ASSERT_EQ(file.open(), EDGELM_OK);
  EXPECT_EQ(edgelm_decode(file.session, 9), EDGELM_OK);
  EXPECT_EQ(logitsOf(file.session), logitsAfter({9}));
}

TEST(WeightFile, OfAnotherModelVersionOrLayoutIsRefused) {
  Contents contents;
  contents.fingerprint[31] ^= 1;
  EXPECT_EQ(WeightFile(contents).open(), EDGELM_WRONG_MODEL);
  contents = {};
  contents.layout[0] ^= 1;
  EXPECT_EQ(WeightFile(contents).open(), EDGELM_WRONG_VERSION);
  contents = {};
  contents.version = 2;
  EXPECT_EQ(WeightFile(contents).open(), EDGELM_WRONG_VERSION);
}

TEST(WeightFile, MalformedFieldsAreRefused) {
  Contents contents;
  contents.fingerprint.pop_back();
  EXPECT_EQ(WeightFile(contents).open(), EDGELM_CORRUPT_WEIGHTS);
  contents = {};
  contents.layout.clear();
  EXPECT_EQ(WeightFile(contents).open(), EDGELM_CORRUPT_WEIGHTS);
  for (uint64_t offset : {uint64_t(4032), uint64_t(8192), ~uint64_t(4095)}) {
    contents = {};
    contents.offset = offset;
    EXPECT_EQ(WeightFile(contents).open(), EDGELM_CORRUPT_WEIGHTS) << offset;
  }
  for (uint64_t bytes : {uint64_t(0), contents.bytes - 1, contents.bytes + 1, ~uint64_t(0)}) {
    contents = {};
    contents.bytes = bytes;
    EXPECT_EQ(WeightFile(contents).open(), EDGELM_CORRUPT_WEIGHTS) << bytes;
  }
}

TEST(WeightFile, TruncatedAnywhereIsRefused) {
  WeightFile file;
  for (size_t count = 0; count < file.bytes.size(); ++count)
    ASSERT_EQ(file.open(count), EDGELM_CORRUPT_WEIGHTS) << count;
}

TEST(WeightFile, MustBeAligned) {
  WeightFile file;
  EXPECT_EQ(file.open(file.bytes.size(), 4), EDGELM_ARENA_UNALIGNED);
}

TEST(WeightFile, DamagedHeadsDoNoHarm) {
  const WeightFile good;
  std::mt19937 random(1);
  WeightFile damaged;
  for (int round = 0; round < 20000; ++round) {
    damaged.bytes = good.bytes;
    for (int changes = 1 + random() % 4; changes > 0; --changes)
      damaged.bytes[random() % good.headBytes] = uint8_t(random());
    const edgelm_status status = damaged.open(random() % 8 ? good.bytes.size() : random() % 256);
    ASSERT_TRUE(status == EDGELM_OK || status == EDGELM_CORRUPT_WEIGHTS || status == EDGELM_WRONG_MODEL ||
                status == EDGELM_WRONG_VERSION)
        << status;
  }
}

TEST(WeightFile, IsMapped) {
  WeightFile file;
  char path[] = "/tmp/edgelm-weights-XXXXXX";
  const int handle = mkstemp(path);
  ASSERT_GE(handle, 0);
  ASSERT_EQ(write(handle, file.bytes.data(), file.bytes.size()), ssize_t(file.bytes.size()));
  close(handle);
  edgelm_options options = {};
  ASSERT_EQ(edgelm_map_weights(path, &options), 0) << std::strerror(errno);
  unlink(path);
  EXPECT_EQ(options.weight_bytes, file.bytes.size());
  EXPECT_EQ(file.openWith(options), EDGELM_OK);
  edgelm_unmap_weights(&options);
  EXPECT_EQ(options.weights, nullptr);
  EXPECT_EQ(edgelm_map_weights(path, &options), -1); // it is gone
  EXPECT_EQ(errno, ENOENT);
}
