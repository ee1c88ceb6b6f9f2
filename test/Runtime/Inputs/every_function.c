/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* A program that calls every function of edgelm.h, in the oldest C that the header supports. */
#include "edgelm.h"

extern const edgelm_model fake_decoder;

EDGELM_ALIGNED static unsigned char arena[1 << 16];
EDGELM_ALIGNED static unsigned char pool[4096];
static float scores[2 * 300];

static edgelm_status on_text(void *user, const char *text, size_t bytes) {
  size_t *total = (size_t *)user;
  (void)text;
  *total += bytes;
  return EDGELM_OK;
}

int main(void) {
  const edgelm_model *model = &fake_decoder;
  edgelm_info info;
  edgelm_options options = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
  edgelm_session *session;
  int32_t ids[8], id;
  size_t count, total = 0;
  unsigned char saved[1 << 13];
  char text[64];

  if (edgelm_check(model) || edgelm_describe(model, &info) || edgelm_arena_bytes(model) > sizeof arena)
    return 1;
  if (edgelm_pool_bytes(model, 2) && edgelm_pool_start(model, pool, sizeof pool, 2, &options))
    return 2;
  if (edgelm_open(model, arena, sizeof arena, &options, &session) || !edgelm_is_open(session))
    return 3;
  if (edgelm_tokenize(session, "hi", 2, EDGELM_ADD_SPECIAL, ids, 8, &count) || count != 3)
    return 4;
  if (edgelm_prefill(session, ids, count) || edgelm_decode(session, ids[1]) || !edgelm_logits(session))
    return 5;
  if (edgelm_seed(session, 1) || edgelm_sample(session, NULL, &id))
    return 6;
  if (edgelm_save(session, saved, sizeof saved, &count) || edgelm_score(session, ids, 2, scores))
    return 7;
  if (edgelm_restore(session, saved, count) || edgelm_position(session) != 4)
    return 8;
  if (edgelm_detokenize(session, ids, 3, EDGELM_SHOW_SPECIAL, text, sizeof text, &count) || count != 5)
    return 9;
  if (edgelm_generate(session, " you", 3, on_text, &total) || edgelm_generate_text(session, "", 0, NULL, NULL) == 0)
    return 10;
  if (edgelm_reset(session) || edgelm_generate_ids(session, ids, 0, NULL, NULL) != EDGELM_NO_LOGITS)
    return 11;
  if (edgelm_encode(session, ids, NULL, NULL, 1, NULL) != EDGELM_UNSUPPORTED ||
      edgelm_invoke(session, NULL, NULL) != EDGELM_UNSUPPORTED || edgelm_output(session, 0))
    return 12;
  if (edgelm_chat(session, "s", 1, "a", 1) || edgelm_position(session) != 4)
    return 14;
  edgelm_close(session);
  edgelm_pool_stop(model, &options);
  return edgelm_status_text(EDGELM_OK)[0] == 's' ? 0 : 13;
}
