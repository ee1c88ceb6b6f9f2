/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* Times ONNX Runtime on a decoder with past_key_values, over the C API of a shared library opened at run time.
 *
 * usage: ort_bench LIBRARY MODEL LAYERS KV_HEADS HEAD_DIM VOCAB THREADS PREFILL DECODE REPEAT [LOGITS_FILE]
 *
 * Protocol, the same as `edgelm-run --bench`: PREFILL prompt tokens at once with an empty past (all logits), then
 * DECODE greedy steps whose past is the present of the step before; REPEAT times after one round that is not
 * counted. Only OrtApi::Run is timed. Presents are handed back as pasts without a copy; outputs are left to ONNX
 * Runtime's arena (buffers given by us measured the same within the noise). Prints one JSON object.
 */
#include "../timing.h"
#include "ort_api.h"
#include <dlfcn.h>
#include <string.h>

enum { MAX_VALUES = 512, FIXED_INPUTS = 3 };

struct model {
  OrtSession *session;
  OrtMemoryInfo *memory;
  int layers, kv_heads, head_dim, vocab;
  size_t inputs, outputs;
  char *input_names[MAX_VALUES], *output_names[MAX_VALUES];
};

static const struct ort_api *api;

static void check(OrtStatus *status) {
  if (!status)
    return;
  fprintf(stderr, "ort_bench: %s\n", api->GetErrorMessage(status));
  exit(1);
}

static OrtValue *tensor(const struct model *model, void *data, size_t bytes, const int64_t *shape, size_t rank,
                        int type) {
  OrtValue *value = NULL;
  check(api->CreateTensorWithDataAsOrtValue(model->memory, data, bytes, shape, rank, type, &value));
  return value;
}

/* One run: `count` tokens after `past` cached ones; states[] is replaced by the presents. Returns the seconds. */
static double run(const struct model *model, int64_t *ids, int64_t count, int64_t past, OrtValue **states,
                  OrtValue **logits) {
  static int64_t mask[MAX_TOKENS], positions[MAX_TOKENS];
  const int64_t now[2] = {1, count}, total[2] = {1, past + count};
  OrtValue *inputs[MAX_VALUES], *outputs[MAX_VALUES] = {0};
  for (int64_t i = 0; i < past + count; ++i)
    mask[i] = 1;
  for (int64_t i = 0; i < count; ++i)
    positions[i] = past + i;
  inputs[0] = tensor(model, ids, 8 * (size_t)count, now, 2, ORT_INT64);
  inputs[1] = tensor(model, mask, 8 * (size_t)(past + count), total, 2, ORT_INT64);
  inputs[2] = tensor(model, positions, 8 * (size_t)count, now, 2, ORT_INT64);
  memcpy(inputs + FIXED_INPUTS, states, (model->inputs - FIXED_INPUTS) * sizeof(*states));

  const double start = seconds();
  check(api->Run(model->session, NULL, (const char *const *)model->input_names, (const OrtValue *const *)inputs,
                 model->inputs, (const char *const *)model->output_names, model->outputs, outputs));
  const double elapsed = seconds() - start;

  for (size_t i = 0; i < model->inputs; ++i)
    api->ReleaseValue(inputs[i]);
  memcpy(states, outputs + 1, (model->outputs - 1) * sizeof(*states));
  *logits = outputs[0];
  return elapsed;
}

static const float *last_row(const struct model *model, OrtValue *logits, int64_t rows) {
  void *data = NULL;
  check(api->GetTensorMutableData(logits, &data));
  return (const float *)data + (size_t)(rows - 1) * (size_t)model->vocab;
}

static void empty_states(const struct model *model, OrtValue **states) {
  static float nothing[1];
  const int64_t shape[4] = {1, model->kv_heads, 0, model->head_dim};
  for (int i = 0; i < 2 * model->layers; ++i)
    states[i] = tensor(model, nothing, 0, shape, 4, ORT_FLOAT);
}

