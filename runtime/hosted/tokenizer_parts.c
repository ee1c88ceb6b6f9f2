// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// All kinds of normalizer and model, for programs that take any tokenizer; the compiler gives a product its own.
#include "../tokenizer_internal.h"

const struct edgelm_tok_parts edgelm_tok_parts = {
#define EDGELM_PART(name, function) [EDGELM_TOKENIZER_NORMALIZE_##name] = function,
    .normalizers = {EDGELM_TOKENIZER_NORMALIZERS(EDGELM_PART)},
#undef EDGELM_PART
#define EDGELM_PART(name, function) [EDGELM_TOKENIZER_MODEL_##name] = function,
    .models = {EDGELM_TOKENIZER_MODELS(EDGELM_PART)},
#undef EDGELM_PART
};
