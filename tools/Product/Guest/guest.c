// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The program that edgelm-run builds around a product of another machine: it calls the functions of edgelm.h that the
// tool names. GUEST_HEADER, GUEST_MODEL and GUEST_ARENA_BYTES follow from the product's name.
#include "guest.h"
#include "protocol.h"
#include GUEST_HEADER

__attribute__((section(".bss.guest_arena"))) EDGELM_ALIGNED static unsigned char arena[GUEST_ARENA_BYTES];
#ifdef GUEST_WEIGHT_FILE
__asm__(".section .rodata.edgelm,\"a\"\n.balign 64\nguest_weights:\n.incbin \"" GUEST_WEIGHT_FILE "\"\n"
        "guest_weights_end:\n.previous\n");
extern const unsigned char guest_weights[], guest_weights_end[];
#endif

static edgelm_session *session;
static edgelm_options options;
static edgelm_info info;
/// Memory from `room` on is free; a command's payload lies before it, from `payload` to `payload_end`. The threads of a
/// session have theirs behind its end.
static struct guest_memory memory;
static uint8_t *whole_end;
static uint8_t *payload, *payload_end, *room;
static size_t stack_used;

// -- messages

static uint32_t take_u32(void) {
  uint32_t value;
  memcpy(&value, payload, sizeof(value));
  payload += sizeof(value);
  return value;
}

static uint64_t take_u64(void) {
  const uint64_t low = take_u32();
  return low | (uint64_t)take_u32() << 32;
}

static float take_f32(void) {
  const uint32_t bits = take_u32();
  float value;
  memcpy(&value, &bits, sizeof(value));
  return value;
}

static void send(uint32_t kind, const void *from, size_t bytes) {
  const uint32_t head[] = {kind, (uint32_t)bytes};
  guest_write(head, sizeof(head));
  guest_write(from, bytes);
}

static void reply(edgelm_status status, const void *from, size_t bytes) {
  const uint32_t head[] = {GUEST_REPLY, (uint32_t)(bytes + sizeof(status))};
  guest_write(head, sizeof(head));
  guest_write(&status, sizeof(status));
  guest_write(from, bytes);
}

/// An answer in the free memory, which ends at `end`.
static void reply_room(edgelm_status status, const uint8_t *end) {
  reply(status, room, (size_t)(end - room));
}

static edgelm_status send_event(uint32_t kind, const void *from, size_t bytes) {
  edgelm_status status = EDGELM_CANCELLED;
  send(kind, from, bytes);
  return guest_read(&status, sizeof(status)) ? status : EDGELM_CANCELLED;
}

static edgelm_status on_id(void *user, int32_t id) {
  (void)user;
  return send_event(GUEST_ID, &id, sizeof(id));
}

static edgelm_status on_text(void *user, const char *text, size_t bytes) {
  (void)user;
  return send_event(GUEST_TEXT, text, bytes);
}

static void on_log(void *user, const char *message) {
  (void)user;
  send(GUEST_LOG, message, strlen(message));
}

// -- the stack below a call, filled with a pattern before it

#define STACK_PATTERN 0xa5u
#define STACK_MARGIN 512 /* for the frames of the painting itself */

static volatile uint8_t *stack_bottom; // of what was painted

static void __attribute__((noinline)) paint_stack(void) {
  volatile uint8_t *top = (volatile uint8_t *)__builtin_frame_address(0) - STACK_MARGIN;
  stack_bottom = top - memory.stack_bytes;
  for (volatile uint8_t *p = stack_bottom; p != top; ++p)
    *p = STACK_PATTERN;
}

/// Remembers how far down the pattern is gone.
static void __attribute__((noinline)) measure_stack(void) {
  volatile uint8_t *base = (volatile uint8_t *)__builtin_frame_address(0), *p = stack_bottom;
  while (p != base && *p == STACK_PATTERN)
    ++p;
  if (stack_used < (size_t)(base - p))
    stack_used = (size_t)(base - p);
}

