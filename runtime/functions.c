// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The function table of a product; the hosted build adds the thread pool.
#include "session.h"

#ifdef EDGELM_HOSTED
#include "hosted/pool.h"
#endif

const struct edgelm_functions edgelm_rt_functions = {
    .describe = edgelm_rt_describe,
    .open = edgelm_rt_open,
    .close = edgelm_rt_close,
    .reset = edgelm_rt_reset,
    .position = edgelm_rt_position,
    .tokenize = edgelm_rt_tokenize,
    .detokenize = edgelm_rt_detokenize,
    .prefill = edgelm_rt_prefill,
    .score = edgelm_rt_score,
    .logits = edgelm_rt_logits,
    .seed = edgelm_rt_seed,
    .sample = edgelm_rt_sample,
    .generate_text = edgelm_rt_generate_text,
    .generate_ids = edgelm_rt_generate_ids,
    .save = edgelm_rt_save,
    .restore = edgelm_rt_restore,
    .encode = edgelm_rt_encode,
    .invoke = edgelm_rt_invoke,
    .output = edgelm_rt_output,
    .chat = edgelm_rt_chat, // the compiler makes it NULL in a product without turns
#ifdef EDGELM_HOSTED
    .pool_bytes = edgelm_rt_pool_bytes,
    .pool_start = edgelm_rt_pool_start,
    .pool_stop = edgelm_rt_pool_stop,
#endif
};
