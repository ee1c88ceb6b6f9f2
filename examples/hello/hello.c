/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* Continues a text with the compiled model examples/models/shakespeare-opt.
 *
 * usage: hello [prompt [tokens]]
 *
 * All memory of the session is the array below; nothing else is allocated.
 */
#include "shakespeare_opt.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

EDGELM_ALIGNED static unsigned char arena[SHAKESPEARE_OPT_ARENA_BYTES];

/* Called with every piece of text as soon as it is known. */
static edgelm_status print(void *user, const char *text, size_t bytes) {
  FILE *out = (FILE *)user;
  fwrite(text, 1, bytes, out);
  fflush(out);
  return EDGELM_OK;
}

int main(int argc, char **argv) {
  const char *prompt = argc > 1 ? argv[1] : "ROMEO:";
  edgelm_generation generation;
  edgelm_session *session;
  edgelm_status status;

  memset(&generation, 0, sizeof generation);
  generation.max_tokens = argc > 2 ? strtoul(argv[2], NULL, 10) : 64;
  generation.sampling.temperature = 0.8f;
  generation.sampling.top_k = 40;
  generation.user = stdout;
  generation.on_text = print;

  status = edgelm_open(&shakespeare_opt, arena, sizeof arena, NULL, &session);
  if (status == EDGELM_OK) {
    printf("%s", prompt);
    edgelm_seed(session, 1);
    status = edgelm_generate_text(session, prompt, strlen(prompt), &generation, NULL);
    printf("\n");
    edgelm_close(session);
  }
  if (status != EDGELM_OK) {
    fprintf(stderr, "hello: %s\n", edgelm_status_text(status));
    return 1;
  }
  return 0;
}
