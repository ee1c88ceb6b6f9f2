// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The entries of the hand-written models, in the form in which the compiler emits them.
#include "FakeModel.h"

EDGELM_ALIGNED static const uint8_t weights[4] = {1, 2, 3, 4};
static const uint8_t layout[32] = {0x1a, 0x70};
static const uint8_t fingerprint[32] = {0xed, 0x9e, 0x11, 0xa0};
static const uint8_t tokenizer_table[1] = {7};
static const int32_t stop_ids[1] = {FAKE_STOP};

// [BOS] ? question [STOP] !; system ; question [STOP], some trimmed; later ones begin with text: a space [STOP] question.
static const uint32_t first[] = {EDGELM_STEP(EDGELM_STEP_TOKEN, FAKE_BOS), EDGELM_STEP(EDGELM_STEP_TEXT, 1),
                                 EDGELM_STEP(EDGELM_STEP_USER, 0),         EDGELM_STEP(EDGELM_STEP_TOKEN, FAKE_STOP),
                                 EDGELM_STEP(EDGELM_STEP_TEXT, 1),         EDGELM_STEP_END};
static const uint32_t with_system[] = {EDGELM_STEP(EDGELM_STEP_SYSTEM, EDGELM_TRIM_START | EDGELM_TRIM_END),
                                       EDGELM_STEP(EDGELM_STEP_TEXT, 1), EDGELM_STEP(EDGELM_STEP_USER, EDGELM_TRIM_END),
                                       EDGELM_STEP(EDGELM_STEP_TOKEN, FAKE_STOP), EDGELM_STEP_END};
static const uint32_t next[] = {EDGELM_STEP(EDGELM_STEP_TEXT, 1), EDGELM_STEP(EDGELM_STEP_TOKEN, FAKE_STOP),
                                EDGELM_STEP(EDGELM_STEP_USER, EDGELM_TRIM_START), EDGELM_STEP_END};
const edgelm_turn edgelm_rt_turns[EDGELM_TURNS] = {{first, "?!"}, {with_system, ";"}, {next, " "}};

static float key_of(int32_t token, int32_t row, int32_t head, int32_t lane) {
  return (float)((token * 31 + row * 7 + head * 3 + lane * 5) % 17 - 8);
}

// What one row adds to a logit: small multiples of 1/8, so that sums are exact in any order.
static float addend(float key, int32_t value, int32_t row, int32_t id, int32_t weight) {
  return key * (float)((id * (row + 1) * 13 + value * weight) % 29 - 14) / 8.0f;
}

float fake_logit(const int32_t *tokens, int32_t count, int32_t id) {
  float sum = 0;
  for (int32_t row = 0; row < count; ++row)
    for (int32_t head = 0; head < FAKE_HEADS; ++head)
      for (int32_t lane = 0; lane < 2; ++lane)
        sum += addend(key_of(tokens[row], row, head, lane), tokens[row], row, id, weights[2 * head + lane]);
  return sum;
}

// Kernel: logits after row `pos`, work items are vocabulary entries.
static void logits_kernel(void *const *buffers, int32_t pos, int32_t n, int32_t begin, int32_t end) {
  const float (*keys)[FAKE_CONTEXT][2] = (const float (*)[FAKE_CONTEXT][2])buffers[0];
  const int32_t *values = (const int32_t *)buffers[1];
  const uint8_t *w = (const uint8_t *)buffers[2];
  float *logits = (float *)buffers[3];
  (void)n;
  for (int32_t id = begin; id < end; ++id) {
    logits[id] = 0;
    for (int32_t row = 0; row <= pos; ++row)
      for (int32_t head = 0; head < FAKE_HEADS; ++head)
        for (int32_t lane = 0; lane < 2; ++lane)
          logits[id] += addend(keys[head][row][lane], values[row], row, id, w[2 * head + lane]);
  }
}

// Appends n tokens; logits of the last one to the arena, or of all to `out`.
static int32_t append(struct edgelm_context *context, uint8_t *arena, const uint8_t *w, int32_t pos, int32_t n,
                      void *out) {
  fake_arena *a = (fake_arena *)(void *)arena;
  for (int32_t i = 0; i < n; ++i) {
    int32_t row = pos + i;
    for (int32_t head = 0; head < FAKE_HEADS; ++head)
      for (int32_t lane = 0; lane < 2; ++lane)
        a->keys[head][row][lane] = key_of(a->tokens[i], row, head, lane);
    a->values[0][row] = a->tokens[i];
    int32_t status = edgelm_rt_poll(context);
    if (status)
      return status;
    if (!out && i + 1 < n)
      continue;
    float *logits = out ? (float *)out + (size_t)i * FAKE_VOCAB : a->logits;
    void *buffers[] = {a->keys, a->values, (void *)(uintptr_t)w, logits};
    edgelm_rt_launch(context, logits_kernel, buffers, row, n, FAKE_VOCAB);
  }
  return EDGELM_OK;
}

static int32_t encode(struct edgelm_context *context, uint8_t *arena, const uint8_t *w, int32_t pos, int32_t n,
                      void *out) {
  fake_graph_arena *a = (fake_graph_arena *)(void *)arena;
  (void)w, (void)pos, (void)out;
  int32_t status = edgelm_rt_poll(context);
  if (status)
    return status;
  for (int32_t i = 0; i < FAKE_SEQUENCE; ++i)
    a->sums[i] = i < n ? (float)(a->tokens[i] * a->mask[i] + 1000 * a->types[i]) : -1.0f;
  return EDGELM_OK;
}

