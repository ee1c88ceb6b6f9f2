// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Chooses the next token. Nothing is sorted: top-k and top-p are found by a radix walk over the logits' bits.
//
// Whatever the filters keep is a prefix of the tokens in descending order (ties by ascending id), so it is described
// by its last key and how many ties of that key are in. Probabilities are summed as integers of 40 fractional bits:
// the sums do not depend on order, so that a seed gives the same tokens everywhere.
//
// Filters mostly keep few tokens, so they first look at a shortlist of the likeliest ones. Only when what they keep
// reaches beyond it do they walk over all; the result is the same.
#include "sampler.h"
#include "session.h"

enum { BUCKETS = 256, SHORTLIST = EDGELM_SHORTLIST };

// The sampler's arena buffer; sizes are those of EDGELM_SAMPLER_BYTES.
typedef struct {
  int32_t *history; // [context]
  float *saved;     // [context], logits before the penalty
  uint32_t *seen;   // [ceil(vocab / 32)], bit per token
  uint64_t *sums;   // [BUCKETS]
  float *logits;    // [SHORTLIST]
  int32_t *ids;     // [SHORTLIST]
} scratch;

// The tokens that are still in the running: the vocabulary or a shortlist, ascending by id.
typedef struct {
  const float *logits; // [count]
  const int32_t *ids;  // [count], NULL: the index is the id
  uint32_t count;
  uint32_t last_key; // keys above are in, and the first `ties` tokens of this key
  uint32_t ties;     //
  float max;         // of the logits
  float min_p;       // probability relative to the likeliest token's
  float least;       // tokens outside of a shortlist are below this logit
  uint64_t rest;     // sum of the probabilities of the tokens outside of a shortlist that the filters did not cut off
} candidates;

static scratch scratch_of(edgelm_context *context) {
  const edgelm_descriptor *model = context->model;
  scratch s;
  s.history = history_of(context);
  s.saved = (float *)(s.history + model->context);
  s.seen = (uint32_t *)(s.saved + model->context);
  uintptr_t end = (uintptr_t)(s.seen + (model->vocab + 31) / 32);
  s.sums = (uint64_t *)((end + 7) / 8 * 8);
  s.logits = (float *)(s.sums + BUCKETS);
  s.ids = (int32_t *)(s.logits + SHORTLIST);
  return s;
}

