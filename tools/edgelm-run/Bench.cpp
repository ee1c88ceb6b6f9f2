// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Times prefill and decode. The protocol and the prompt are those of bench/ort/ort_bench.c.
#include "Bench.h"
#include "Product/CommandLine.h"
#include "Product/Session.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <fstream>

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

int edgelm::tools::bench(const Product &product, const BenchOptions &options, double started) {
  const edgelm_info &info = product.info();
  if (!product.is(EDGELM_DECODER))
    throw Failure(NotOnThisTarget, "--bench measures decoders, and this model is none");
  if (uint64_t(options.prefill) + options.decode > info.context)
    throw Failure(WrongInput, std::to_string(options.prefill) + " + " + std::to_string(options.decode) +
                                  " tokens do not fit the context of " + std::to_string(info.context) +
                                  "; compile with a larger --context");

  Session session(product, options.threads);
  const double openSeconds = seconds() - started;

  const std::vector<int32_t> prompt = makePrompt(options.prefill, info.vocab);
  const bool allLogits = options.allLogits || !options.logitsFile.empty();
  std::vector<float> logits(allLogits ? size_t(options.prefill) * info.vocab : 0);
  std::vector<int32_t> ids(options.decode);
  std::vector<double> prefillSeconds, decodeSeconds;
  // The first round brings the weights into memory and does not count.
  for (uint32_t round = 0; round <= options.repeat; ++round) {
    check(edgelm_reset(session), "cannot reset");
    double start = seconds();
    if (allLogits)
      session.score(prompt, logits);
    else
      check(edgelm_prefill(session, prompt.data(), prompt.size()), "cannot prefill");
    const double prefill = seconds() - start;

    const float *last = allLogits ? logits.data() + logits.size() - info.vocab : edgelm_logits(session);
    int32_t id = likeliest({last, info.vocab});
    double decode = 0;
    for (int32_t &next : ids) {
      next = id;
      start = seconds();
      check(edgelm_decode(session, id), "cannot decode");
      decode += seconds() - start;
      id = likeliest({edgelm_logits(session), info.vocab});
    }
    if (round == 0)
      continue;
    prefillSeconds.push_back(prefill);
    decodeSeconds.push_back(decode);
  }
  if (!options.logitsFile.empty())
    writeLogits(options.logitsFile, logits);

  const double prefillRate = options.prefill / median(prefillSeconds);
  const double decodeRate = options.decode ? options.decode / median(decodeSeconds) : 0;
  if (options.json) {
    nlohmann::ordered_json object = {{"prefill_tokens_per_second", prefillRate},
                                     {"decode_tokens_per_second", decodeRate},
                                     {"threads", options.threads},
                                     {"peak_rss_bytes", peakMemory()},
                                     {"open_seconds", openSeconds},
                                     {"weight_bytes", info.weight_bytes},
                                     {"arena_bytes", info.arena_bytes},
                                     {"prefill", options.prefill},
                                     {"decode", options.decode},
                                     {"all_logits", allLogits},
                                     {"ids", ids}};
    printJson(object);
    return Done;
  }
  std::printf("%s: prefill of %u tokens %.1f tokens/s%s, decode after it %.1f tokens/s (%u steps), %u threads\n",
              info.name, options.prefill, prefillRate, allLogits ? " (all logits)" : "", decodeRate, options.decode,
              options.threads);
  std::printf("open %.1f ms, peak memory %.1f MB (weights %.1f, arena %.1f)\n", openSeconds * 1e3,
              double(peakMemory()) / 1e6, double(info.weight_bytes) / 1e6, double(info.arena_bytes) / 1e6);
  return Done;
}
