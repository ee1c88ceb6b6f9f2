// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Times prefill and decode. The protocol and the prompt are those of bench/ort/ort_bench.c.
#include "Bench.h"
#include "Product/CommandLine.h"
#include "Product/Session.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <fstream>
#include <memory>

using namespace edgelm::tools;

static double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const size_t half = values.size() / 2;
  return values.size() % 2 ? values[half] : 0.5 * (values[half - 1] + values[half]);
}

/// VmHWM in bytes: unlike getrusage's figure it does not begin with the memory of the program that started this one.
static int64_t peakMemory() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (int64_t kilobytes; std::sscanf(line.c_str(), "VmHWM: %" SCNd64, &kilobytes) == 1)
      return kilobytes * 1024;
  return 0;
}

/// Ids that differ from each other, the same for every program that is compared.
static std::vector<int32_t> makePrompt(uint32_t count, uint32_t vocab) {
  std::vector<int32_t> ids(count);
  for (uint32_t i = 0; i < count; ++i)
    ids[i] = i == 0 ? int32_t(1 % vocab) : int32_t((300 + uint64_t(i) * 7919) % vocab);
  return ids;
}

static void writeLogits(const std::string &path, std::span<const float> logits) {
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char *>(logits.data()), std::streamsize(logits.size_bytes()));
  if (!file.flush())
    throw Failure(WrongInput, "cannot write " + path);
}

namespace {
/// What the rounds of a benchmark found.
struct Measured {
  double openSeconds = 0;
  std::vector<double> prefillSeconds, decodeSeconds; ///< of each round
  std::vector<int32_t> ids;
  std::span<float> logits; ///< of every token of the prompt, where asked for
  std::vector<float> logitsMemory;
  std::vector<uint64_t> prefillCounts, decodeCounts;

  /// Makes room for logits at a multiple of a cache line: stores that cross lines take a third longer.
  void takeLogits(size_t count) {
    constexpr size_t line = 64;
    logitsMemory.resize(count + line / sizeof(float));
    void *first = logitsMemory.data();
    size_t space = logitsMemory.size() * sizeof(float);
    logits = {static_cast<float *>(std::align(line, count * sizeof(float), first, space)), count};
  }
};
} // namespace

/// Instructions of the calls since the last time, where they are counted.
static void takeCounts(const Product &product, std::vector<uint64_t> &counts) {
  if (!product.guest())
    return;
  const std::vector<uint64_t> fresh = product.guest()->takeCounts();
  counts.insert(counts.end(), fresh.begin(), fresh.end());
}

/// A prompt and greedy steps after it.
static void runRound(const Session &session, const Product &product, const BenchOptions &options, Measured &measured) {
  const edgelm_info &info = product.info();
  const std::vector<int32_t> prompt = makePrompt(options.prefill, info.vocab);
  check(edgelm_reset(session), "cannot reset");
  double start = seconds();
  if (!measured.logits.empty())
    session.score(prompt, measured.logits);
  else
    check(edgelm_prefill(session, prompt.data(), prompt.size()), "cannot prefill");
  measured.prefillSeconds.push_back(seconds() - start);
  takeCounts(product, measured.prefillCounts);

  const std::span<const float> all = measured.logits;
  int32_t id = likeliest(all.empty() ? std::span(edgelm_logits(session), info.vocab) : all.last(info.vocab));
  double decode = 0;
  for (int32_t &next : measured.ids) {
    next = id;
    start = seconds();
    check(edgelm_decode(session, id), "cannot decode");
    decode += seconds() - start;
    id = likeliest({edgelm_logits(session), info.vocab});
  }
  measured.decodeSeconds.push_back(decode);
  takeCounts(product, measured.decodeCounts);
}

/// What is the same for every machine.
static void addFacts(nlohmann::ordered_json &object, const Product &product, const BenchOptions &options,
                     const Measured &measured) {
  object["weight_bytes"] = product.info().weight_bytes;
  object["arena_bytes"] = product.info().arena_bytes;
  object["prefill"] = options.prefill;
  object["decode"] = options.decode;
  object["all_logits"] = !measured.logits.empty();
  object["ids"] = measured.ids;
}