static uint32_t bits_of(float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

// Unsigned order of keys is the order of the floats; NaN counts as minus infinity, both zeros are one.
static uint32_t key_of(float x) {
  uint32_t bits = bits_of(x + 0.0f);
  if ((bits & 0x7fffffffu) > 0x7f800000u)
    bits = 0xff800000u;
  return bits >> 31 ? ~bits : bits | 0x80000000u;
}

float edgelm_rt_exp(float x) {
  const float clamped = x > -87.0f ? x : -87.0f; // without a branch, so that loops over it become vectors
  const int is_zero = !(x > -87.0f);
  x = clamped;
  // x = n ln 2 + r with |r| <= ln 2 / 2; ln 2 in two parts keeps r exact (Cody and Waite).
  int32_t n = (int32_t)(x * 1.44269504f - 0.5f);
  float r = (x - (float)n * 0.693359375f) - (float)n * -2.12194440e-4f;
  // Minimax polynomial of e^r, Cephes expf.c.
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  uint32_t scale = (uint32_t)(n + 127) << 23;
  float power;
  memcpy(&power, &scale, sizeof power);
  return is_zero ? 0.0f : p * power;
}

uint64_t edgelm_rt_random(uint64_t *state) {
  uint64_t z = *state += 0x9e3779b97f4a7c15u;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
  z = (z ^ z >> 27) * 0x94d049bb133111ebu;
  return z ^ z >> 31;
}

edgelm_status edgelm_rt_seed(edgelm_session *session, uint64_t seed) {
  context_of(session)->random = seed;
  return EDGELM_OK;
}

// floor(p * 2^40) for p in [0, 1], by shifting the mantissa: 32-bit targets have no such conversion.
static uint64_t fixed_of(float p) {
  uint32_t bits = bits_of(p);
  uint32_t exponent = bits >> 23; // 127 for 1
  uint64_t mantissa = (bits & 0x7fffffu) | 0x800000u;
  uint64_t wide = mantissa << 17; // for 1: 2^23 becomes 2^40
  uint32_t shift = 127 - exponent;
  return shift < 64 ? wide >> shift : 0;
}

// floor(a * b / 2^64)
static uint64_t multiply_high(uint64_t a, uint64_t b) {
  uint64_t al = (uint32_t)a, ah = a >> 32, bl = (uint32_t)b, bh = b >> 32;
  uint64_t middle = (al * bl >> 32) + (uint32_t)(ah * bl) + al * bh;
  return ah * bh + (ah * bl >> 32) + (middle >> 32);
}

// Whether a token of this key is in; `*ties` counts those of the last key that were let in before.
static int is_in(const candidates *c, uint32_t key, uint32_t *ties) {
  if (key != c->last_key)
    return key > c->last_key;
  return (*ties)++ < c->ties;
}

// Keeps the shortest prefix whose weight reaches `target`: a number of tokens, or (relative) a part of the sum of
// their probabilities in 1/2^24. Returns 0, with nothing changed, when it goes beyond the shortlist.
static int keep_prefix(candidates *c, uint64_t *sums, uint64_t target, int relative) {
  uint32_t prefix = 0, mask = 0;
  for (int shift = 24; shift >= 0; shift -= 8) {
    memset(sums, 0, BUCKETS * sizeof *sums);
    uint32_t ties = 0;
    for (uint32_t i = 0; i < c->count; ++i) {
      uint32_t key = key_of(c->logits[i]);
      if (!is_in(c, key, &ties) || (key & mask) != prefix)
        continue;
      sums[key >> shift & 0xff] += relative ? fixed_of(edgelm_rt_exp(c->logits[i] - c->max)) : 1;
    }
    if (shift == 24) {
      uint64_t here = 0;
      for (int i = 0; i < BUCKETS; ++i)
        here += sums[i];
      if (relative) {
        uint64_t total = here + c->rest;
        target = (total >> 24) * target + ((total & 0xffffff) * target >> 24);
        target = target ? target : 1;
      }
      if (target > here)
        return 0;
    }
    // The bucket in which the sum reaches the target.
    uint32_t bucket = BUCKETS - 1;
    while (bucket && sums[bucket] < target)
      target -= sums[bucket--];
    prefix |= bucket << shift;
    mask |= 0xffu << shift;
  }
  // All tokens of this key weigh the same.
  uint32_t bits = prefix >> 31 ? prefix & 0x7fffffffu : ~prefix;
  float logit;
  memcpy(&logit, &bits, sizeof logit);
  uint64_t weight = relative ? fixed_of(edgelm_rt_exp(logit - c->max)) : 1;
  uint32_t ties = 1;
  for (uint64_t sum = weight; weight && sum < target; sum += weight)
    ++ties;
  c->last_key = prefix;
  c->ties = ties;
  return 1;
}

// Applies the filters; 0 when what they keep goes beyond the shortlist.
static int filter(candidates *c, uint64_t *sums, const edgelm_sampling *sampling, uint32_t vocab) {
  int bounded = c->count == vocab;
  if (sampling->top_k > 0 && sampling->top_k < vocab) {
    if (!keep_prefix(c, sums, sampling->top_k, 0))
      return 0;
    bounded = 1;
  }
  if (sampling->top_p > 0 && sampling->top_p < 1) {
    if (!keep_prefix(c, sums, (uint64_t)(uint32_t)(sampling->top_p * 16777216.0f), 1))
      return 0;
    bounded = 1;
  }
  // Twice its error away, the approximation of e^x cannot mistake the order.
  return bounded || edgelm_rt_exp(c->least - c->max) < 0.999f * c->min_p;
}

// The sum of the probabilities of tokens [count].
static uint64_t sum_of(const float *logits, uint32_t count, float max, float temperature) {
  uint64_t sum = 0;
  for (uint32_t i = 0; i < count; ++i)
    sum += fixed_of(edgelm_rt_exp((logits[i] - max) / temperature));
  return sum;
}

// Makes `list` the likeliest tokens of `all`: all at or above some logit, some of which are so many as fit.
// 0 when there is no such logit that keeps enough.
static int shortlist(const candidates *all, const scratch *s, const edgelm_sampling *sampling, candidates *list) {
  const uint32_t enough = sampling->top_k > 0 && sampling->top_k <= SHORTLIST ? sampling->top_k : SHORTLIST / 4;
  float low = 0, width = 16, high = 1024; // the list is to reach down to max - width; too few at low, too many at high
  uint32_t count = 0;
  for (int step = 0; step < 16; ++step) {
    const float least = all->max - width;
    count = 0;
    for (uint32_t id = 0; id < all->count; ++id)
      count += all->logits[id] >= least;
    if (count >= enough && count <= SHORTLIST)
      break;
    if (count > SHORTLIST)
      high = width;
    else
      low = width;
    width = (low + high) / 2;
  }
  if (count < enough || count > SHORTLIST)
    return 0;
  *list = *all;
  list->least = all->max - width;
  list->logits = s->logits;
  list->ids = s->ids;
  list->count = 0;
  for (uint32_t id = 0; id < all->count; ++id)
    if (all->logits[id] >= list->least) {
      s->logits[list->count] = all->logits[id];
      s->ids[list->count++] = (int32_t)id;
    }
  return 1;
}

// The weight with which a token is drawn; 0 when it is out. The likeliest token's is 2^40.
static uint64_t weight_of(const candidates *c, uint32_t i, float temperature, uint32_t *ties) {
  float below = c->logits[i] - c->max;
  if (!is_in(c, key_of(c->logits[i]), ties) || (c->min_p > 0 && edgelm_rt_exp(below) < c->min_p))
    return 0;
  return fixed_of(edgelm_rt_exp(below / temperature));
}

// Draws a token with the probabilities that the temperature gives those that are in.
static int32_t draw(const candidates *c, uint64_t *sums, float temperature, uint64_t random) {
  const int whole = c->last_key == 0 && !(c->min_p > 0);
  const uint32_t block = (c->count + BUCKETS - 1) / BUCKETS;
  uint64_t total = 0;
  uint32_t ties = 0;
  for (uint32_t b = 0, i = 0; i < c->count; ++b) {
    uint32_t end = c->count - i < block ? c->count : i + block;
    sums[b] = 0;
    if (whole)
      sums[b] = sum_of(c->logits + i, end - i, c->max, temperature), i = end;
    for (; i < end; ++i)
      sums[b] += weight_of(c, i, temperature, &ties);
    total += sums[b];
  }

  uint64_t rest = multiply_high(total, random); // below total
  uint32_t i = 0;
  for (uint32_t b = 0; sums[b] <= rest; ++b)
    rest -= sums[b], i += block;
  // Ties before the chosen block count, too.
  ties = 0;
  for (uint32_t before = 0; before < i && !whole; ++before)
    is_in(c, key_of(c->logits[before]), &ties);
  for (;; ++i) {
    uint64_t weight = weight_of(c, i, temperature, &ties);
    if (rest < weight)
      return c->ids ? c->ids[i] : (int32_t)i;
    rest -= weight;
  }
}

// The first of the largest logits: the largest of each block, which is a loop without branches, then one block.
static uint32_t largest(const float *logits, uint32_t vocab) {
  enum { BLOCK = 256 };
  uint32_t best_key = 0, best = 0;
  for (uint32_t begin = 0; begin < vocab; begin += BLOCK) {
    uint32_t end = vocab - begin < BLOCK ? vocab : begin + BLOCK, key = 0;
    for (uint32_t id = begin; id < end; ++id)
      key = key_of(logits[id]) > key ? key_of(logits[id]) : key;
    if (key > best_key)
      best_key = key, best = begin;
  }
  while (key_of(logits[best]) != best_key)
    ++best;
  return best;
}

// The tokens that the penalty looks at: the last ones of the context.
static const int32_t *window_of(const edgelm_context *context, const scratch *s, const edgelm_sampling *sampling,
                                uint32_t *count) {
  uint32_t wanted = sampling->repeat_last_n ? sampling->repeat_last_n : 64;
  *count = wanted < context->position ? wanted : context->position;
  return s->history + context->position - *count;
}

// Each token of the window is punished once, as in llama.cpp.
static void punish(scratch *s, float *logits, uint32_t vocab, const int32_t *window, uint32_t count, float penalty) {
  memset(s->seen, 0, (vocab + 31) / 32 * sizeof *s->seen);
  for (uint32_t i = 0; i < count; ++i) {
    uint32_t id = (uint32_t)window[i], bit = 1u << id % 32;
    if (s->seen[id / 32] & bit)
      continue;
    s->seen[id / 32] |= bit;
    s->saved[i] = logits[id];
    logits[id] = logits[id] <= 0 ? logits[id] * penalty : logits[id] / penalty;
  }
}

static void unpunish(scratch *s, float *logits, const int32_t *window, uint32_t count) {
  for (uint32_t i = 0; i < count; ++i) {
    uint32_t id = (uint32_t)window[i], bit = 1u << id % 32;
    if (!(s->seen[id / 32] & bit))
      continue;
    s->seen[id / 32] &= ~bit;
    logits[id] = s->saved[i];
  }
}

static int32_t choose(const float *logits, uint32_t vocab, const edgelm_sampling *sampling, const scratch *s,
                      uint64_t *random) {
  uint32_t best = largest(logits, vocab);
  candidates all = {.logits = logits, .count = vocab, .ties = UINT32_MAX, .max = logits[best]};
  all.min_p = sampling->min_p < 1 ? sampling->min_p : 1;
  // Infinite or undefined maxima have no probabilities.
  if (!(sampling->temperature > 0) || all.max - all.max != 0)
    return (int32_t)best;
  const uint64_t number = edgelm_rt_random(random);
  const int top_p = sampling->top_p > 0 && sampling->top_p < 1, top_k = sampling->top_k > 0 && sampling->top_k < vocab;
  candidates few;
  if ((top_k || top_p || all.min_p > 0) && shortlist(&all, s, sampling, &few)) {
    if (top_p && !top_k)
      few.rest = sum_of(logits, vocab, all.max, 1) - sum_of(few.logits, few.count, all.max, 1);
    if (filter(&few, s->sums, sampling, vocab))
      return draw(&few, s->sums, sampling->temperature, number);
  }
  filter(&all, s->sums, sampling, vocab);
  return draw(&all, s->sums, sampling->temperature, number);
}

edgelm_status edgelm_rt_sample(edgelm_session *session, const edgelm_sampling *sampling, int32_t *id) {
  static const edgelm_sampling greedy = {0};
  edgelm_context *context = context_of(session);
  uint32_t vocab = context->model->vocab;
  if (!id)
    return EDGELM_INVALID_ARGUMENT;
  if (!context->model->decode)
    return EDGELM_UNSUPPORTED;
  if (!context->has_logits)
    return EDGELM_NO_LOGITS;
  if (!sampling)
    sampling = &greedy;

  float *logits = logits_of(context);
  if (context->options.on_logits)
    context->options.on_logits(context->options.user, logits, vocab);
  scratch s = scratch_of(context);
  uint32_t count = 0;
  const int32_t *window = s.history;
  if (sampling->repeat_penalty > 0 && sampling->repeat_penalty != 1)
    window = window_of(context, &s, sampling, &count);
  if (count)
    punish(&s, logits, vocab, window, count, sampling->repeat_penalty);
  *id = choose(logits, vocab, sampling, &s, &context->random);
  if (count)
    unpunish(&s, logits, window, count);
  return EDGELM_OK;
}
