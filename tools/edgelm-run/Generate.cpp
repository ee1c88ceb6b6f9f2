// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Streams what a decoder generates.
#include "Generate.h"
#include "Product/CommandLine.h"

#include <cstdio>
#include <unistd.h>

using namespace edgelm::tools;

namespace {
/// What the callbacks collect and print.
struct Output {
  bool stream;  ///< print as it comes
  bool hasText; ///< the model has a tokenizer
  std::string text;
  std::vector<int32_t> ids;
};
} // namespace

/// The status by which a callback ends the generation when nobody reads the output any more.
static constexpr edgelm_status outputClosed = EDGELM_USER_STATUS;

static edgelm_status onText(void *user, const char *text, size_t bytes) {
  Output &output = *static_cast<Output *>(user);
  output.text.append(text, bytes);
  if (!output.stream)
    return EDGELM_OK;
  return std::fwrite(text, 1, bytes, stdout) == bytes && !std::fflush(stdout) ? EDGELM_OK : outputClosed;
}

static edgelm_status onId(void *user, int32_t id) {
  Output &output = *static_cast<Output *>(user);
  output.ids.push_back(id);
  if (!output.stream || output.hasText)
    return EDGELM_OK;
  return std::printf("%d\n", id) > 0 && !std::fflush(stdout) ? EDGELM_OK : outputClosed;
}

/// The number of tokens that may be generated behind `used` ones under the options' limits; 0: there is no room.
static size_t tokenLimit(const edgelm_info &info, const GenerateOptions &options, size_t used) {
  const size_t context = contextOf(info, options);
  const size_t room = used < context ? context - used : 0;
  return options.tokens && options.tokens < room ? options.tokens : room;
}

size_t edgelm::tools::contextOf(const edgelm_info &info, const GenerateOptions &options) {
  if (options.context > info.context)
    throw Failure(WrongInput, "--context " + std::to_string(options.context) + " is above the " +
                                  std::to_string(info.context) +
                                  " tokens of this product; compile with edgelm-compile --context " +
                                  std::to_string(options.context));
  return options.context ? options.context : info.context;
}

Reply edgelm::tools::continueWith(const Session &session, std::span<const int32_t> prompt,
                                  const GenerateOptions &options) {
  const bool hasText = session.info().kinds & EDGELM_TEXT;
  Output output{!options.json, hasText, {}, {}};
  edgelm_generation generation = {};
  generation.sampling = options.sampling;
  generation.max_tokens = tokenLimit(session.info(), options, edgelm_position(session) + prompt.size());
  generation.flags = options.ignoreStop ? EDGELM_IGNORE_STOP : 0;
  generation.user = &output;
  generation.on_id = onId;
  generation.on_text = hasText ? onText : nullptr;

  edgelm_result result = {};
  edgelm_status status = EDGELM_OK;
  // A limit of 0 would mean none: the context is full.
  if (generation.max_tokens)
    status = edgelm_generate_ids(session, prompt.data(), prompt.size(), &generation, &result);
  if (status == outputClosed)
    throw Failure(WrongInput, "cannot write to standard output");
  check(status, "cannot generate");
  if (hasText && !options.json)
    std::printf("\n");
  return {std::move(output.ids), std::move(output.text), result};
}

int edgelm::tools::generate(const Product &product, const GenerateOptions &options) {
  if (!product.is(EDGELM_TEXT) && options.promptIds.empty())
    throw Failure(WrongInput, "this product has no tokenizer; give the prompt as --ids 1,2,3");
  Session session(product, options.threads);
  const std::vector<int32_t> prompt =
      options.promptIds.empty() ? session.tokenize(options.prompt, EDGELM_ADD_SPECIAL) : options.promptIds;
  if (prompt.empty())
    throw Failure(WrongInput, "the prompt is empty; expected at least one token");
  if (const size_t context = contextOf(session.info(), options); prompt.size() > context)
    throw Failure(WrongInput, "the prompt has " + std::to_string(prompt.size()) + " tokens, and the context holds " +
                                  std::to_string(context));

  check(edgelm_seed(session, options.seed), "cannot seed");
  const auto [ids, text, result] = continueWith(session, prompt, options);
  if (options.json) {
    printJson({{"prompt_ids", prompt}, {"ids", ids}, {"text", text}});
    return Done;
  }
  if (isatty(STDERR_FILENO) && result.prefill_nanoseconds && result.decode_nanoseconds)
    std::fprintf(stderr, "prompt %zu tokens, %.1f tokens/s; generated %zu, %.1f tokens/s\n", result.prompt_tokens,
                 1e9 * double(result.prompt_tokens) / double(result.prefill_nanoseconds), result.tokens,
                 1e9 * double(result.tokens) / double(result.decode_nanoseconds));
  return Done;
}
