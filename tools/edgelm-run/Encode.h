// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// `edgelm-run -p TEXT` on an encoder: prints its outputs.
#pragma once

#include "Product/Product.h"

#include <string>
#include <vector>

namespace edgelm::tools {

/// Encodes `text`, or `ids` when there are any, and prints each output's name, shape and numbers.
int encode(const Product &product, const std::string &text, std::vector<int32_t> ids, uint32_t threads, bool json);

} // namespace edgelm::tools
