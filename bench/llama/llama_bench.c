/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* Times llama.cpp on a GGUF file, over the C interface of shared libraries opened at run time.
 *
 * usage: llama_bench FOLDER LIBRARY MODEL CONTEXT FLASH THREADS PREFILL DECODE REPEAT [LOGITS_FILE]
 *
 * FOLDER holds llama.cpp's libraries, of which LIBRARY is libllama; ggml picks the one for this CPU. FLASH is 0 or 1.
 * Protocol, the same as `edgelm-run --bench`: PREFILL prompt tokens at once (logits of the last), then DECODE greedy
 * steps; REPEAT times after one round that is not counted. A pool of threads stays alive between calls, as in
 * llama-bench. LOGITS_FILE gets the last row of the prompt's. Prints one JSON object.
 */
#include "../timing.h"
#include "llama_api.h"
#include <dlfcn.h>
#include <string.h>

#define DECLARE(name, result, parameters) result(*name) parameters;
static struct {
  LLAMA_FUNCTIONS(DECLARE)
} api;

static void quiet(int level, const char *text, void *user) {
  (void)level, (void)text, (void)user;
}

static void fail(const char *what, const char *name) {
  fprintf(stderr, "llama_bench: %s %s\n", what, name);
  exit(1);
}

static void open_library(const char *folder, const char *path) {
  void *library = dlopen(path, RTLD_NOW | RTLD_GLOBAL);
  if (!library)
    fail("cannot open", dlerror());
  /* ggml's functions are those of the libraries that libllama brings. */
#define FIND(name, result, parameters)                                                                                 \
  *(void **)&api.name = dlsym(library, #name);                                                                         \
  if (!api.name)                                                                                                       \
    fail("the library lacks", #name);
  LLAMA_FUNCTIONS(FIND)
  if (strcmp(api.llama_version(), LLAMA_VERSION))
    fail("needs llama.cpp " LLAMA_VERSION ", found", api.llama_version());
  api.llama_log_set(quiet, NULL);
  api.ggml_backend_load_all_from_path(folder);
  api.llama_backend_init();
}

static struct llama_context *open_model(const char *path, uint32_t context, int flash, int threads) {
  struct llama_model *model = api.llama_model_load_from_file(path, api.llama_model_default_params());
  if (!model)
    fail("cannot load", path);
  struct llama_context_params params = api.llama_context_default_params();
  params.n_ctx = params.n_batch = context;
  params.n_threads = params.n_threads_batch = threads;
  params.flash_attn_type = flash;
  struct llama_context *result = api.llama_init_from_model(model, params);
  if (!result)
    fail("cannot make a context for", path);
  struct ggml_threadpool_params pool_params = api.ggml_threadpool_params_default(threads);
  void *(*make_pool)(struct ggml_threadpool_params *) = NULL;
  *(void **)&make_pool =
      api.ggml_backend_reg_get_proc_address(api.ggml_backend_reg_by_name("CPU"), "ggml_threadpool_new");
  void *pool = make_pool ? make_pool(&pool_params) : NULL;
  if (!pool)
    fail("cannot start threads for", path);
  api.llama_attach_threadpool(result, pool, pool);
  return result;
}

/* The seconds of one call, the logits of its last token included. */
static double run(struct llama_context *context, int32_t *ids, int32_t count, const float **logits) {
  const struct llama_batch batch = {.n_tokens = count, .token = ids};
  const double start = seconds();
  if (api.llama_decode(context, batch))
    fail("cannot", "decode");
  *logits = api.llama_get_logits_ith(context, -1);
  return seconds() - start;
}

int main(int argc, char **argv) {
  if (argc < 10 || argc > 11) {
    fputs("usage: llama_bench FOLDER LIBRARY MODEL CONTEXT FLASH THREADS PREFILL DECODE REPEAT [LOGITS_FILE]\n",
          stderr);
    return 1;
  }
  open_library(argv[1], argv[2]);
  const int threads = atoi(argv[6]);
  const double start = seconds();
  struct llama_context *context = open_model(argv[3], (uint32_t)atoi(argv[4]), atoi(argv[5]), threads);
  const double open_seconds = seconds() - start;

  const int vocab = api.llama_vocab_n_tokens(api.llama_model_get_vocab(api.llama_get_model(context)));
  struct protocol protocol = {0};
  if (!read_protocol(&protocol, argv + 6, vocab))
    return 1;
  protocol.open_seconds = open_seconds;
  int32_t *prompt = calloc((size_t)protocol.prefill, sizeof(*prompt));
  if (!prompt)
    return 1;
  for (int i = 0; i < protocol.prefill; ++i)
    prompt[i] = (int32_t)protocol.prompt[i];

  for (int round = -1; round < protocol.repeat; ++round) {
    const float *logits = NULL;
    api.llama_memory_clear(api.llama_get_memory(context), false);
    const double first = run(context, prompt, protocol.prefill, &logits);
    if (round < 0 && argc == 11)
      write_logits(argv[10], logits, (size_t)vocab);
    double rest = 0;
    int32_t id = (int32_t)likeliest(logits, vocab);
    for (int i = 0; i < protocol.decode; ++i) {
      protocol.ids[i] = id;
      rest += run(context, &id, 1, &logits);
      id = (int32_t)likeliest(logits, vocab);
    }
    if (round < 0)
      continue;
    protocol.prefill_seconds[round] = first;
    protocol.decode_seconds[round] = rest;
  }
  print_result(&protocol, api.llama_version());
  return 0;
}