static int32_t invoke(struct edgelm_context *context, uint8_t *arena, const uint8_t *w, int32_t pos, int32_t n,
                      void *out) {
  fake_graph_arena *a = (fake_graph_arena *)(void *)arena;
  (void)context, (void)w, (void)pos, (void)n, (void)out;
  for (int32_t i = 0; i < 4; ++i) {
    a->sums[i] = a->a[i] + a->b[i];
    a->products[i] = a->a[i] * a->b[i];
  }
  return EDGELM_OK;
}

#define ENTRY(function) (const void *)(function)
#define AT(member) offsetof(fake_arena, member)
#define GRAPH_AT(member) offsetof(fake_graph_arena, member)

static const edgelm_state states[2] = {
    {AT(keys), FAKE_HEADS, FAKE_CONTEXT, 2 * sizeof(float)},
    {AT(values), 1, FAKE_CONTEXT, sizeof(int32_t)},
};

const edgelm_descriptor fake_decoder = {
    .magic = EDGELM_MAGIC,
    .abi_version = EDGELM_ABI_VERSION,
    .functions = &edgelm_rt_functions,
    .name = "fake_decoder",
    .version = "0.1.0",
    .fingerprint = fingerprint,
    .cpu_features = "",
    .weights = weights,
    .weight_bytes = sizeof weights,
    .weight_layout = layout,
    .arena_bytes = sizeof(fake_arena),
    .context = FAKE_CONTEXT,
    .vocab = FAKE_VOCAB,
    .prefill_chunk = FAKE_PREFILL,
    .score_chunk = FAKE_SCORE,
    .max_threads = FAKE_THREADS,
    .bos_id = FAKE_BOS,
    .second_type = EDGELM_NO_ID,
    .decode = ENTRY(append),
    .prefill = ENTRY(append),
    .score = ENTRY(append),
    .tokens_offset = AT(tokens),
    .mask_offset = EDGELM_ABSENT,
    .types_offset = EDGELM_ABSENT,
    .logits_offset = AT(logits),
    .sampler_offset = AT(sampler),
    .tokenizer_offset = AT(tokenizer),
    .tokenizer_bytes = sizeof(((fake_arena *)0)->tokenizer),
    .text_offset = AT(text),
    .text_bytes = sizeof(((fake_arena *)0)->text),
    .tokenizer = tokenizer_table,
    .tokenizer_size = sizeof tokenizer_table,
    .stop_ids = stop_ids,
    .stop_count = 1,
    .state_count = 2,
    .states = states,
};

static const int64_t sequence_dims[] = {1, FAKE_SEQUENCE}, four[] = {4};

static const edgelm_tensor encoder_inputs[] = {
    {"tokens", sequence_dims, 6, 2, sizeof(int32_t) * FAKE_SEQUENCE, GRAPH_AT(tokens)},
    {"mask", sequence_dims, 6, 2, sizeof(int32_t) * FAKE_SEQUENCE, GRAPH_AT(mask)},
    {"types", sequence_dims, 6, 2, sizeof(int32_t) * FAKE_SEQUENCE, GRAPH_AT(types)},
};
static const edgelm_tensor encoder_outputs[] = {
    {"sums", sequence_dims, 1, 2, sizeof(float) * FAKE_SEQUENCE, GRAPH_AT(sums)},
};
static const edgelm_tensor invoker_inputs[] = {
    {"a", four, 1, 1, sizeof(float) * 4, GRAPH_AT(a)},
    {"b", four, 1, 1, sizeof(float) * 4, GRAPH_AT(b)},
};
static const edgelm_tensor invoker_outputs[] = {
    {"sums", four, 1, 1, sizeof(float) * 4, GRAPH_AT(sums)},
    {"products", four, 1, 1, sizeof(float) * 4, GRAPH_AT(products)},
};

const edgelm_descriptor fake_encoder = {
    .magic = EDGELM_MAGIC,
    .abi_version = EDGELM_ABI_VERSION,
    .functions = &edgelm_rt_functions,
    .name = "fake_encoder",
    .version = "0.1.0",
    .fingerprint = fingerprint,
    .arena_bytes = sizeof(fake_graph_arena),
    .context = FAKE_SEQUENCE,
    .vocab = FAKE_VOCAB,
    .max_threads = 1,
    .bos_id = EDGELM_NO_ID,
    .second_type = EDGELM_NO_ID,
    .encode = ENTRY(encode),
    .tokens_offset = GRAPH_AT(tokens),
    .mask_offset = GRAPH_AT(mask),
    .types_offset = GRAPH_AT(types),
    .logits_offset = EDGELM_ABSENT,
    .sampler_offset = EDGELM_ABSENT,
    .input_count = 3,
    .inputs = encoder_inputs,
    .output_count = 1,
    .outputs = encoder_outputs,
};

const edgelm_descriptor fake_invoker = {
    .magic = EDGELM_MAGIC,
    .abi_version = EDGELM_ABI_VERSION,
    .functions = &edgelm_rt_functions,
    .name = "fake_invoker",
    .version = "0.1.0",
    .fingerprint = fingerprint,
    .arena_bytes = sizeof(fake_graph_arena),
    .max_threads = 1,
    .bos_id = EDGELM_NO_ID,
    .second_type = EDGELM_NO_ID,
    .invoke = ENTRY(invoke),
    .tokens_offset = EDGELM_ABSENT,
    .mask_offset = EDGELM_ABSENT,
    .types_offset = EDGELM_ABSENT,
    .logits_offset = EDGELM_ABSENT,
    .sampler_offset = EDGELM_ABSENT,
    .input_count = 2,
    .inputs = invoker_inputs,
    .output_count = 2,
    .outputs = invoker_outputs,
};
