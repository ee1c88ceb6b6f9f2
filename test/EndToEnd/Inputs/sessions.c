/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* Two sessions over one model, each on its own thread with its own prompt, write what each writes alone; the same
 * with a pool of threads that both share. */
#include "model.h"
#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { SESSIONS = 2, TOKENS = 48, ROUNDS = 4, POOL_THREADS = 2 };
static const char *const prompts[SESSIONS] = {"ROMEO:\nO, ", "KING RICHARD II:\nWhat must the king do now?"};

static EDGELM_ALIGNED unsigned char arenas[SESSIONS][MODEL_ARENA_BYTES];
static EDGELM_ALIGNED unsigned char pool[1 << 16];

struct run {
  int index;
  edgelm_options options;
  edgelm_status status;
  size_t count;
  int32_t ids[TOKENS];
};

static edgelm_status collect(void *user, int32_t id) {
  struct run *run = user;
  if (run->count == TOKENS)
    return EDGELM_USER_STATUS;
  run->ids[run->count++] = id;
  return EDGELM_OK;
}

static edgelm_status generate(struct run *run, edgelm_session *session) {
  edgelm_generation generation = {
      {0.0f, 0, 0.0f, 0.0f, 0.0f, 0}, TOKENS, EDGELM_IGNORE_STOP, NULL, 0, NULL, collect, NULL};
  const char *prompt = prompts[run->index];
  edgelm_status status = edgelm_reset(session);
  generation.user = run;
  run->count = 0;
  return status ? status : edgelm_generate_text(session, prompt, strlen(prompt), &generation, NULL);
}

static void *work(void *argument) {
  struct run *run = argument;
  edgelm_session *session;
  int round;
  run->status = edgelm_open(&model, arenas[run->index], MODEL_ARENA_BYTES, &run->options, &session);
  if (run->status)
    return NULL;
  for (round = 0; round < ROUNDS && !run->status; ++round)
    run->status = generate(run, session);
  edgelm_close(session);
  return NULL;
}

/* 0 when both sessions at once write the tokens of `alone`. */
static int compare(const struct run *alone, const edgelm_options *options) {
  struct run together[SESSIONS];
  pthread_t threads[SESSIONS];
  int i, wrong = 0;
  memset(together, 0, sizeof together);
  for (i = 0; i < SESSIONS; ++i) {
    together[i].index = i;
    together[i].options = *options;
    if (pthread_create(&threads[i], NULL, work, &together[i]))
      return 1;
  }
  for (i = 0; i < SESSIONS; ++i)
    pthread_join(threads[i], NULL);
  for (i = 0; i < SESSIONS; ++i)
    if (together[i].status || together[i].count != TOKENS ||
        memcmp(together[i].ids, alone[i].ids, sizeof alone[i].ids)) {
      fprintf(stderr, "session %d: %s, %lu tokens\n", i, edgelm_status_text(together[i].status),
              (unsigned long)together[i].count);
      wrong = 1;
    }
  return wrong;
}

int main(void) {
  static struct run alone[SESSIONS];
  edgelm_options options;
  int i;
  memset(&options, 0, sizeof options);
  for (i = 0; i < SESSIONS; ++i) {
    alone[i].index = i;
    work(&alone[i]);
    if (alone[i].status || alone[i].count != TOKENS)
      return 1;
  }
  if (!memcmp(alone[0].ids, alone[1].ids, sizeof alone[0].ids))
    return 2; /* nothing would be seen */
  if (compare(alone, &options))
    return 3;
  if (edgelm_pool_bytes(&model, POOL_THREADS) > sizeof pool ||
      edgelm_pool_start(&model, pool, sizeof pool, POOL_THREADS, &options))
    return 4;
  if (compare(alone, &options))
    return 5;
  edgelm_pool_stop(&model, &options);
  puts("two sessions at once write what each writes alone");
  return 0;
}