/// Makes a call whose stack and instructions count.
#define MEASURED(call)                                                                                                 \
  do {                                                                                                                 \
    paint_stack();                                                                                                     \
    GUEST_COUNT_BEGIN();                                                                                               \
    call;                                                                                                              \
    GUEST_COUNT_END();                                                                                                 \
    measure_stack();                                                                                                   \
  } while (0)

// -- commands

static uint8_t *put(uint8_t *at, const void *from, size_t bytes) {
  memcpy(at, from, bytes);
  return at + bytes;
}

static uint8_t *put_u64(uint8_t *at, uint64_t value) {
  return put(at, &value, sizeof(value));
}

static uint8_t *put_string(uint8_t *at, const char *text, size_t bytes) {
  return put(put_u64(at, bytes), text, bytes);
}

static uint8_t *put_tensors(uint8_t *at, const edgelm_tensor *tensors, size_t count) {
  at = put_u64(at, count);
  for (size_t i = 0; i < count; ++i) {
    at = put_string(at, tensors[i].name, strlen(tensors[i].name));
    at = put_u64(put_u64(put_u64(at, tensors[i].type), tensors[i].bytes), tensors[i].rank);
    for (uint32_t d = 0; d < tensors[i].rank; ++d)
      at = put_u64(at, (uint64_t)tensors[i].dims[d]);
  }
  return at;
}

static void describe(void) {
  const edgelm_status status = edgelm_describe(&GUEST_MODEL, &info);
  if (status)
    return reply(status, NULL, 0);
  const char *features = info.cpu_features;
  while (*features) // each name ends with NUL, the list with an empty one
    features += strlen(features) + 1;
  const uint64_t numbers[] = {(uint64_t)(memory.end - memory.begin),
                              info.kinds,
                              info.context,
                              info.vocab,
                              info.prefill_chunk,
                              info.max_threads,
                              (uint64_t)(int64_t)info.bos_id,
                              (uint64_t)(int64_t)info.second_type,
                              info.arena_bytes,
                              info.weight_bytes};
  uint8_t *at = put(room, numbers, sizeof(numbers));
  at = put_string(at, info.name, strlen(info.name));
  at = put_string(at, info.version, strlen(info.version));
  at = put_string(at, (const char *)info.fingerprint, 32);
  at = put_string(at, info.cpu_features, (size_t)(features + 1 - info.cpu_features));
  at = put_string(at, (const char *)info.stop_ids, info.stop_count * sizeof(int32_t));
  at = put_tensors(at, info.inputs, info.input_count);
  at = put_tensors(at, info.outputs, info.output_count);
  reply_room(status, at);
}

static void on_open(void) {
  const uint32_t threads = take_u32();
  edgelm_status status = EDGELM_OK;
  options = (edgelm_options){.log = on_log};
#ifdef GUEST_WEIGHT_FILE
  options.weights = guest_weights;
  options.weight_bytes = (size_t)(guest_weights_end - guest_weights);
#endif
  if (threads > 1) {
    const size_t alignment = EDGELM_ARENA_ALIGNMENT, bytes = edgelm_pool_bytes(&GUEST_MODEL, threads);
    memory.end = (uint8_t *)((uintptr_t)(whole_end - bytes) / alignment * alignment);
    status = edgelm_pool_start(&GUEST_MODEL, memory.end, bytes, threads, &options);
  }
  if (!status)
    status = edgelm_open(&GUEST_MODEL, arena, sizeof(arena), &options, &session);
  reply(status, NULL, 0);
}

static void on_close(void) {
  edgelm_close(session);
  edgelm_pool_stop(&GUEST_MODEL, &options);
  session = NULL;
  memory.end = whole_end;
  reply(EDGELM_OK, NULL, 0);
}

static void on_reset(void) {
  reply(edgelm_reset(session), NULL, 0);
}

