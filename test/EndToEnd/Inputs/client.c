/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* A strict C99 program: generates ids and checks that the arena's size is exact. */
#include "shakespeare_opt.h"
#include <stdio.h>

static EDGELM_ALIGNED unsigned char arena[SHAKESPEARE_OPT_ARENA_BYTES];
static size_t seen;

static edgelm_status count(void *user, int32_t id) {
  (void)user;
  (void)id;
  ++seen;
  return EDGELM_OK;
}

int main(void) {
  edgelm_session *session;
  edgelm_generation generation = {{0.0f, 0, 0.0f, 0.0f, 0.0f, 0}, 16, EDGELM_IGNORE_STOP, NULL, 0, NULL, count, NULL};
  edgelm_status status = edgelm_open(&shakespeare_opt, arena, sizeof arena - 1, NULL, &session);
  if (status != EDGELM_ARENA_TOO_SMALL)
    return 1;
  status = edgelm_open(&shakespeare_opt, arena, sizeof arena, NULL, &session);
  if (!status)
    status = edgelm_generate_text(session, "ROMEO:", 6, &generation, NULL);
  if (status) {
    fprintf(stderr, "%s\n", edgelm_status_text(status));
    return 1;
  }
  edgelm_close(session);
  printf("%lu tokens, arena of %lu bytes suffices, one less does not\n", (unsigned long)seen,
         (unsigned long)sizeof arena);
  return 0;
}
