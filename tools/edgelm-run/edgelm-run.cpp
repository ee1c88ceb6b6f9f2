// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Opens a product, here or on its target's emulator, to generate, measure or check it.
#include "Bench.h"
#include "Chat.h"
#include "Encode.h"
#include "Generate.h"
#include "Product/CommandLine.h"
#include "Product/Product.h"
#include "Tokenize.h"
#include "VerifyData.h"

#include <CLI/CLI.hpp>

using namespace edgelm::tools;

namespace {
struct Options {
  std::string product, promptFile, dataFolder, tokenizer;
  GenerateOptions generate;
  BenchOptions bench;
  EmulationOptions emulation;
  std::optional<std::string> second, system;
  std::optional<double> tolerance;
  uint32_t threads = 1;
  bool benchMode = false, chatMode = false, addSpecial = false, json = false;
};
} // namespace

static void addOptions(CLI::App &app, Options &options) {
  GenerateOptions &generate = options.generate;
  edgelm_sampling &sampling = generate.sampling;
  app.add_option("product", options.product, "folder of a product, such as out/host or out/rpi4, or its library");

  CLI::Option *prompt = app.add_option("-p,--prompt", generate.prompt, "text to continue or to encode");
  CLI::Option *file = app.add_option("-f,--file", options.promptFile, "file with that text")->excludes(prompt);
  CLI::Option *ids = app.add_option("--ids", generate.promptIds, "token ids instead of text: 1,2,3");
  ids->delimiter(',')->excludes(prompt)->excludes(file);
  app.add_option("--pair", options.second, "second text behind the first, for encoders of pairs")->excludes(ids);
  CLI::Option *chat = app.add_flag("--chat", options.chatMode,
                                   "reply to the text, or to each line of standard input, as the model's chat template "
                                   "has it");
  chat->excludes(ids);
  app.add_option("--system", options.system, "with --chat: a text that says how to reply")->needs(chat);
  app.add_option("-n,--predict", generate.tokens, "most tokens to generate (0: until a stop token or a full context)");
  app.add_option("-c,--context", generate.context, "most tokens of prompt and answer (0: what the product holds)");
  app.add_option("--temp", sampling.temperature, "temperature (0: always the likeliest token)")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--top-k", sampling.top_k, "only the k likeliest tokens (0: all)");
  app.add_option("--top-p", sampling.top_p, "only the likeliest tokens that sum up to this probability (1: all)")
      ->check(CLI::Range(0.0, 1.0));
  app.add_option("--min-p", sampling.min_p, "only tokens at least this likely, relative to the likeliest (0: all)")
      ->check(CLI::Range(0.0, 1.0));
  app.add_option("--repeat-penalty", sampling.repeat_penalty, "make tokens of the recent context less likely (1: off)")
      ->check(CLI::PositiveNumber);
  app.add_option("--repeat-last-n", sampling.repeat_last_n, "how many recent tokens are penalized (0: 64)");
  app.add_option("-s,--seed", generate.seed, "seed of the random numbers; the same seed gives the same text");
  app.add_flag("--ignore-eos", generate.ignoreStop, "go on after stop tokens");
  app.add_option("-t,--threads", options.threads, "threads")->check(CLI::Range(1, 1024));
  app.add_flag("--json", options.json, "print one JSON object");

  app.add_flag("--emulate", options.emulation.emulate, "run it on its target's emulator even where this machine could");
  app.add_option("--cpu", options.emulation.cpu, "qemu's name of the processor to emulate instead of the target's");
  CLI::Option *bench = app.add_flag("--bench", options.benchMode, "measure speed, memory and open time");
  app.add_option("--prefill", options.bench.prefill, "tokens of the prompt")
      ->check(CLI::PositiveNumber)
      ->needs(bench)
      ->capture_default_str();
  app.add_option("--decode", options.bench.decode, "tokens decoded after it")->needs(bench)->capture_default_str();
  app.add_option("--repeat", options.bench.repeat, "rounds; their median is printed")
      ->check(CLI::PositiveNumber)
      ->needs(bench)
      ->capture_default_str();
  app.add_flag("--all-logits", options.bench.allLogits, "the prefill computes the logits of every token")->needs(bench);
  app.add_option("--dump-logits", options.bench.logitsFile, "write them, f32 [prefill, vocabulary]")->needs(bench);

  app.add_flag("--count-instructions", options.emulation.countInstructions,
               "count the instructions of the prefill and of each decoded token on an emulator")
      ->needs(bench);

  CLI::Option *verify =
      app.add_option("--verify-data", options.dataFolder, "folder with test_data_set_N: print the greatest differences")
          ->excludes(bench);
  app.add_option("--tolerance", options.tolerance, "exit with 4 when a difference is greater")->needs(verify);

  CLI::Option *tokenize =
      app.add_option("--tokenize", options.tokenizer, "tokenizer.json or its folder: print the ids of standard input")
          ->excludes(bench)
          ->excludes(verify);
  app.add_flag("--add-special", options.addSpecial, "with the special tokens that the tokenizer adds")->needs(tokenize);
  for (CLI::Option *other : {bench, verify, tokenize})
    chat->excludes(other);
}

static int run(Options &options) {
  if (!options.tokenizer.empty())
    return tokenize(options.tokenizer, options.addSpecial, options.json);
  if (options.product.empty())
    throw Failure(WrongInput, "expected a product: a folder such as out/host, made by edgelm-compile");
  const double started = seconds();
  const Product product(options.product, options.emulation);
  options.generate.threads = options.bench.threads = options.threads;
  options.generate.json = options.bench.json = options.json;
  if (options.benchMode)
    return bench(product, options.bench, started);
  if (!options.dataFolder.empty())
    return verifyData(product, options.dataFolder, options.threads, options.tolerance, options.json);

  if (!options.promptFile.empty())
    options.generate.prompt = readFile(options.promptFile);
  if (options.chatMode && !options.promptFile.empty() && options.generate.prompt.empty())
    throw Failure(WrongInput, options.promptFile + " is empty; without -f the text is read from standard input");
  if (options.chatMode)
    return chat(product, options.generate, options.system);
  if (options.generate.prompt.empty() && options.generate.promptIds.empty())
    throw Failure(WrongInput, "expected a text (-p or -f), --ids, --chat, --bench or --verify-data");
  if (product.is(EDGELM_ENCODER))
    return encode(product, {options.generate.prompt, options.second, options.generate.promptIds}, options.threads,
                  options.json);
  if (options.second)
    throw Failure(WrongInput, "--pair is for encoders; this model is none");
  if (product.is(EDGELM_DECODER))
    return generate(product, options.generate);
  throw Failure(NotOnThisTarget, "the model is neither a decoder nor an encoder; check it with --verify-data");
}

int main(int argc, char **argv) {
  CLI::App app("Runs a model that edgelm-compile made.", "edgelm-run");
  Options options;
  addOptions(app, options);
  return runTool(app, argc, argv, [&] { return run(options); });
}