static void on_position(void) {
  const uint32_t position = (uint32_t)edgelm_position(session);
  reply(EDGELM_OK, &position, sizeof(position));
}

static void on_tokenize(void) {
  const uint32_t flags = take_u32();
  const size_t capacity = (size_t)(memory.end - room) / sizeof(int32_t);
  size_t count = 0;
  const edgelm_status status = edgelm_tokenize(session, (const char *)payload, (size_t)(payload_end - payload), flags,
                                               (int32_t *)room, capacity, &count);
  reply_room(status, status ? room : room + count * sizeof(int32_t));
}

static void on_detokenize(void) {
  const uint32_t flags = take_u32();
  size_t bytes = 0;
  const edgelm_status status =
      edgelm_detokenize(session, (const int32_t *)payload, (size_t)(payload_end - payload) / sizeof(int32_t), flags,
                        (char *)room, (size_t)(memory.end - room), &bytes);
  reply_room(status, status ? room : room + bytes);
}

static void on_prefill(void) {
  const size_t count = (size_t)(payload_end - payload) / sizeof(int32_t);
  edgelm_status status;
  MEASURED(status = edgelm_prefill(session, (const int32_t *)payload, count));
  reply(status, NULL, 0);
}

static void on_score(void) {
  const size_t count = (size_t)(payload_end - payload) / sizeof(int32_t), bytes = count * info.vocab * sizeof(float);
  if (bytes > (size_t)(memory.end - room))
    return reply(EDGELM_BUFFER_TOO_SMALL, NULL, 0);
  edgelm_status status;
  MEASURED(status = edgelm_score(session, (const int32_t *)payload, count, (float *)room));
  reply_room(status, status ? room : room + bytes);
}

static void on_logits(void) {
  const float *logits = edgelm_logits(session);
  reply(EDGELM_OK, logits, logits ? info.vocab * sizeof(float) : 0);
}

static void on_seed(void) {
  reply(edgelm_seed(session, take_u64()), NULL, 0);
}

static edgelm_sampling take_sampling(void) {
  edgelm_sampling sampling;
  sampling.temperature = take_f32();
  sampling.top_k = take_u32();
  sampling.top_p = take_f32();
  sampling.min_p = take_f32();
  sampling.repeat_penalty = take_f32();
  sampling.repeat_last_n = take_u32();
  return sampling;
}

static void on_sample(void) {
  const edgelm_sampling sampling = take_sampling();
  int32_t id = 0;
  const edgelm_status status = edgelm_sample(session, &sampling, &id);
  reply(status, &id, sizeof(id));
}

/// Payload: sampling, u64 max_tokens, u32 flags, u32 number of stop ids, these, then the prompt.
static void on_generate(void) {
  edgelm_generation generation = {.sampling = take_sampling(), .on_id = on_id};
  const uint64_t most = take_u64();
  const uint32_t flags = take_u32();
  generation.max_tokens = most > SIZE_MAX ? SIZE_MAX : (size_t)most;
  generation.flags = flags & EDGELM_IGNORE_STOP;
  generation.on_text = flags & GUEST_WANTS_TEXT ? on_text : NULL;
  generation.stop_count = take_u32();
  generation.stop_ids = (const int32_t *)payload;
  payload += generation.stop_count * sizeof(int32_t);
  const size_t bytes = (size_t)(payload_end - payload);
  edgelm_result result = {.stop_id = -1};
  edgelm_status status;
  if (flags & GUEST_PROMPT_IS_TEXT)
    status = edgelm_generate_text(session, (const char *)payload, bytes, &generation, &result);
  else
    status = edgelm_generate_ids(session, (const int32_t *)payload, bytes / sizeof(int32_t), &generation, &result);
  const uint64_t numbers[] = {result.prompt_tokens, result.tokens, (uint64_t)(int64_t)result.stop_id};
  reply(status, numbers, sizeof(numbers));
}

