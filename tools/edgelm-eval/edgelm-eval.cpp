// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Measures the perplexity of a product on a text.
//
// The text is encoded without special tokens to t[0..n). For s = 0, W, 2W, ... < n - 1 the model sees
// t[s : s + W] alone, from an empty context, and predicts t[s + 1 : s + W + 1]: every token but the first is scored
// once. Sums are in double precision over the f32 logits.
#include "Product/CommandLine.h"
#include "Product/Product.h"
#include "Product/Session.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <unistd.h>

using namespace edgelm::tools;

namespace {
struct Options {
  std::string product, text;
  uint32_t window = 256, threads = 1;
  bool json = false;
};
} // namespace

/// -log of the probability that softmax(`logits`) gives to `id`.
static double negativeLogLikelihood(std::span<const float> logits, int32_t id) {
  const double greatest = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (float logit : logits)
    sum += std::exp(logit - greatest);
  return std::log(sum) + greatest - logits[size_t(id)];
}

static double score(const Session &session, std::span<const int32_t> ids, uint32_t window) {
  const size_t vocab = session.info().vocab, scored = ids.size() - 1;
  const bool progress = isatty(STDERR_FILENO);
  std::vector<float> logits(std::min<size_t>(window, scored) * vocab);
  double sum = 0;
  for (size_t start = 0; start < scored; start += window) {
    const size_t count = std::min<size_t>(window, scored - start);
    check(edgelm_reset(session), "cannot reset");
    session.score(ids.subspan(start, count), logits);
    for (size_t i = 0; i < count; ++i)
      sum += negativeLogLikelihood({logits.data() + i * vocab, vocab}, ids[start + i + 1]);
    if (progress)
      std::fprintf(stderr, "\r%zu of %zu tokens, perplexity %.4f", start + count, scored,
                   std::exp(sum / double(start + count)));
  }
  if (progress)
    std::fprintf(stderr, "\n");
  return sum;
}

static int evaluate(const Options &options) {
  const Product product(options.product);
  const edgelm_info &info = product.info();
  if (!product.is(EDGELM_DECODER | EDGELM_TEXT))
    throw Failure(NotOnThisTarget, "perplexity needs a decoder with a tokenizer");
  if (options.window > info.context)
    throw Failure(WrongInput, "--window " + std::to_string(options.window) + " is above the context of " +
                                  std::to_string(info.context) + "; compile with a larger --context");
  const std::string text = readFile(options.text);
  const Session session(product, options.threads);
  const std::vector<int32_t> ids = session.tokenize(text, EDGELM_PLAIN_TEXT);
  if (ids.size() < 2)
    throw Failure(WrongInput, options.text + " has " + std::to_string(ids.size()) + " tokens; expected at least 2");

  const double sum = score(session, ids, options.window);
  const double perplexity = std::exp(sum / double(ids.size() - 1));
  const size_t bytes = text.size() - session.detokenize({ids.data(), 1}, EDGELM_SHOW_SPECIAL).size();
  const double bitsPerByte = sum / std::log(2.0) / double(bytes);
  if (options.json)
    printJson({{"tokens", ids.size()},
               {"scored_tokens", ids.size() - 1},
               {"scored_bytes", bytes},
               {"window", options.window},
               {"negative_log_likelihood", sum},
               {"perplexity", perplexity},
               {"bits_per_byte", bitsPerByte}});
  else
    std::printf("%s on %s: perplexity %.4f, bits per byte %.4f, %zu tokens in windows of %u\n", info.name,
                options.text.c_str(), perplexity, bitsPerByte, ids.size(), options.window);
  return Done;
}

int main(int argc, char **argv) {
  CLI::App app("Measures the perplexity of a model that edgelm-compile made.", "edgelm-eval");
  Options options;
  app.add_option("product", options.product, "folder with lib<name>.so, such as out/host, or that file")->required();
  app.add_option("--text", options.text, "text file")->required();
  app.add_option("--window", options.window, "tokens the model sees at once")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("-t,--threads", options.threads, "threads")->check(CLI::Range(1, 1024));
  app.add_flag("--json", options.json, "print one JSON object");
  return runTool(app, argc, argv, [&] { return evaluate(options); });
}
