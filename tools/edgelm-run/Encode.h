// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// `edgelm-run -p TEXT [--pair TEXT]` on an encoder: prints its outputs.
#pragma once

#include "Product/Product.h"

#include <optional>
#include <string>
#include <vector>

namespace edgelm::tools {

/// What an encoder is given.
struct EncoderInput {
  std::string text;
  std::optional<std::string> second; ///< the second text of a pair
  std::vector<int32_t> ids;          ///< instead of texts
};

/// Encodes the input and prints each output's name, shape and numbers.
int encode(const Product &product, const EncoderInput &input, uint32_t threads, bool json);

} // namespace edgelm::tools
