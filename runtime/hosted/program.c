// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The program of `edgelm-compile --emit=exe`: continues a text with the one model that is linked to it. Its options are
// those of edgelm-run.
#include "../edgelm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// The compiler gives it the product's name.
extern const edgelm_model edgelm_program_model;

// Statuses of edgelm-run.
enum { DONE = 0, WRONG_USAGE = 1, NOT_ON_THIS_PROCESSOR = 5, NO_MEMORY = 6 };

struct arguments {
  const char *prompt;
  edgelm_sampling sampling;
  unsigned long long seed, tokens, threads;
  int ignore_stop, help;
};

enum kind { TEXT, COUNT, NUMBER, FLAG };
struct option {
  const char *name, *other; // `other` may be NULL
  enum kind kind;
  void *value; // const char *, unsigned long long, float, int
  const char *help;
};

static int fail(const edgelm_info *info, const char *what, const char *why) {
  fprintf(stderr, "%s: error: %s%s%s\n", info->name, what, why ? ": " : "", why ? why : "");
  return WRONG_USAGE;
}

static void print_help(const edgelm_info *info, const struct option *options, size_t count) {
  printf("Continues a text with the model %s (EdgeLM %s).\n", info->name, info->version);
  for (size_t i = 0; i < count; ++i)
    printf("  %-3s %-18s %s\n", options[i].other ? options[i].other : "", options[i].name, options[i].help);
}

/// Whether `text` is a value of that kind, which is stored.
static int take(const struct option *option, const char *text) {
  char *end = NULL;
  if (option->kind == TEXT)
    *(const char **)option->value = text;
  else if (option->kind == NUMBER)
    *(float *)option->value = strtof(text, &end);
  else if (*text != '-')
    *(unsigned long long *)option->value = strtoull(text, &end, 10);
  else
    return 0;
  return !end || (end != text && !*end);
}

/// `--name value` and `--name=value`.
static int parse(const edgelm_info *info, const struct option *options, size_t count, char **words) {
  for (; *words; ++words) {
    const struct option *option = options;
    size_t length = 0;
    for (; option != options + count; ++option) {
      length = strlen(option->name);
      if (!strncmp(*words, option->name, length) && (!(*words)[length] || (*words)[length] == '='))
        break;
      length = option->other ? strlen(option->other) : 0;
      if (option->other && !strcmp(*words, option->other))
        break;
    }
    if (option == options + count)
      return fail(info, "unknown option; see --help", *words);
    if (option->kind == FLAG) {
      if ((*words)[length])
        return fail(info, "takes no value", option->name);
      *(int *)option->value = 1;
      continue;
    }
    const char *value = (*words)[length] ? *words + length + 1 : *++words;
    if (!value)
      return fail(info, "expected a value behind", option->name);
    if (!take(option, value))
      return fail(info, "not a number", value);
  }
  return DONE;
}

static edgelm_status on_text(void *user, const char *text, size_t bytes) {
  (void)user;
  return fwrite(text, 1, bytes, stdout) == bytes && !fflush(stdout) ? EDGELM_OK : EDGELM_USER_STATUS;
}

static void on_log(void *user, const char *message) {
  (void)user;
  fprintf(stderr, "%s\n", message);
}

static void *allocate(size_t bytes) {
  return aligned_alloc(EDGELM_ARENA_ALIGNMENT,
                       (bytes + EDGELM_ARENA_ALIGNMENT - 1) / EDGELM_ARENA_ALIGNMENT * EDGELM_ARENA_ALIGNMENT);
}

static int report(const edgelm_info *info, const char *what, edgelm_status status) {
  if (status == EDGELM_OK)
    return DONE;
  fail(info, what, edgelm_status_text(status));
  return status == EDGELM_UNSUPPORTED_CPU ? NOT_ON_THIS_PROCESSOR : WRONG_USAGE;
}

