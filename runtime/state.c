// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Saves and restores a session as the FlatBuffer that lib/Codegen/Schema/State.fbs describes.
//
// The writer lays everything out front to back at places that follow from the sizes alone, so that a size query costs
// nothing and no builder is needed.
#include "flatbuffer.h"
#include "session.h"

static const char identifier[] = "ELMS";

enum {
  VERSION = 1,
  FINGERPRINT_BYTES = 32,
  // Fields in the schema's order.
  STATE_VERSION = 0,
  STATE_FINGERPRINT,
  STATE_POSITION,
  STATE_TENSORS,
  STATE_TOKENS,
  STATE_LOGITS,
  STATE_RANDOM,
  TENSOR_OUTER = 0,
  TENSOR_ROW_BYTES,
  TENSOR_DATA,
  // Places of the fixed parts: root offset and identifier, vtable and table of State, vtable of StateTensor.
  STATE_VTABLE = 8, // 4 + 7 fields x 2 = 18 bytes
  STATE_TABLE = 32, // 8-aligned for `random`
  STATE_TABLE_BYTES = 40,
  TENSOR_VTABLE = 72, // 4 + 3 fields x 2 = 10 bytes
  TENSOR_TABLE_BYTES = 16,
  FINGERPRINT_AT = 84,
};

// Where the variable parts begin; all are vectors but `tables`.
typedef struct {
  uint64_t tokens, tensors, logits, tables, data, end;
} layout;

static uint64_t round_up(uint64_t x) {
  return (x + 3) / 4 * 4;
}

static uint64_t data_bytes(const edgelm_state *state, uint32_t position) {
  return (uint64_t)state->outer * position * state->row_bytes;
}

static layout layout_of(const edgelm_context *context) {
  const edgelm_descriptor *model = context->model;
  const edgelm_state *states = model->states;
  layout l;
  l.tokens = FINGERPRINT_AT + 4 + FINGERPRINT_BYTES;
  l.tensors = l.tokens + 4 + 4 * (uint64_t)context->position;
  l.logits = l.tensors + 4 + 4 * (uint64_t)model->state_count;
  l.tables = l.logits + (context->has_logits ? 4 + 4 * (uint64_t)model->vocab : 0);
  l.data = l.tables + (uint64_t)TENSOR_TABLE_BYTES * model->state_count;
  l.end = l.data;
  for (uint32_t i = 0; i < model->state_count; ++i)
    l.end += 4 + round_up(data_bytes(&states[i], context->position));
  return l;
}

static void put16(uint8_t *p, uint32_t value) {
  p[0] = (uint8_t)value;
  p[1] = (uint8_t)(value >> 8);
}

static void put32(uint8_t *p, uint64_t value) {
  put16(p, (uint32_t)value);
  put16(p + 2, (uint32_t)(value >> 16));
}

// The offset field at `from` points to `to`.
static void put_offset(uint8_t *buffer, uint64_t from, uint64_t to) {
  put32(buffer + from, to - from);
}

static void put_vector(uint8_t *buffer, uint64_t at, const void *elements, size_t count, size_t element_bytes) {
  put32(buffer + at, count);
  memcpy(buffer + at + 4, elements, count * element_bytes);
}

