// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// `edgelm-run -p TEXT` on a decoder: continues the text.
#pragma once

#include "Product/Product.h"

#include <string>
#include <vector>

namespace edgelm::tools {

/// How to continue.
struct GenerateOptions {
  std::string prompt;
  std::vector<int32_t> promptIds; ///< instead of the text, for models without a tokenizer
  edgelm_sampling sampling = {};
  uint64_t seed = 0;
  uint32_t tokens = 0;  ///< most tokens to generate; 0: until a stop token or the context's end
  uint32_t context = 0; ///< most tokens in all; 0: the model's
  uint32_t threads = 1;
  bool ignoreStop = false;
  bool json = false;
};

/// Streams the text (or the ids of a model without a tokenizer) to standard output, or prints one JSON object.
int generate(const Product &product, const GenerateOptions &options);

} // namespace edgelm::tools
