// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The frame of a tool's main function: errors become one line and an exit status.
#pragma once

#include "Product/Failure.h"

#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>

namespace CLI {
class App;
}

namespace edgelm::tools {

/// Parses the command line into what `app` is bound to, then calls `body`. Returns the exit status: a wrong option or
/// a Failure prints one line on standard error, anything else that is thrown is our own fault.
int runTool(CLI::App &app, int argc, char **argv, const std::function<int()> &body);

/// The bytes of a file; throws a Failure when it cannot be read.
std::string readFile(const std::filesystem::path &path);

/// Prints one JSON object; bytes that are not UTF-8 are replaced.
void printJson(const nlohmann::ordered_json &object);

} // namespace edgelm::tools
