// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Starts other programs: to their end, or as a partner that is talked to.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <sys/types.h>
#include <vector>

namespace edgelm::tools {

/// A command and its arguments.
using Words = std::vector<std::string>;

/// The words of `text`, separated by blanks.
Words splitWords(const std::string &text);

/// The words with blanks between them, for messages.
std::string joinWords(const Words &words);

/// Where PATH finds `program`; empty when it does not.
std::string findProgram(const std::string &program);

/// How a program ended, and what it wrote to both its outputs.
struct Finished {
  bool succeeded;
  std::string output;
};
Finished runToEnd(const Words &command);

/// A folder that is removed with all it holds.
class TemporaryFolder {
public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder &) = delete;
  TemporaryFolder &operator=(const TemporaryFolder &) = delete;

  const std::filesystem::path &path() const { return folder; }

private:
  std::filesystem::path folder;
};

/// A running program whose standard input and output are a connection to this one; its end comes with the object's.
class Partner {
public:
  explicit Partner(const Words &command);
  ~Partner();
  Partner(const Partner &) = delete;
  Partner &operator=(const Partner &) = delete;

  /// Throws a Failure that says how the program ended when it does not take or give so many bytes.
  void send(const void *from, size_t bytes);
  void receive(void *to, size_t bytes);

private:
  [[noreturn]] void ended();

  std::string program;
  pid_t process = -1;
  int connection = -1;
};

} // namespace edgelm::tools
