// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// `edgelm-run --tokenize FOLDER`: the ids of a text, by a tokenizer.json that is compiled on the spot.
#pragma once

#include <string>

namespace edgelm::tools {

/// Reads text on standard input to its end and prints its ids; with `addSpecial` also those that the tokenizer's
/// post-processor adds. `path` is a tokenizer.json or a folder with one.
int tokenize(const std::string &path, bool addSpecial, bool json);

} // namespace edgelm::tools
