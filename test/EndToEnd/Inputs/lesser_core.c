/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* Opens a model and prints what the processor lacks; uses no instruction that a lesser core would not have. */
#include "model.h"

#include <stdint.h>

void print(const char *text, size_t bytes);

EDGELM_ALIGNED static unsigned char arena[MODEL_ARENA_BYTES];

static void print_text(const char *text) {
  size_t bytes = 0;
  while (text[bytes])
    ++bytes;
  print(text, bytes);
}

static void on_log(void *user, const char *message) {
  (void)user;
  print_text("needs ");
  print_text(message);
  print_text("\n");
}

int main(void) {
  edgelm_options options = {0};
  edgelm_session *session;
  edgelm_status status;

  options.log = on_log;
#ifdef FLOATS_OFF
  *(volatile uint32_t *)0xe000ed88 = 0; /* CPACR */
#endif
  status = edgelm_open(&model, arena, sizeof arena, &options, &session);
  print_text(status == EDGELM_OK ? "opened\n" : status == EDGELM_UNSUPPORTED_CPU ? "unsupported\n" : "other\n");
  return 0;
}
