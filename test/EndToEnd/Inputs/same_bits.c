/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* usage: same_bits TEXT THREADS PIECE
 *
 * Prefills half a context in pieces of PIECE tokens (0: the whole context is scored at once), decodes the other half token
 * by token, and writes the logits of that half to standard output: the same bytes for any threads and any pieces. */
#include "model.h"
#include <stdio.h>
#include <stdlib.h>

enum { TOKENS = MODEL_CONTEXT, HALF = TOKENS / 2 };

static EDGELM_ALIGNED unsigned char arena[MODEL_ARENA_BYTES], pool[1 << 20];
static char text[8 * TOKENS];
static int32_t ids[8 * TOKENS];
static float scores[(size_t)TOKENS * MODEL_VOCAB];

static void check(edgelm_status status, const char *what) {
  if (!status)
    return;
  fprintf(stderr, "%s: %s\n", what, edgelm_status_text(status));
  exit(1);
}

static void write_logits(const float *logits, size_t rows) {
  if (fwrite(logits, sizeof(float) * MODEL_VOCAB, rows, stdout) != rows)
    exit(1);
}

static void run(edgelm_session *session, size_t piece) {
  size_t at;
  if (piece == 0) {
    check(edgelm_score(session, ids, TOKENS, scores), "score");
    write_logits(scores + (size_t)HALF * MODEL_VOCAB, TOKENS - HALF);
    return;
  }
  for (at = 0; at < HALF; at += piece)
    check(edgelm_prefill(session, ids + at, HALF - at < piece ? HALF - at : piece), "prefill");
  for (at = HALF; at < TOKENS; ++at) {
    check(edgelm_decode(session, ids[at]), "decode");
    write_logits(edgelm_logits(session), 1);
  }
}

int main(int count, char **arguments) {
  FILE *file = count == 4 ? fopen(arguments[1], "rb") : NULL;
  edgelm_options options = {0};
  edgelm_session *session;
  size_t bytes, tokens;
  uint32_t threads;
  if (!file || !(bytes = fread(text, 1, sizeof text, file)))
    return 1;
  fclose(file);
  threads = (uint32_t)atoi(arguments[2]);
  if (edgelm_pool_bytes(&model, threads) > sizeof pool)
    return 1;
  check(edgelm_pool_start(&model, pool, sizeof pool, threads, &options), "pool");
  check(edgelm_open(&model, arena, sizeof arena, &options, &session), "open");
  check(edgelm_tokenize(session, text, bytes, 0, ids, sizeof ids / sizeof *ids, &tokens), "tokenize");
  if (tokens < TOKENS)
    return 1;
  run(session, (size_t)atoi(arguments[3]));
  edgelm_pool_stop(&model, &options);
  return 0;
}
