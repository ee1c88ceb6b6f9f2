/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* Prefills the start of a text at once and in pieces of 1, 7, 16 and 256 tokens: the logits are the same. The same
 * after score, and after a prefill whose state was saved half-way and restored into another session. */
#include "model.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TOKENS = MODEL_CONTEXT };
static const float tolerance = 1e-4f;

static EDGELM_ALIGNED unsigned char arena[MODEL_ARENA_BYTES], other_arena[MODEL_ARENA_BYTES];
static char text[8 * TOKENS];
static int32_t ids[8 * TOKENS];
static float whole[MODEL_VOCAB], scores[(size_t)TOKENS * MODEL_VOCAB];

static void check(edgelm_status status, const char *what) {
  if (!status)
    return;
  fprintf(stderr, "%s: %s\n", what, edgelm_status_text(status));
  exit(1);
}

/* NaN is not within any tolerance. */
static void compare(const float *logits, const char *what, size_t piece) {
  float largest = 0;
  size_t i;
  for (i = 0; i < MODEL_VOCAB; ++i) {
    const float difference = logits[i] < whole[i] ? whole[i] - logits[i] : logits[i] - whole[i];
    if (!(difference <= tolerance)) {
      fprintf(stderr, "%s %lu: logit %lu is %g, expected %g\n", what, (unsigned long)piece, (unsigned long)i,
              (double)logits[i], (double)whole[i]);
      exit(1);
    }
    largest = difference > largest ? difference : largest;
  }
  printf("%s %lu: difference %g\n", what, (unsigned long)piece, (double)largest);
}

static void prefill(edgelm_session *session, size_t from, size_t to, size_t piece) {
  size_t at;
  for (at = from; at < to; at += piece)
    check(edgelm_prefill(session, ids + at, to - at < piece ? to - at : piece), "prefill");
}

static void restore_half_way(edgelm_session *session) {
  edgelm_session *other;
  size_t bytes = 0;
  void *state;
  check(edgelm_reset(session), "reset");
  prefill(session, 0, TOKENS / 2, TOKENS);
  if (edgelm_save(session, NULL, 0, &bytes) != EDGELM_BUFFER_TOO_SMALL || !(state = malloc(bytes)))
    exit(1);
  check(edgelm_save(session, state, bytes, &bytes), "save");
  check(edgelm_open(&model, other_arena, sizeof other_arena, NULL, &other), "open");
  check(edgelm_restore(other, state, bytes), "restore");
  free(state);
  prefill(other, TOKENS / 2, TOKENS, TOKENS);
  compare(edgelm_logits(other), "restored at", TOKENS / 2);
}

int main(int count, char **arguments) {
  static const size_t pieces[] = {1, 7, 16, 256};
  FILE *file = count == 2 ? fopen(arguments[1], "rb") : NULL;
  edgelm_session *session;
  size_t bytes, tokens, i;
  if (!file || !(bytes = fread(text, 1, sizeof text, file)))
    return 1;
  fclose(file);
  check(edgelm_open(&model, arena, sizeof arena, NULL, &session), "open");
  check(edgelm_tokenize(session, text, bytes, 0, ids, sizeof ids / sizeof *ids, &tokens), "tokenize");
  if (tokens < TOKENS)
    return 1;
  prefill(session, 0, TOKENS, TOKENS);
  memcpy(whole, edgelm_logits(session), sizeof whole);
  for (i = 0; i < sizeof pieces / sizeof *pieces; ++i) {
    check(edgelm_reset(session), "reset");
    prefill(session, 0, TOKENS, pieces[i]);
    compare(edgelm_logits(session), "pieces of", pieces[i]);
  }
  check(edgelm_reset(session), "reset");
  check(edgelm_score(session, ids, TOKENS, scores), "score");
  compare(scores + (size_t)(TOKENS - 1) * MODEL_VOCAB, "scored", TOKENS);
  restore_half_way(session);
  return 0;
}
