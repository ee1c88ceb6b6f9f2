/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* A decoder and an encoder, compiled apart for two levels of processor, at once in one program: the text of one and
 * the outputs of the other are what they are when nothing else runs. */
#include "decoder.h"
#include "encoder.h"
#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { TOKENS = 32, LABELS = 8, ROUNDS = 8 };
static const int32_t passage[] = {0, 43, 78, 300, 12, 454, 903, 12, 199, 41, 588, 552, 542, 305, 502, 261};

static EDGELM_ALIGNED unsigned char decoder_arena[DECODER_ARENA_BYTES];
static EDGELM_ALIGNED unsigned char encoder_arena[ENCODER_ARENA_BYTES];

struct results {
  edgelm_status status;
  size_t bytes;
  char text[1024];
  float labels[LABELS];
};

static edgelm_status collect(void *user, const char *bytes, size_t count) {
  struct results *results = user;
  if (results->bytes + count > sizeof results->text)
    return EDGELM_USER_STATUS;
  memcpy(results->text + results->bytes, bytes, count);
  results->bytes += count;
  return EDGELM_OK;
}

static void *decode(void *argument) {
  struct results *results = argument;
  edgelm_session *session;
  int round;
  results->status = edgelm_open(&decoder, decoder_arena, sizeof decoder_arena, NULL, &session);
  for (round = 0; round < ROUNDS && !results->status; ++round) {
    results->bytes = 0;
    results->status = edgelm_reset(session);
    if (!results->status)
      results->status = edgelm_generate(session, "JULIET:", TOKENS, collect, results);
  }
  return NULL;
}

static void *encode(void *argument) {
  struct results *results = argument;
  edgelm_session *session;
  edgelm_info info;
  void *outputs[1];
  int round;
  outputs[0] = results->labels;
  results->status = edgelm_describe(&encoder, &info);
  if (!results->status && (info.output_count != 1 || info.outputs[0].bytes != sizeof results->labels))
    results->status = EDGELM_USER_STATUS;
  if (!results->status)
    results->status = edgelm_open(&encoder, encoder_arena, sizeof encoder_arena, NULL, &session);
  for (round = 0; round < 8 * ROUNDS && !results->status; ++round)
    results->status = edgelm_encode(session, passage, NULL, NULL, sizeof passage / sizeof *passage, outputs);
  return NULL;
}

int main(void) {
  static struct results alone[2], together[2];
  pthread_t threads[2];
  int i;
  decode(&alone[0]);
  encode(&alone[1]);
  if (pthread_create(&threads[0], NULL, decode, &together[0]) ||
      pthread_create(&threads[1], NULL, encode, &together[1]))
    return 1;
  for (i = 0; i < 2; ++i)
    pthread_join(threads[i], NULL);
  for (i = 0; i < 2; ++i)
    if (alone[i].status || together[i].status) {
      fprintf(stderr, "%s, %s\n", edgelm_status_text(alone[i].status), edgelm_status_text(together[i].status));
      return 2;
    }
  if (!alone[0].bytes || memcmp(&alone[0], &together[0], sizeof alone[0]) ||
      memcmp(&alone[1], &together[1], sizeof alone[1]))
    return 3;
  for (i = 0; i < LABELS; ++i)
    printf("%.9g%c", (double)alone[1].labels[i], i + 1 < LABELS ? ' ' : '\n');
  printf("%.*s\n", (int)alone[0].bytes, alone[0].text);
  return 0;
}