static void on_chat(void) {
  const uint32_t has_system = take_u32(), bytes = take_u32();
  const char *system = (const char *)payload, *text = system + bytes;
  edgelm_status status;
  MEASURED(status = edgelm_chat(session, has_system ? system : NULL, bytes, text,
                                (size_t)((const char *)payload_end - text)));
  reply(status, NULL, 0);
}

static void on_save(void) {
  size_t bytes = 0;
  const edgelm_status status = edgelm_save(session, room, (size_t)(memory.end - room), &bytes);
  reply_room(status, status ? room : room + bytes);
}

static void on_restore(void) {
  reply(edgelm_restore(session, payload, (size_t)(payload_end - payload)), NULL, 0);
}

static void on_encode(void) {
  const uint32_t arrays = take_u32();
  const size_t rows = 1 + (arrays & 1) + (arrays >> 1 & 1);
  const size_t count = (size_t)(payload_end - payload) / sizeof(int32_t) / rows;
  const int32_t *tokens = (const int32_t *)payload;
  const int32_t *mask = arrays & 1 ? tokens + count : NULL;
  const int32_t *types = arrays & 2 ? tokens + (rows - 1) * count : NULL;
  edgelm_status status;
  MEASURED(status = edgelm_encode(session, tokens, mask, types, count, NULL));
  reply(status, NULL, 0);
}

static void on_invoke(void) {
  const void **inputs = (const void **)room;
  for (size_t i = 0; i < info.input_count; ++i) {
    inputs[i] = payload;
    payload += (info.inputs[i].bytes + 15) / 16 * 16;
  }
  edgelm_status status;
  MEASURED(status = edgelm_invoke(session, inputs, NULL));
  reply(status, NULL, 0);
}

static void on_output(void) {
  const uint32_t index = take_u32();
  const void *output = edgelm_output(session, index);
  reply(EDGELM_OK, output, output ? info.outputs[index].bytes : 0);
}

static void on_stack_bytes(void) {
  const uint32_t bytes = (uint32_t)stack_used;
  reply(EDGELM_OK, &bytes, sizeof(bytes));
}

static void (*const commands[GUEST_COMMANDS])(void) = {
    [GUEST_DESCRIBE] = describe,
    [GUEST_OPEN] = on_open,
    [GUEST_CLOSE] = on_close,
    [GUEST_RESET] = on_reset,
    [GUEST_POSITION] = on_position,
    [GUEST_TOKENIZE] = on_tokenize,
    [GUEST_DETOKENIZE] = on_detokenize,
    [GUEST_PREFILL] = on_prefill,
    [GUEST_SCORE] = on_score,
    [GUEST_LOGITS] = on_logits,
    [GUEST_SEED] = on_seed,
    [GUEST_SAMPLE] = on_sample,
    [GUEST_GENERATE] = on_generate,
    [GUEST_CHAT] = on_chat,
    [GUEST_SAVE] = on_save,
    [GUEST_RESTORE] = on_restore,
    [GUEST_ENCODE] = on_encode,
    [GUEST_INVOKE] = on_invoke,
    [GUEST_OUTPUT] = on_output,
    [GUEST_STACK_BYTES] = on_stack_bytes,
};

void guest_main(void) {
  memory = guest_memory();
  whole_end = memory.end;
  uint32_t head[2];
  while (guest_read(head, sizeof(head)) && head[0] < GUEST_COMMANDS) {
    // Rows of 16 bytes, so that what a payload or an answer holds is aligned.
    const size_t rounded = ((size_t)head[1] + 15) / 16 * 16;
    payload = memory.begin;
    payload_end = payload + head[1];
    room = payload + rounded;
    if (rounded > (size_t)(memory.end - memory.begin) || (head[1] && !guest_read(payload, head[1])))
      guest_exit(1);
    commands[head[0]]();
  }
  guest_exit(0);
}
