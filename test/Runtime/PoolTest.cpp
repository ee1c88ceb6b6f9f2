// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The thread pool and the launch of kernels over it.
#include "Fake.h"

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <thread>

namespace {
/// A running pool.
struct Pool {
  explicit Pool(uint32_t threads) {
    size_t bytes = edgelm_pool_bytes(modelOf(fake_decoder), threads);
    memory = std::aligned_alloc(EDGELM_ARENA_ALIGNMENT, (bytes + 63) / 64 * 64);
    EXPECT_EQ(edgelm_pool_start(modelOf(fake_decoder), memory, bytes, threads, &options), EDGELM_OK);
  }
  ~Pool() {
    edgelm_pool_stop(modelOf(fake_decoder), &options);
    EXPECT_EQ(options.parallel_for, nullptr);
    std::free(memory);
  }
  void *memory;
  edgelm_options options = {};
};
} // namespace

static void count(void *args, uint32_t item) {
  ++static_cast<std::atomic<int> *>(args)[item];
}

TEST(Pool, CallsEveryItemOnce) {
  for (uint32_t threads : {1u, 2u, 3u, 4u, 8u}) {
    Pool pool(threads);
    EXPECT_EQ(pool.options.threads, threads);
    for (uint32_t items = 0; items < 40; ++items)
      for (int repeat = 0; repeat < 20; ++repeat) {
        std::vector<std::atomic<int>> counts(items + 1);
        pool.options.parallel_for(pool.options.parallel_user, count, counts.data(), items);
        for (uint32_t i = 0; i < items; ++i)
          ASSERT_EQ(counts[i], 1) << "item " << i << " of " << items << " with " << threads << " threads";
        ASSERT_EQ(counts[items], 0);
      }
  }
}

// A round sees what the last one wrote, whichever threads ran it: a sum that is passed on.
static void addNeighbour(void *args, uint32_t item) {
  uint64_t *rows = static_cast<uint64_t *>(args);
  const uint64_t *from = rows + (rows[0] % 2 ? 9 : 1);
  uint64_t *to = rows + (rows[0] % 2 ? 1 : 9);
  to[item] = from[item] + from[(item + 1) % 8];
}

TEST(Pool, RoundsFollowEachOther) {
  Pool pool(4);
  uint64_t rows[17] = {0, 1, 2, 3, 4, 5, 6, 7, 8};
  uint64_t expected[8] = {1, 2, 3, 4, 5, 6, 7, 8}, next[8];
  for (int round = 0; round < 20000; ++round) {
    pool.options.parallel_for(pool.options.parallel_user, addNeighbour, rows, 8);
    ++rows[0];
    for (int i = 0; i < 8; ++i)
      next[i] = expected[i] + expected[(i + 1) % 8];
    std::copy(next, next + 8, expected);
  }
  EXPECT_TRUE(std::equal(expected, expected + 8, rows + 1));
}

TEST(Pool, WakesSleepingWorkers) {
  Pool pool(3);
  for (int round = 0; round < 20; ++round) {
    std::this_thread::sleep_for(std::chrono::milliseconds(3));
    std::atomic<int> counts[3] = {};
    pool.options.parallel_for(pool.options.parallel_user, count, counts, 3);
    EXPECT_EQ(counts[0] + counts[1] + counts[2], 3);
  }
}

TEST(Pool, StartsAndStopsManyTimes) {
  for (int round = 0; round < 100; ++round)
    Pool pool(1 + static_cast<uint32_t>(round) % 4);
}

