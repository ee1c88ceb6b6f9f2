// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What was done to a model, as JSON for tools and as a few lines for people.
#pragma once

#include "Codegen/CompileOptions.h"
#include "Codegen/FileHash.h"
#include "Codegen/ModelInfo.h"
#include <string>
#include <vector>

namespace edgelm {

/// Text of `<name>.json`: the same for the same inputs, wherever and whenever it is made.
std::string reportText(const ModelInfo &info, const CompileOptions &options, const std::vector<FileHash> &inputs);

/// A few lines with the sizes that a user decides by.
std::string summaryText(const ModelInfo &info, const CompileOptions &options);

} // namespace edgelm
