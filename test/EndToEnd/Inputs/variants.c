/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* usage: variants save|restore FILE
 *
 * Prints the last feature of the variant that was chosen and 8 greedy tokens, after a prompt of which half is saved in FILE
 * or read from there. */
#include "model.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const int32_t prompt[] = {5, 76, 14, 300, 41, 458, 12, 199};
enum { HALF = sizeof prompt / sizeof *prompt / 2 };

static EDGELM_ALIGNED unsigned char arena[MODEL_ARENA_BYTES];
static unsigned char state[MODEL_ARENA_BYTES];

static void check(edgelm_status status, const char *what) {
  if (!status)
    return;
  fprintf(stderr, "%s: %s\n", what, edgelm_status_text(status));
  exit(1);
}

static void save(edgelm_session *session, const char *path) {
  FILE *file = fopen(path, "wb");
  size_t bytes;
  check(edgelm_prefill(session, prompt, HALF), "prefill");
  check(edgelm_save(session, state, sizeof state, &bytes), "save");
  if (!file || fwrite(state, 1, bytes, file) != bytes || fclose(file))
    exit(1);
}

static void restore(edgelm_session *session, const char *path) {
  FILE *file = fopen(path, "rb");
  size_t bytes = file ? fread(state, 1, sizeof state, file) : 0;
  check(edgelm_restore(session, state, bytes), "restore");
}

static const char *last_feature(const edgelm_model *model) {
  edgelm_info info;
  const char *last = "", *name;
  check(edgelm_describe(model, &info), "describe");
  for (name = info.cpu_features; *name; name += strlen(name) + 1)
    last = name;
  return last;
}

int main(int count, char **arguments) {
  edgelm_session *session;
  int32_t id;
  int i;
  if (count != 3)
    return 1;
  check(edgelm_open(&model, arena, sizeof arena, NULL, &session), "open");
  (strcmp(arguments[1], "save") ? restore : save)(session, arguments[2]);
  check(edgelm_prefill(session, prompt + HALF, HALF), "prefill");
  printf("%s:", last_feature(session->model));
  for (i = 0; i < 8; ++i) {
    check(edgelm_sample(session, NULL, &id), "sample");
    check(edgelm_decode(session, id), "decode");
    printf(" %d", (int)id);
  }
  printf("\n");
  return 0;
}