static int run(const edgelm_info *info, const struct arguments *arguments, edgelm_session *session) {
  edgelm_generation generation = {.sampling = arguments->sampling, .on_text = on_text};
  generation.max_tokens = arguments->tokens > SIZE_MAX ? SIZE_MAX : (size_t)arguments->tokens;
  generation.flags = arguments->ignore_stop ? EDGELM_IGNORE_STOP : 0;
  edgelm_status status = edgelm_seed(session, arguments->seed);
  if (!status)
    status = edgelm_generate_text(session, arguments->prompt, strlen(arguments->prompt), &generation, NULL);
  printf("\n");
  return report(info, "cannot generate", status);
}

static int open_and_run(const edgelm_info *info, const struct arguments *arguments) {
  const uint32_t threads = (uint32_t)arguments->threads;
  const size_t pool_bytes = threads > 1 ? edgelm_pool_bytes(&edgelm_program_model, threads) : 0;
  void *arena = allocate(info->arena_bytes), *pool = pool_bytes ? allocate(pool_bytes) : NULL;
  edgelm_options options = {.log = on_log};
  edgelm_session *session = NULL;
  int result = NO_MEMORY;
  if (!arena || (pool_bytes && !pool)) {
    fail(info, "there is not enough memory for the session", NULL);
  } else {
    edgelm_status status = EDGELM_OK;
    if (pool)
      status = edgelm_pool_start(&edgelm_program_model, pool, pool_bytes, threads, &options);
    if (!status)
      status = edgelm_open(&edgelm_program_model, arena, info->arena_bytes, &options, &session);
    result = status ? report(info, "cannot open the model", status) : run(info, arguments, session);
    if (session)
      edgelm_close(session);
    if (pool)
      edgelm_pool_stop(&edgelm_program_model, &options);
  }
  free(arena);
  free(pool);
  return result;
}

int main(int count, char **words) {
  struct arguments arguments = {.threads = 1};
  const struct option options[] = {
      {"--prompt", "-p", TEXT, &arguments.prompt, "text to continue"},
      {"--predict", "-n", COUNT, &arguments.tokens, "most tokens to generate (0: until a stop token)"},
      {"--max-tokens", NULL, COUNT, &arguments.tokens, "the same"},
      {"--temp", NULL, NUMBER, &arguments.sampling.temperature, "temperature (0: always the likeliest token)"},
      {"--temperature", NULL, NUMBER, &arguments.sampling.temperature, "the same"},
      {"--top-p", NULL, NUMBER, &arguments.sampling.top_p, "only the likeliest tokens that sum up to this"},
      {"--min-p", NULL, NUMBER, &arguments.sampling.min_p, "only tokens at least this likely"},
      {"--repeat-penalty", NULL, NUMBER, &arguments.sampling.repeat_penalty, "make recent tokens less likely"},
      {"--seed", "-s", COUNT, &arguments.seed, "seed of the random numbers"},
      {"--threads", "-t", COUNT, &arguments.threads, "threads"},
      {"--ignore-eos", NULL, FLAG, &arguments.ignore_stop, "go on after stop tokens"},
      {"--help", "-h", FLAG, &arguments.help, "print this"},
  };
  const size_t optionCount = sizeof(options) / sizeof(*options);
  edgelm_info info;
  const edgelm_status status = edgelm_describe(&edgelm_program_model, &info);
  if (status || count < 1)
    return WRONG_USAGE;
  if (parse(&info, options, optionCount, words + 1))
    return WRONG_USAGE;
  if (arguments.help) {
    print_help(&info, options, optionCount);
    return DONE;
  }
  if (!arguments.prompt)
    return fail(&info, "expected a text to continue: --prompt TEXT; see --help", NULL);
  if (arguments.threads < 1 || arguments.threads > info.max_threads)
    return fail(&info, "--threads is 0 or above what the model was compiled for (--max-threads)", NULL);
  return open_and_run(&info, &arguments);
}
