// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Models written by hand as the compiler writes them: descriptors, entries, kernels; small, exact and deterministic.
#pragma once

#include "edgelm_abi.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
  FAKE_VOCAB = 300, // 0 to 255 are bytes, then the tokens below
  FAKE_BOS = 256,
  FAKE_STOP = 257,
  FAKE_WORD = 258, // "na\xc3\xafve"
  FAKE_EURO = 259, // the first two of the three bytes of U+20AC
  FAKE_CONTEXT = 24,
  FAKE_PREFILL = 4,
  FAKE_SCORE = 3,
  FAKE_HEADS = 2,
  FAKE_THREADS = 4,
  FAKE_LONGEST_PIECE = 6,
  FAKE_SESSION_BYTES = 256, // at least edgelm_rt_session_bytes
  FAKE_SEQUENCE = 8,        // of the encoder
};

/// The arena of the decoder.
typedef struct {
  EDGELM_ALIGNED unsigned char session[FAKE_SESSION_BYTES];
  EDGELM_ALIGNED int32_t tokens[FAKE_PREFILL];
  EDGELM_ALIGNED float keys[FAKE_HEADS][FAKE_CONTEXT][2];
  EDGELM_ALIGNED int32_t values[1][FAKE_CONTEXT];
  EDGELM_ALIGNED float logits[FAKE_VOCAB];
  EDGELM_ALIGNED unsigned char sampler[EDGELM_SAMPLER_BYTES(FAKE_VOCAB, FAKE_CONTEXT)];
  EDGELM_ALIGNED unsigned char tokenizer[64];
  EDGELM_ALIGNED char text[EDGELM_TEXT_BYTES(FAKE_LONGEST_PIECE)];
} fake_arena;

/// The arena of the encoder and of the graph without tokens.
typedef struct {
  EDGELM_ALIGNED unsigned char session[FAKE_SESSION_BYTES];
  EDGELM_ALIGNED int32_t tokens[FAKE_SEQUENCE];
  EDGELM_ALIGNED int32_t mask[FAKE_SEQUENCE];
  EDGELM_ALIGNED int32_t types[FAKE_SEQUENCE];
  EDGELM_ALIGNED float a[4];
  EDGELM_ALIGNED float b[4];
  EDGELM_ALIGNED float sums[FAKE_SEQUENCE];
  EDGELM_ALIGNED float products[4];
} fake_graph_arena;

/// A decoder whose logits depend on every token before: see fake_logit.
extern const edgelm_descriptor fake_decoder;
/// Output "sums"[i] = token[i] * mask[i] + 1000 * type[i] for i < n, -1 from n on.
extern const edgelm_descriptor fake_encoder;
/// Outputs "sums" = a + b and "products" = a * b.
extern const edgelm_descriptor fake_invoker;

/// What the decoder's logit of `id` is after tokens [count]; exact in f32.
float fake_logit(const int32_t *tokens, int32_t count, int32_t id);

#ifdef __cplusplus
}
#endif
