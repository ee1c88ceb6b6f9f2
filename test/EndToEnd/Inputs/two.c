/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* Runs two products that were compiled apart, the second only where the processor allows. */
#include "other.h"
#include "shakespeare_opt.h"
#include <stdio.h>
#include <string.h>

static EDGELM_ALIGNED unsigned char arenas[2][SHAKESPEARE_OPT_ARENA_BYTES + OTHER_ARENA_BYTES];

struct text {
  char bytes[512];
  size_t count;
};

static edgelm_status collect(void *user, const char *bytes, size_t count) {
  struct text *text = user;
  if (text->count + count <= sizeof text->bytes) {
    memcpy(text->bytes + text->count, bytes, count);
    text->count += count;
  }
  return EDGELM_OK;
}

static edgelm_status run(const edgelm_model *model, unsigned char *arena, struct text *text) {
  edgelm_session *session;
  edgelm_status status = edgelm_open(model, arena, sizeof arenas[0], NULL, &session);
  return status ? status : edgelm_generate(session, "JULIET:", 24, collect, text);
}

int main(void) {
  static struct text texts[2];
  edgelm_status first = run(&shakespeare_opt, arenas[0], &texts[0]);
  edgelm_status second = run(&other, arenas[1], &texts[1]);
  if (first || (second && second != EDGELM_UNSUPPORTED_CPU)) {
    fprintf(stderr, "%s, %s\n", edgelm_status_text(first), edgelm_status_text(second));
    return 1;
  }
  if (!second && (texts[0].count == 0 || texts[0].count != texts[1].count ||
                  memcmp(texts[0].bytes, texts[1].bytes, texts[0].count)))
    return 2;
  puts("both run");
  return 0;
}