static double open_model(struct model *model, const char *path, int threads) {
  OrtEnv *environment = NULL;
  OrtSessionOptions *options = NULL;
  OrtAllocator *allocator = NULL;
  const double start = seconds();
  check(api->CreateEnv(ORT_LOG_ERROR, "bench", &environment));
  check(api->CreateSessionOptions(&options));
  check(api->SetIntraOpNumThreads(options, threads));
  check(api->SetInterOpNumThreads(options, 1));
  check(api->SetSessionGraphOptimizationLevel(options, ORT_OPTIMIZE_ALL));
  check(api->CreateSession(environment, path, options, &model->session));
  const double elapsed = seconds() - start;

  check(api->CreateCpuMemoryInfo(ORT_ARENA_ALLOCATOR, ORT_MEMORY_DEFAULT, &model->memory));
  check(api->GetAllocatorWithDefaultOptions(&allocator));
  check(api->SessionGetInputCount(model->session, &model->inputs));
  check(api->SessionGetOutputCount(model->session, &model->outputs));
  if (model->inputs != FIXED_INPUTS + 2 * (size_t)model->layers || model->inputs > MAX_VALUES) {
    fprintf(stderr, "ort_bench: expected ids, mask, positions and 2 states a layer, found %zu inputs\n", model->inputs);
    exit(1);
  }
  for (size_t i = 0; i < model->inputs; ++i)
    check(api->SessionGetInputName(model->session, i, allocator, &model->input_names[i]));
  for (size_t i = 0; i < model->outputs; ++i)
    check(api->SessionGetOutputName(model->session, i, allocator, &model->output_names[i]));
  return elapsed;
}

int main(int argc, char **argv) {
  if (argc < 11 || argc > 12) {
    fputs("usage: ort_bench LIBRARY MODEL LAYERS KV_HEADS HEAD_DIM VOCAB THREADS PREFILL DECODE REPEAT [LOGITS_FILE]\n",
          stderr);
    return 1;
  }
  void *library = dlopen(argv[1], RTLD_NOW);
  const struct ort_api_base *(*base)(void) = NULL;
  if (library)
    *(void **)&base = dlsym(library, "OrtGetApiBase");
  if (!base) {
    fprintf(stderr, "ort_bench: %s\n", dlerror());
    return 1;
  }
  api = base()->GetApi(1);
  struct model model = {.layers = atoi(argv[3]), .kv_heads = atoi(argv[4]), .head_dim = atoi(argv[5])};
  model.vocab = atoi(argv[6]);
  struct protocol protocol = {0};
  if (!read_protocol(&protocol, argv + 7, model.vocab))
    return 1;
  protocol.open_seconds = open_model(&model, argv[2], protocol.threads);

  for (int round = -1; round < protocol.repeat; ++round) {
    OrtValue *states[MAX_VALUES], *logits = NULL;
    empty_states(&model, states);
    const int prefill = protocol.prefill;
    const double first = run(&model, protocol.prompt, prefill, 0, states, &logits);
    if (round < 0 && argc == 12)
      write_logits(argv[11], last_row(&model, logits, 1), (size_t)prefill * (size_t)model.vocab);
    int64_t id = likeliest(last_row(&model, logits, prefill), model.vocab);
    api->ReleaseValue(logits);
    double rest = 0;
    for (int i = 0; i < protocol.decode; ++i) {
      protocol.ids[i] = id;
      rest += run(&model, &id, 1, prefill + i, states, &logits);
      id = likeliest(last_row(&model, logits, 1), model.vocab);
      api->ReleaseValue(logits);
    }
    for (int i = 0; i < 2 * model.layers; ++i)
      api->ReleaseValue(states[i]);
    if (round < 0)
      continue;
    protocol.prefill_seconds[round] = first;
    protocol.decode_seconds[round] = rest;
  }
  print_result(&protocol, base()->GetVersionString());
  return 0;
}
