/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* Continues a text with the compiled model examples/models/shakespeare-opt, without an operating system. */
#include "shakespeare_opt.h"

void print(const char *text, size_t bytes);

EDGELM_ALIGNED static unsigned char arena[SHAKESPEARE_OPT_ARENA_BYTES];

/* Called with every piece of text as soon as it is known. */
static edgelm_status on_text(void *user, const char *text, size_t bytes) {
  (void)user;
  print(text, bytes);
  return EDGELM_OK;
}

int main(void) {
  static const char prompt[] = "ROMEO:";
  edgelm_generation generation = {0};
  edgelm_session *session;
  edgelm_status status;

  generation.max_tokens = 32;
  generation.on_text = on_text;
  status = edgelm_open(&shakespeare_opt, arena, sizeof arena, NULL, &session);
  if (status == EDGELM_OK) {
    print(prompt, sizeof prompt - 1);
    status = edgelm_generate_text(session, prompt, sizeof prompt - 1, &generation, NULL);
    edgelm_close(session);
  }
  print("\n", 1);
  return (int)status;
}