// Everything before the variable parts.
static void put_head(uint8_t *buffer, const edgelm_context *context, const layout *l) {
  static const uint8_t state_fields[] = {4, 8, 12, 16, 20, 24, 32}, tensor_fields[] = {4, 8, 12};
  memset(buffer, 0, FINGERPRINT_AT);
  put_offset(buffer, 0, STATE_TABLE);
  memcpy(buffer + 4, identifier, 4);

  put16(buffer + STATE_VTABLE, 4 + 2 * sizeof state_fields);
  put16(buffer + STATE_VTABLE + 2, STATE_TABLE_BYTES);
  for (uint32_t i = 0; i < sizeof state_fields; ++i)
    put16(buffer + STATE_VTABLE + 4 + 2 * i, i == STATE_LOGITS && !context->has_logits ? 0 : state_fields[i]);
  put16(buffer + TENSOR_VTABLE, 4 + 2 * sizeof tensor_fields);
  put16(buffer + TENSOR_VTABLE + 2, TENSOR_TABLE_BYTES);
  for (uint32_t i = 0; i < sizeof tensor_fields; ++i)
    put16(buffer + TENSOR_VTABLE + 4 + 2 * i, tensor_fields[i]);

  uint8_t *table = buffer + STATE_TABLE;
  put32(table, STATE_TABLE - STATE_VTABLE);
  put32(table + state_fields[STATE_VERSION], VERSION);
  put_offset(buffer, STATE_TABLE + state_fields[STATE_FINGERPRINT], FINGERPRINT_AT);
  put32(table + state_fields[STATE_POSITION], context->position);
  put_offset(buffer, STATE_TABLE + state_fields[STATE_TENSORS], l->tensors);
  put_offset(buffer, STATE_TABLE + state_fields[STATE_TOKENS], l->tokens);
  if (context->has_logits)
    put_offset(buffer, STATE_TABLE + state_fields[STATE_LOGITS], l->logits);
  put32(table + state_fields[STATE_RANDOM], context->random);
  put32(table + state_fields[STATE_RANDOM] + 4, context->random >> 32);
}

// Table and rows of each state; the rows of one head are contiguous in the arena.
static void put_states(uint8_t *buffer, const edgelm_context *context, const layout *l) {
  const edgelm_state *states = context->model->states;
  uint64_t data = l->data;
  put32(buffer + l->tensors, context->model->state_count);
  for (uint32_t i = 0; i < context->model->state_count; ++i) {
    const edgelm_state *state = &states[i];
    uint64_t table = l->tables + (uint64_t)TENSOR_TABLE_BYTES * i;
    put_offset(buffer, l->tensors + 4 + 4 * (uint64_t)i, table);
    put32(buffer + table, table - TENSOR_VTABLE);
    put32(buffer + table + 4, state->outer);
    put32(buffer + table + 8, state->row_bytes);
    put_offset(buffer, table + 12, data);
    uint64_t bytes = data_bytes(state, context->position);
    put32(buffer + data, bytes);
    size_t saved = context->position * state->row_bytes;
    for (size_t head = 0; head < state->outer; ++head)
      memcpy(buffer + data + 4 + head * saved, context->arena + state->offset + head * state->rows * state->row_bytes,
             saved);
    memset(buffer + data + 4 + bytes, 0, (size_t)(round_up(bytes) - bytes));
    data += 4 + round_up(bytes);
  }
}

edgelm_status edgelm_rt_save(const edgelm_session *session, void *buffer, size_t capacity, size_t *bytes) {
  edgelm_context *context = context_of((edgelm_session *)(uintptr_t)session); // nothing in it is written
  const edgelm_descriptor *model = context->model;
  if (!bytes || (!buffer && capacity))
    return EDGELM_INVALID_ARGUMENT;
  if (!model->decode)
    return EDGELM_UNSUPPORTED;
  layout l = layout_of(context);
  if (l.end > INT32_MAX)
    return EDGELM_UNSUPPORTED;
  *bytes = (size_t)l.end;
  if (capacity < l.end)
    return EDGELM_BUFFER_TOO_SMALL;
  uint8_t *to = buffer;
  put_head(to, context, &l);
  put_vector(to, FINGERPRINT_AT, model->fingerprint, FINGERPRINT_BYTES, 1);
  put_vector(to, l.tokens, history_of(context), context->position, 4);
  if (context->has_logits)
    put_vector(to, l.logits, logits_of(context), model->vocab, 4);
  put_states(to, context, &l);
  return EDGELM_OK;
}

// What a saved session says, all of it checked against the model.
typedef struct {
  uint32_t position;
  uint64_t random;
  flatbuffer_vector tensors, tokens, logits;
} saved;

