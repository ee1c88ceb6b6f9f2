/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* Continues a text on a bare machine with a C library. */
#include "model.h"
#include <stdio.h>

EDGELM_ALIGNED static unsigned char arena[MODEL_ARENA_BYTES];

static edgelm_status on_text(void *user, const char *text, size_t bytes) {
  (void)user;
  printf("%.*s", (int)bytes, text);
  return EDGELM_OK;
}

int main(void) {
  edgelm_generation generation = {0};
  edgelm_session *session;
  edgelm_status status = edgelm_open(&model, arena, sizeof arena, NULL, &session);

  generation.max_tokens = 6;
  generation.on_text = on_text;
  printf("ROMEO:");
  if (status == EDGELM_OK)
    status = edgelm_generate_text(session, "ROMEO:", 6, &generation, NULL);
  printf("\nstatus %d\n", (int)status);
  return (int)status;
}