TEST(Pool, Refuses) {
  const edgelm_model *model = modelOf(fake_decoder);
  EDGELM_ALIGNED static unsigned char memory[4096];
  size_t bytes = edgelm_pool_bytes(model, 4);
  ASSERT_GT(bytes, 0u);
  ASSERT_LE(bytes + 8, sizeof memory);
  edgelm_options options = {};
  EXPECT_EQ(edgelm_pool_start(model, memory, bytes - 1, 4, &options), EDGELM_BUFFER_TOO_SMALL);
  EXPECT_EQ(edgelm_pool_start(model, memory + 8, bytes, 4, &options), EDGELM_ARENA_UNALIGNED);
  EXPECT_EQ(edgelm_pool_start(model, nullptr, bytes, 4, &options), EDGELM_INVALID_ARGUMENT);
  EXPECT_EQ(edgelm_pool_start(model, memory, bytes, 0, &options), EDGELM_INVALID_ARGUMENT);
  EXPECT_EQ(edgelm_pool_start(model, memory, bytes, 4, nullptr), EDGELM_INVALID_ARGUMENT);
  EXPECT_EQ(options.parallel_for, nullptr);
  edgelm_pool_stop(model, &options);

  edgelm_functions freestanding = edgelm_rt_functions;
  freestanding.pool_bytes = nullptr;
  freestanding.pool_start = nullptr;
  freestanding.pool_stop = nullptr;
  edgelm_descriptor bare = fake_decoder;
  bare.functions = &freestanding;
  EXPECT_EQ(edgelm_pool_bytes(modelOf(bare), 4), 0u);
  EXPECT_EQ(edgelm_pool_start(modelOf(bare), memory, sizeof memory, 4, &options), EDGELM_UNSUPPORTED);
  edgelm_pool_stop(modelOf(bare), &options);
}

TEST(Pool, SessionsGiveTheSameLogitsOnAnyThreads) {
  std::vector<int32_t> prompt = someTokens(20);
  for (uint32_t threads = 1; threads <= FAKE_THREADS; ++threads) {
    Pool pool(threads);
    Decoder session(fake_decoder, &pool.options);
    ASSERT_EQ(edgelm_prefill(session, prompt.data(), prompt.size()), EDGELM_OK);
    EXPECT_EQ(logitsOf(session), logitsAfter(prompt));
  }
}

TEST(Pool, SessionsInTwoThreadsMayShareOne) {
  Pool pool(3);
  std::vector<int32_t> prompts[2] = {someTokens(20, 3), someTokens(22, 150)};
  std::vector<float> results[2];
  std::thread threads[2];
  for (int i = 0; i < 2; ++i)
    threads[i] = std::thread([&, i] {
      for (int repeat = 0; repeat < 50; ++repeat) {
        Decoder session(fake_decoder, &pool.options);
        ASSERT_EQ(edgelm_prefill(session, prompts[i].data(), prompts[i].size()), EDGELM_OK);
        results[i] = logitsOf(session);
      }
    });
  for (std::thread &thread : threads)
    thread.join();
  for (int i = 0; i < 2; ++i)
    EXPECT_EQ(results[i], logitsAfter(prompts[i]));
}

struct Ranges {
  std::atomic<int> items[50];
  std::atomic<int> calls;
};

static void markRange(void *const *buffers, int32_t pos, int32_t n, int32_t begin, int32_t end) {
  Ranges *ranges = static_cast<Ranges *>(buffers[0]);
  EXPECT_EQ(pos, 3);
  EXPECT_EQ(n, 2);
  ++ranges->calls;
  for (int32_t i = begin; i < end; ++i)
    ++ranges->items[i];
}

TEST(Pool, LaunchSplitsItemsEvenly) {
  Pool pool(FAKE_THREADS);
  Decoder session(fake_decoder, &pool.options);
  for (int32_t items : {0, 1, 2, 3, 4, 5, 49, 50}) {
    Ranges ranges = {};
    void *buffers[] = {&ranges};
    edgelm_rt_launch(reinterpret_cast<edgelm_context *>(session.session), markRange, buffers, 3, 2, items);
    EXPECT_EQ(ranges.calls, std::max(1, std::min(items, int32_t(FAKE_THREADS))));
    for (int32_t i = 0; i < 50; ++i)
      EXPECT_EQ(ranges.items[i], i < items ? 1 : 0);
  }
}