static edgelm_status check_owner(const edgelm_descriptor *model, const flatbuffer *b, size_t table) {
  const uint8_t *own = model->fingerprint;
  uint32_t version;
  flatbuffer_vector fingerprint;
  if (!edgelm_rt_fb_u32(b, table, STATE_VERSION, &version))
    return EDGELM_CORRUPT_STATE;
  if (version != VERSION)
    return EDGELM_WRONG_VERSION;
  if (!edgelm_rt_fb_vector(b, table, STATE_FINGERPRINT, 1, &fingerprint) || fingerprint.count != FINGERPRINT_BYTES)
    return EDGELM_CORRUPT_STATE;
  for (size_t i = 0; i < FINGERPRINT_BYTES; ++i)
    if (b->bytes[fingerprint.position + i] != own[i])
      return EDGELM_WRONG_MODEL;
  return EDGELM_OK;
}

static int read_fields(const edgelm_descriptor *model, const flatbuffer *b, size_t table, saved *s) {
  if (!edgelm_rt_fb_u32(b, table, STATE_POSITION, &s->position) ||
      !edgelm_rt_fb_u64(b, table, STATE_RANDOM, &s->random) ||
      !edgelm_rt_fb_vector(b, table, STATE_TENSORS, 4, &s->tensors) ||
      !edgelm_rt_fb_vector(b, table, STATE_TOKENS, 4, &s->tokens) ||
      !edgelm_rt_fb_vector(b, table, STATE_LOGITS, 4, &s->logits))
    return 0;
  if (s->position > model->context || s->tokens.count != s->position || s->tensors.count != model->state_count ||
      (s->logits.present && s->logits.count != model->vocab))
    return 0;
  for (size_t i = 0; i < s->tokens.count; ++i)
    if (edgelm_rt_get32(b->bytes + s->tokens.position + 4 * i) >= model->vocab)
      return 0;
  return 1;
}

// The rows of state `i`, when they have the model's shape.
static int read_rows(const edgelm_state *state, const flatbuffer *b, const saved *s, uint32_t i,
                     flatbuffer_vector *rows) {
  size_t table;
  uint32_t outer, row_bytes;
  return edgelm_rt_fb_table_at(b, &s->tensors, i, &table) && edgelm_rt_fb_u32(b, table, TENSOR_OUTER, &outer) &&
         edgelm_rt_fb_u32(b, table, TENSOR_ROW_BYTES, &row_bytes) &&
         edgelm_rt_fb_vector(b, table, TENSOR_DATA, 1, rows) && outer == state->outer &&
         row_bytes == state->row_bytes && rows->count == data_bytes(state, s->position);
}

edgelm_status edgelm_rt_restore(edgelm_session *session, const void *bytes, size_t count) {
  edgelm_context *context = context_of(session);
  const edgelm_descriptor *model = context->model;
  const edgelm_state *states = model->states;
  if (!bytes)
    return EDGELM_INVALID_ARGUMENT;
  if (!model->decode)
    return EDGELM_UNSUPPORTED;
  flatbuffer b = {bytes, count};
  size_t table;
  if (!edgelm_rt_fb_root(&b, identifier, &table))
    return EDGELM_CORRUPT_STATE;
  edgelm_status status = check_owner(model, &b, table);
  if (status)
    return status;
  saved s;
  flatbuffer_vector rows;
  if (!read_fields(model, &b, table, &s))
    return EDGELM_CORRUPT_STATE;
  for (uint32_t i = 0; i < model->state_count; ++i)
    if (!read_rows(&states[i], &b, &s, i, &rows))
      return EDGELM_CORRUPT_STATE;

  // From here on nothing can fail.
  for (uint32_t i = 0; i < model->state_count; ++i) {
    const edgelm_state *state = &states[i];
    read_rows(state, &b, &s, i, &rows);
    size_t from = s.position * state->row_bytes;
    for (size_t head = 0; head < state->outer; ++head)
      memcpy(context->arena + state->offset + head * state->rows * state->row_bytes,
             b.bytes + rows.position + head * from, from);
  }
  memcpy(history_of(context), b.bytes + s.tokens.position, s.tokens.count * 4);
  if (s.logits.present)
    memcpy(logits_of(context), b.bytes + s.logits.position, s.logits.count * 4);
  context->position = s.position;
  context->has_logits = s.logits.present ? 1 : 0;
  context->random = s.random;
  return EDGELM_OK;
}
