// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The generate loop: prompt, sample, hand out, decode, until a stop token or a limit; text in whole characters.
#include "edgelm_tokenizer.h"
#include "session.h"
#include "utf8.h"

static const char replacement[] = "\xef\xbf\xbd"; // U+FFFD

// The text that was made but not handed out: at most a cut character.
typedef struct {
  const edgelm_generation *settings;
  char *buffer; // [capacity], in the arena
  size_t capacity;
  size_t pending; // bytes of a cut character at its start
} text_stream;

static edgelm_status hand_out(const text_stream *stream, const char *text, size_t bytes) {
  return bytes ? stream->settings->on_text(stream->settings->user, text, bytes) : EDGELM_OK;
}

// Hands out the whole characters among the buffer's first `bytes`, and keeps a cut one for the next call.
static edgelm_status flush(text_stream *stream, size_t bytes) {
  size_t begin = 0, at = 0;
  while (at < bytes) {
    size_t length;
    utf8_kind kind = edgelm_rt_utf8_step(stream->buffer + at, bytes - at, &length);
    if (kind == utf8_cut)
      break;
    if (kind == utf8_broken) {
      edgelm_status status = hand_out(stream, stream->buffer + begin, at - begin);
      if (!status)
        status = hand_out(stream, replacement, sizeof replacement - 1);
      if (status)
        return status;
      begin = at + length;
    }
    at += length;
  }
  edgelm_status status = hand_out(stream, stream->buffer + begin, at - begin);
  stream->pending = bytes - at;
  memmove(stream->buffer, stream->buffer + at, stream->pending);
  return status;
}

static edgelm_status put_token(edgelm_context *context, text_stream *stream, int32_t id, int first) {
  const edgelm_descriptor *model = context->model;
  size_t piece = 0;
  edgelm_status status =
      edgelm_tokenizer_piece(model->tokenizer, model->tokenizer_size, id, stream->buffer + stream->pending,
                             stream->capacity - stream->pending, &piece, first ? EDGELM_FIRST_PIECE : 0);
  return status ? status : flush(stream, stream->pending + piece);
}

// What is still cut when the generation ends can never be completed.
static edgelm_status finish(text_stream *stream) {
  return stream->pending ? hand_out(stream, replacement, sizeof replacement - 1) : EDGELM_OK;
}

static int contains(const int32_t *ids, size_t count, int32_t id) {
  for (size_t i = 0; i < count; ++i)
    if (ids[i] == id)
      return 1;
  return 0;
}

static int is_stop(const edgelm_context *context, const edgelm_generation *settings, int32_t id) {
  if (settings->flags & EDGELM_IGNORE_STOP)
    return 0;
  return contains(context->model->stop_ids, context->model->stop_count, id) ||
         contains(settings->stop_ids, settings->stop_count, id);
}

static uint64_t now(const edgelm_context *context) {
  return context->options.clock ? context->options.clock(context->options.user) : 0;
}

// Samples and appends tokens; the text goes to `stream` unless nobody wants it.
static edgelm_status continue_context(edgelm_context *context, const edgelm_generation *settings, text_stream *stream,
                                      edgelm_result *result) {
  edgelm_session *session = (edgelm_session *)context;
  while (settings->max_tokens == 0 || result->tokens < settings->max_tokens) {
    int32_t id;
    edgelm_status status = edgelm_rt_sample(session, &settings->sampling, &id);
    if (status)
      return status;
    if (is_stop(context, settings, id)) {
      result->stop_id = id;
      break;
    }
    int first = context->position == 0;
    ++result->tokens;
    if (settings->on_id)
      status = settings->on_id(settings->user, id);
    if (!status && stream)
      status = put_token(context, stream, id, first);
    // The token is out, so it belongs to the context even when a callback ends the generation.
    edgelm_status decoded = edgelm_rt_prefill(session, &id, 1);
    if (status || decoded)
      return status ? status : decoded;
  }
  return EDGELM_OK;
}

edgelm_status edgelm_rt_generate_ids(edgelm_session *session, const int32_t *ids, size_t count,
                                     const edgelm_generation *generation, edgelm_result *result) {
  static const edgelm_generation greedy = {0};
  edgelm_context *context = context_of(session);
  const edgelm_descriptor *model = context->model;
  const edgelm_generation *settings = generation ? generation : &greedy;
  edgelm_result unwanted;
  if (!result)
    result = &unwanted;
  *result = (edgelm_result){0};
  result->stop_id = -1;
  if (!model->decode || (settings->on_text && !model->tokenizer))
    return EDGELM_UNSUPPORTED;
  if (!settings->stop_ids && settings->stop_count)
    return EDGELM_INVALID_ARGUMENT;

  uint64_t begin = now(context);
  edgelm_status status = edgelm_rt_prefill(session, ids, count);
  uint64_t prefilled = now(context);
  result->prefill_nanoseconds = prefilled - begin;
  if (status)
    return status;
  result->prompt_tokens = count;

  text_stream stream = {settings, (char *)(context->arena + model->text_offset), model->text_bytes, 0};
  status = continue_context(context, settings, settings->on_text ? &stream : NULL, result);
  if ((status == EDGELM_OK || status == EDGELM_CONTEXT_FULL) && settings->on_text) {
    edgelm_status finished = finish(&stream);
    status = finished ? finished : status;
  }
  result->decode_nanoseconds = now(context) - prefilled;
  return status;
}

edgelm_status edgelm_rt_generate_text(edgelm_session *session, const char *text, size_t bytes,
                                      const edgelm_generation *generation, edgelm_result *result) {
  edgelm_context *context = context_of(session);
  const edgelm_descriptor *model = context->model;
  if (result) {
    *result = (edgelm_result){0};
    result->stop_id = -1;
  }
  if (!model->decode || !model->tokenizer)
    return EDGELM_UNSUPPORTED;
  // The ids go where they will be kept anyway, so that a prompt needs no buffer of its own.
  int32_t *ids = history_of(context) + context->position;
  size_t room = model->context - context->position;
  size_t count = 0;
  uint32_t flags = context->position == 0 ? EDGELM_ADD_SPECIAL : 0;
  edgelm_status status = edgelm_rt_tokenize(session, text, bytes, flags, room ? ids : NULL, room, &count);
  if (status == EDGELM_BUFFER_TOO_SMALL)
    return count > model->context ? EDGELM_PROMPT_TOO_LONG : EDGELM_CONTEXT_FULL;
  if (status)
    return status;
  if (count == 0 && context->position == 0 && model->bos_id != EDGELM_NO_ID) {
    ids[0] = (int32_t)model->bos_id;
    count = 1;
  }
  return edgelm_rt_generate_ids(session, ids, count, generation, result);
}
