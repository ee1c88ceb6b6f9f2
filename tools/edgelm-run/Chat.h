// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// `edgelm-run --chat`: a conversation by the model's chat template.
#pragma once

#include "Generate.h"

#include <optional>

namespace edgelm::tools {

/// Replies to the text of `options.prompt`, or, where that is empty, to each line of standard input, until its end. The
/// conversation stays in the session, so that a turn costs what it adds. `system`: a text that says how to reply.
int chat(const Product &product, const GenerateOptions &options, const std::optional<std::string> &system);

} // namespace edgelm::tools
