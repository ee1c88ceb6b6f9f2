// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A turn of a conversation as the model's chat template writes it, from the steps that the compiler found.
//
// Text between two special tokens is tokenized as one, whether it is the template's or the program's, as if the whole
// conversation were one text; but special tokens are those of the template alone. It is joined in the sampler's memory
// behind the history, which nothing needs between two calls.
#include "edgelm_tokenizer.h"
#include "session.h"
#include "utf8.h"

typedef struct {
  const char *text;
  size_t bytes;
} span;

// Text between two tokens while it is joined.
typedef struct {
  char *text; // [capacity]
  size_t bytes, capacity;
  uint32_t place; // EDGELM_PLACE_* of the tokenizer
} section;

// Ids of the turn so far, in the history.
typedef struct {
  int32_t *ids;
  size_t count, capacity;
} turn_ids;

// Whether a code point is white space: what a template's `trim` takes away.
static int is_space(uint32_t c) {
  return (c >= 0x09 && c <= 0x0d) || (c >= 0x1c && c <= 0x20) || c == 0x85 || c == 0xa0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
}

// Bytes of the white space that `text` [bytes] starts with; 0: it starts with something else.
static size_t space_at(const char *text, size_t bytes) {
  size_t length = 0;
  if (!bytes || edgelm_rt_utf8_step(text, bytes, &length) != utf8_valid || length > 3)
    return 0;
  uint32_t c = (uint8_t)text[0];
  if (length == 2)
    c = (c & 0x1f) << 6 | ((uint8_t)text[1] & 0x3f);
  if (length == 3)
    c = (c & 0xf) << 12 | ((uint8_t)text[1] & 0x3fu) << 6 | ((uint8_t)text[2] & 0x3f);
  return is_space(c) ? length : 0;
}

// `flags`: EDGELM_TRIM_*.
static span trimmed(span text, uint32_t flags) {
  size_t length;
  if (flags & EDGELM_TRIM_START)
    while ((length = space_at(text.text, text.bytes)))
      text.text += length, text.bytes -= length;
  if (flags & EDGELM_TRIM_END) {
    size_t end = text.bytes;
    while (end) {
      size_t begin = end - 1;
      while (begin && end - begin < 3 && ((uint8_t)text.text[begin] & 0xc0) == 0x80)
        --begin;
      if (space_at(text.text + begin, end - begin) != end - begin)
        break;
      end = begin;
    }
    text.bytes = end;
  }
  return text;
}

static int is_blank(span text) {
  return trimmed(text, EDGELM_TRIM_START).bytes == 0;
}

static edgelm_status join(section *open, span part) {
  if (part.bytes > open->capacity - open->bytes)
    return EDGELM_PROMPT_TOO_LONG;
  if (part.bytes)
    memcpy(open->text + open->bytes, part.text, part.bytes);
  open->bytes += part.bytes;
  return EDGELM_OK;
}

// Ends the section; `count` goes on where there is no room, so that it says how much is needed.
static edgelm_status tokenize(const edgelm_context *context, section *open, turn_ids *out) {
  const edgelm_descriptor *model = context->model;
  const size_t room = out->count < out->capacity ? out->capacity - out->count : 0;
  size_t count = 0;
  edgelm_status status = EDGELM_OK;
  if (open->bytes)
    status = edgelm_tokenizer_encode_section(
        model->tokenizer, model->tokenizer_size, open->text, open->bytes, room ? out->ids + out->count : NULL, room,
        &count, context->arena + model->tokenizer_offset, model->tokenizer_bytes, EDGELM_PLAIN_TEXT, open->place);
  out->count += count;
  open->bytes = 0;
  open->place = EDGELM_PLACE_AFTER_TOKEN;
  return status == EDGELM_BUFFER_TOO_SMALL ? EDGELM_OK : status;
}

static edgelm_status take_steps(const edgelm_context *context, const edgelm_turn *turn, const span slots[2],
                                section *open, turn_ids *out) {
  const char *text = turn->text;
  for (const uint32_t *step = turn->steps;; ++step) {
    const uint32_t kind = EDGELM_STEP_KIND(*step), value = EDGELM_STEP_VALUE(*step);
    edgelm_status status;
    if (kind == EDGELM_STEP_END)
      return tokenize(context, open, out);
    if (kind == EDGELM_STEP_TOKEN) {
      status = tokenize(context, open, out);
      if (out->count < out->capacity)
        out->ids[out->count] = (int32_t)value;
      ++out->count;
    } else if (kind == EDGELM_STEP_TEXT) {
      status = join(open, (span){text, value});
      text += value;
    } else {
      status = join(open, trimmed(slots[kind == EDGELM_STEP_SYSTEM], value));
    }
    if (status)
      return status;
  }
}

edgelm_status edgelm_rt_chat(edgelm_session *session, const char *system, size_t system_bytes, const char *text,
                             size_t bytes) {
  edgelm_context *context = context_of(session);
  const edgelm_descriptor *model = context->model;
  const span slots[2] = {{text, bytes}, {system, system_bytes}};
  const uint32_t which = context->position ? EDGELM_TURN_NEXT : system ? EDGELM_TURN_SYSTEM : EDGELM_TURN_FIRST;
  if ((!text && bytes) || (!system && system_bytes) || (system && context->position))
    return EDGELM_INVALID_ARGUMENT;
  if (!model->decode || !edgelm_rt_turns[which].steps)
    return EDGELM_UNSUPPORTED;
  if (is_blank(slots[0]) || (system && is_blank(slots[1])))
    return EDGELM_INVALID_TEXT;

  const size_t history_bytes = (size_t)model->context * sizeof(int32_t);
  section open = {(char *)history_of(context) + history_bytes, 0,
                  EDGELM_SAMPLER_BYTES((size_t)model->vocab, (size_t)model->context) - history_bytes,
                  context->position ? EDGELM_PLACE_INSIDE : EDGELM_PLACE_START};
  turn_ids out = {history_of(context) + context->position, 0, model->context - context->position};
  edgelm_status status = take_steps(context, &edgelm_rt_turns[which], slots, &open, &out);
  if (status)
    return status;
  if (out.count > out.capacity)
    return out.count > model->context ? EDGELM_PROMPT_TOO_LONG : EDGELM_CONTEXT_FULL;
  return edgelm_rt_prefill(session, out.ids, out.count);
}
