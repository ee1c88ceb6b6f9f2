// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A decoder written by hand as a product, for tests of the tools: small, exact in f32, and sensitive to every state.
//
// toy.py computes the same numbers. Its tokenizer is ToyTokenizer.c.
#include "edgelm_abi.h"

enum { VOCAB = 300, CONTEXT = 32, CHUNK = 4, HEADS = 2, LANES = 3, SESSION_BYTES = 256, STOP = 257 };

typedef struct {
  EDGELM_ALIGNED unsigned char session[SESSION_BYTES];
  EDGELM_ALIGNED int32_t tokens[CHUNK];
  EDGELM_ALIGNED float keys[HEADS][CONTEXT][LANES];
  EDGELM_ALIGNED float values[HEADS][CONTEXT][LANES];
  EDGELM_ALIGNED float logits[VOCAB];
  EDGELM_ALIGNED unsigned char sampler[EDGELM_SAMPLER_BYTES(VOCAB, CONTEXT)];
  EDGELM_ALIGNED unsigned char tokenizer[64];
  EDGELM_ALIGNED char text[EDGELM_TEXT_BYTES(8)];
} toy_arena;

static const uint8_t weights[1] = {8}, fingerprint[32] = {0x70, 0x97}, tokenizer[1] = {7};
static const int32_t stops[1] = {STOP};

// Logits after row `pos`: work items are vocabulary entries.
static void logits_kernel(void *const *buffers, int32_t pos, int32_t n, int32_t begin, int32_t end) {
  const toy_arena *a = buffers[0];
  float *logits = buffers[1];
  (void)n;
  for (int32_t id = begin; id < end; ++id) {
    logits[id] = 0;
    for (int32_t row = 0; row <= pos; ++row)
      for (int32_t head = 0; head < HEADS; ++head)
        for (int32_t lane = 0; lane < LANES; ++lane)
          logits[id] += a->keys[head][row][lane] * (float)(id * (row + 1) * 13 % 29 - 14) / 8.0f +
                        a->values[head][row][lane] * (float)((id + row + lane) % 7 - 3);
  }
}

static int32_t append(struct edgelm_context *context, uint8_t *arena, const uint8_t *w, int32_t pos, int32_t n,
                      void *out) {
  toy_arena *a = (toy_arena *)(void *)arena;
  (void)w;
  for (int32_t i = 0; i < n; ++i) {
    for (int32_t head = 0; head < HEADS; ++head)
      for (int32_t lane = 0; lane < LANES; ++lane) {
        a->keys[head][pos + i][lane] = (float)((a->tokens[i] * 31 + (pos + i) * 7 + head * 3 + lane * 5) % 17 - 8);
        a->values[head][pos + i][lane] = (float)((a->tokens[i] * 11 + head + lane) % 13 - 6);
      }
    if (!out && i + 1 < n)
      continue;
    void *buffers[] = {a, out ? (float *)out + (size_t)i * VOCAB : a->logits};
    edgelm_rt_launch(context, logits_kernel, buffers, pos + i, n, VOCAB);
  }
  return edgelm_rt_poll(context);
}

#define AT(member) offsetof(toy_arena, member)
static const edgelm_state states[2] = {
    {AT(keys), HEADS, CONTEXT, LANES * sizeof(float)},
    {AT(values), HEADS, CONTEXT, LANES * sizeof(float)},
};

__attribute__((visibility("default"))) const edgelm_descriptor toy = {
    .magic = EDGELM_MAGIC,
    .abi_version = EDGELM_ABI_VERSION,
    .functions = &edgelm_rt_functions,
    .name = "toy",
    .version = "0.1.0",
    .fingerprint = fingerprint,
    .cpu_features = "",
    .weights = weights,
    .weight_bytes = sizeof weights,
    .arena_bytes = sizeof(toy_arena),
    .context = CONTEXT,
    .vocab = VOCAB,
    .prefill_chunk = CHUNK,
    .score_chunk = CHUNK,
    .max_threads = 4,
    .bos_id = EDGELM_NO_ID,
    .second_type = EDGELM_NO_ID,
    .decode = (const void *)append,
    .prefill = (const void *)append,
    .score = (const void *)append,
    .tokens_offset = AT(tokens),
    .mask_offset = EDGELM_ABSENT,
    .types_offset = EDGELM_ABSENT,
    .logits_offset = AT(logits),
    .sampler_offset = AT(sampler),
    .tokenizer_offset = AT(tokenizer),
    .tokenizer_bytes = sizeof(((toy_arena *)0)->tokenizer),
    .text_offset = AT(text),
    .text_bytes = sizeof(((toy_arena *)0)->text),
    .tokenizer = tokenizer,
    .tokenizer_size = sizeof tokenizer,
    .stop_ids = stops,
    .stop_count = 1,
    .state_count = 2,
    .states = states,
};
