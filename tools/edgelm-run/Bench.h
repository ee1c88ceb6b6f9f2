// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// `edgelm-run --bench`: tokens per second, memory and open time of a decoder.
#pragma once

#include "Product/Product.h"

#include <string>

namespace edgelm::tools {

/// What is measured: `prefill` tokens at once, then `decode` greedy steps; `repeat` times.
struct BenchOptions {
  uint32_t prefill = 128;
  uint32_t decode = 32;
  uint32_t repeat = 5;
  uint32_t threads = 1;
  bool allLogits = false; ///< the prefill computes the logits of every token
  std::string logitsFile; ///< f32 [prefill, vocab] of the prompt, for comparisons
  bool json = false;
};

/// Prints the medians; `started` is when the product was about to be opened.
int bench(const Product &product, const BenchOptions &options, double started);

} // namespace edgelm::tools
