// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The C header of a product.
#pragma once

#include "Codegen/ModelInfo.h"
#include <string>
#include <string_view>

namespace edgelm {

/// Text of `<name>.h`: sizes as macros, and the declaration of the descriptor.
std::string headerText(const ModelInfo &info);

/// Text of edgelm.h, which lies beside every product.
std::string_view publicHeaderText();

/// Text of edgelm_map.h, which lies beside a product with a weight file.
std::string_view mapHeaderText();

/// `text` as a C identifier: other characters become underscores. Empty when nothing is left.
std::string toIdentifier(llvm::StringRef text);

} // namespace edgelm
