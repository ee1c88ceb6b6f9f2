/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* What a program may do wrong with a product is a status with a sentence, after which the session goes on as before. */
#include "model.h"
#include "other.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static EDGELM_ALIGNED unsigned char arena[MODEL_ARENA_BYTES + EDGELM_ARENA_ALIGNMENT];
static EDGELM_ALIGNED unsigned char other_arena[OTHER_ARENA_BYTES];
static int32_t ids[MODEL_CONTEXT + 1];
static float before[MODEL_VOCAB];

static void expect(const char *what, edgelm_status found, edgelm_status expected) {
  printf("%s: %s\n", what, edgelm_status_text(found));
  if (found == expected)
    return;
  fprintf(stderr, "%s: found status %d, expected %d\n", what, (int)found, (int)expected);
  exit(1);
}

/* A refused call changes nothing. */
static void expect_unchanged(edgelm_session *session, size_t tokens) {
  if (edgelm_position(session) == tokens && edgelm_logits(session) &&
      !memcmp(before, edgelm_logits(session), sizeof before))
    return;
  fprintf(stderr, "a refused call changed the session\n");
  exit(1);
}

static void refuse_prompts(edgelm_session *session) {
  const size_t room = MODEL_CONTEXT - 3;
  expect("three tokens", edgelm_prefill(session, ids, 3), EDGELM_OK);
  memcpy(before, edgelm_logits(session), sizeof before);
  expect("long prompt", edgelm_prefill(session, ids, MODEL_CONTEXT + 1), EDGELM_PROMPT_TOO_LONG);
  expect_unchanged(session, 3);
  expect("full context", edgelm_prefill(session, ids, room + 1), EDGELM_CONTEXT_FULL);
  expect_unchanged(session, 3);
  expect("large token", edgelm_decode(session, MODEL_VOCAB), EDGELM_INVALID_TOKEN);
  expect("negative token", edgelm_decode(session, -1), EDGELM_INVALID_TOKEN);
  expect_unchanged(session, 3);
}

static void refuse_states(edgelm_session *session) {
  edgelm_session *second;
  size_t bytes = 0;
  unsigned char *state;
  expect("other model", edgelm_open(&other, other_arena, sizeof other_arena, NULL, &second), EDGELM_OK);
  expect("its tokens", edgelm_prefill(second, ids, 5), EDGELM_OK);
  expect("small buffer", edgelm_save(second, NULL, 0, &bytes), EDGELM_BUFFER_TOO_SMALL);
  if (!(state = malloc(bytes)))
    exit(1);
  expect("saved state", edgelm_save(second, state, bytes, &bytes), EDGELM_OK);
  expect("state of another model", edgelm_restore(session, state, bytes), EDGELM_WRONG_MODEL);
  expect_unchanged(session, 3);
  expect("cut state", edgelm_restore(second, state, bytes / 2), EDGELM_CORRUPT_STATE);
  expect("whole state", edgelm_restore(second, state, bytes), EDGELM_OK);
  free(state);
}

int main(void) {
  edgelm_session *session;
  expect("small arena", edgelm_open(&model, arena, MODEL_ARENA_BYTES - 1, NULL, &session), EDGELM_ARENA_TOO_SMALL);
  expect("crooked arena", edgelm_open(&model, arena + 4, MODEL_ARENA_BYTES, NULL, &session), EDGELM_ARENA_UNALIGNED);
  expect("right arena", edgelm_open(&model, arena, MODEL_ARENA_BYTES, NULL, &session), EDGELM_OK);
  refuse_prompts(session);
  refuse_states(session);
  return 0;
}
