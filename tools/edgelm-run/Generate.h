// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// `edgelm-run -p TEXT` on a decoder: continues the text.
#pragma once

#include "Product/Session.h"

#include <span>
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

/// What a generation came to.
struct Reply {
  std::vector<int32_t> ids;
  std::string text;
  edgelm_result result;
};

/// Most tokens of a session; throws a Failure when the product holds fewer than the options say.
size_t contextOf(const edgelm_info &info, const GenerateOptions &options);

/// Appends `prompt` to the context and continues it; streams the text and a newline, unless a JSON object is asked for.
Reply continueWith(const Session &session, std::span<const int32_t> prompt, const GenerateOptions &options);

/// Streams the text (or the ids of a model without a tokenizer) to standard output, or prints one JSON object.
int generate(const Product &product, const GenerateOptions &options);

} // namespace edgelm::tools
