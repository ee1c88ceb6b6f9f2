/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* Continues a text with the compiled model, on as many threads as asked for.
 *
 * usage: generate [-p PROMPT] [-n TOKENS] [-t THREADS] [--temp TEMPERATURE] [-s SEED]
 */
#include "model.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

EDGELM_ALIGNED static unsigned char arena[MODEL_ARENA_BYTES];

static edgelm_status print(void *user, const char *text, size_t bytes) {
  (void)user;
  fwrite(text, 1, bytes, stdout);
  fflush(stdout);
  return EDGELM_OK;
}

static int fail(const char *what) {
  fprintf(stderr, "generate: %s\n", what);
  return 1;
}

int main(int argc, char **argv) {
  const char *prompt = "ROMEO:";
  unsigned threads = 1, seed = 0;
  edgelm_generation generation = {0};
  edgelm_options options = {0};
  edgelm_session *session;
  edgelm_status status = EDGELM_OK;
  void *pool = NULL;
  int i;

  generation.max_tokens = 64;
  generation.on_text = print;
  for (i = 1; i + 1 < argc; i += 2) {
    if (!strcmp(argv[i], "-p"))
      prompt = argv[i + 1];
    else if (!strcmp(argv[i], "-n"))
      generation.max_tokens = strtoul(argv[i + 1], NULL, 10);
    else if (!strcmp(argv[i], "-t"))
      threads = (unsigned)strtoul(argv[i + 1], NULL, 10);
    else if (!strcmp(argv[i], "--temp"))
      generation.sampling.temperature = strtof(argv[i + 1], NULL);
    else if (!strcmp(argv[i], "-s"))
      seed = (unsigned)strtoul(argv[i + 1], NULL, 10);
    else
      break;
  }
  if (i < argc)
    return fail("usage: generate [-p PROMPT] [-n TOKENS] [-t THREADS] [--temp TEMPERATURE] [-s SEED]");

  if (threads > 1) {
    const size_t bytes = edgelm_pool_bytes(&model, threads);
    pool = aligned_alloc(EDGELM_ARENA_ALIGNMENT, (bytes + 63) / 64 * 64);
    status = pool ? edgelm_pool_start(&model, pool, bytes, threads, &options) : EDGELM_NO_THREADS;
  }
  if (status == EDGELM_OK)
    status = edgelm_open(&model, arena, sizeof arena, &options, &session);
  if (status != EDGELM_OK)
    return fail(edgelm_status_text(status));
  printf("%s", prompt);
  edgelm_seed(session, seed);
  status = edgelm_generate_text(session, prompt, strlen(prompt), &generation, NULL);
  printf("\n");
  edgelm_close(session);
  if (pool)
    edgelm_pool_stop(&model, &options);
  free(pool);
  return status == EDGELM_OK ? 0 : fail(edgelm_status_text(status));
}