static int reportTimes(const Product &product, const BenchOptions &options, const Measured &measured) {
  const edgelm_info &info = product.info();
  const double prefillRate = options.prefill / median(measured.prefillSeconds);
  const double decodeRate = options.decode ? options.decode / median(measured.decodeSeconds) : 0;
  if (options.json) {
    nlohmann::ordered_json object = {{"prefill_tokens_per_second", prefillRate},
                                     {"decode_tokens_per_second", decodeRate},
                                     {"threads", options.threads},
                                     {"peak_rss_bytes", peakMemory()},
                                     {"open_seconds", measured.openSeconds}};
    addFacts(object, product, options, measured);
    printJson(object);
    return Done;
  }
  std::printf("%s: prefill of %u tokens %.1f tokens/s%s, decode after it %.1f tokens/s (%u steps), %u threads\n",
              info.name, options.prefill, prefillRate, measured.logits.empty() ? "" : " (all logits)", decodeRate,
              options.decode, options.threads);
  std::printf("open %.1f ms, peak memory %.1f MB (weights %.1f, arena %.1f)\n", measured.openSeconds * 1e3,
              double(peakMemory()) / 1e6, double(info.weight_bytes) / 1e6, double(info.arena_bytes) / 1e6);
  return Done;
}

/// An emulator's times mean nothing: instructions and stack do.
static int reportCounts(const Product &product, const BenchOptions &options, const Measured &measured) {
  const uint32_t stack = product.guest()->stackBytes();
  const std::vector<uint64_t> &decode = measured.decodeCounts;
  uint64_t prefill = 0, sum = 0;
  for (uint64_t count : measured.prefillCounts)
    prefill += count;
  for (uint64_t count : decode)
    sum += count;
  const double mean = decode.empty() ? 0 : double(sum) / double(decode.size());
  if (options.json) {
    nlohmann::ordered_json object = {{"stack_bytes", stack}};
    if (!measured.prefillCounts.empty()) {
      object["prefill_instructions"] = prefill;
      object["decode_instructions_per_token"] = mean;
      object["decode_instructions"] = decode;
    }
    addFacts(object, product, options, measured);
    printJson(object);
    return Done;
  }
  if (!measured.prefillCounts.empty())
    std::printf("%s: prefill of %u tokens %" PRIu64 " instructions, decode after it %.0f a token (%u steps)\n",
                product.info().name, options.prefill, prefill, mean, options.decode);
  std::printf("stack %u bytes, weights %.1f MB, arena %.1f MB\n", stack, double(product.info().weight_bytes) / 1e6,
              double(product.info().arena_bytes) / 1e6);
  return Done;
}

int edgelm::tools::bench(const Product &product, const BenchOptions &options, double started) {
  const edgelm_info &info = product.info();
  if (!product.is(EDGELM_DECODER))
    throw Failure(NotOnThisTarget, "--bench measures decoders, and this model is none");
  if (uint64_t(options.prefill) + options.decode > info.context)
    throw Failure(WrongInput, std::to_string(options.prefill) + " + " + std::to_string(options.decode) +
                                  " tokens do not fit the context of " + std::to_string(info.context) +
                                  "; compile with a larger --context");
  const bool isEmulated = product.guest() != nullptr;
  if (isEmulated && options.threads > 1)
    throw Failure(WrongInput, "--bench on an emulator measures one thread");

  Session session(product, options.threads);
  Measured measured;
  measured.openSeconds = seconds() - started;
  measured.ids.resize(options.decode);
  if (options.allLogits || !options.logitsFile.empty())
    measured.takeLogits(size_t(options.prefill) * info.vocab);
  // The first round brings the weights into memory and does not count. An emulator's rounds are all the same.
  runRound(session, product, options, measured);
  if (!isEmulated) {
    measured.prefillSeconds.clear();
    measured.decodeSeconds.clear();
    for (uint32_t round = 0; round < options.repeat; ++round)
      runRound(session, product, options, measured);
  }
  if (!options.logitsFile.empty())
    writeLogits(options.logitsFile, measured.logits);
  return isEmulated ? reportCounts(product, options, measured) : reportTimes(product, options, measured);
}
