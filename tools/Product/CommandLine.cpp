// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Exit statuses of the tools.
#include "Product/CommandLine.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <new>
#include <sstream>

using namespace edgelm::tools;

static int report(const CLI::App &app, const std::string &message, int status) {
  std::cout.flush();
  std::cerr << app.get_name() << ": error: " << message << '\n';
  return status;
}

int edgelm::tools::runTool(CLI::App &app, int argc, char **argv, const std::function<int()> &body) {
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError &error) {
    if (error.get_exit_code() == 0) // --help, --version
      return app.exit(error);
    return report(app, std::string(error.what()) + "; see " + app.get_name() + " --help", WrongInput);
  }
  try {
    const int status = body();
    if (std::fflush(stdout) || !std::cout.flush())
      return report(app, "cannot write to standard output", WrongInput);
    return status;
  } catch (const Failure &failure) {
    return report(app, failure.what(), failure.status);
  } catch (const std::bad_alloc &) {
    return report(app, "out of memory", WrongInput);
  } catch (const std::filesystem::filesystem_error &error) {
    return report(app, error.path1().string() + ": " + error.code().message(), WrongInput);
  } catch (const std::exception &error) {
    return report(app, std::string("a fault of EdgeLM, please report it with the command line: ") + error.what(),
                  OwnFault);
  }
}

std::string edgelm::tools::readFile(const std::filesystem::path &path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  // A directory opens, but does not read; an empty file sets failbit on `text` alone.
  if (!file || file.bad() || std::filesystem::is_directory(path))
    throw Failure(WrongInput, "cannot read " + path.string());
  return text.str();
}

void edgelm::tools::printJson(const nlohmann::ordered_json &object) {
  std::cout << object.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) << '\n';
}
