// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// posix_spawn, pipes and a socket pair.
#include "Product/Process.h"
#include "Product/Failure.h"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <spawn.h>
#include <sstream>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

using namespace edgelm::tools;
namespace fs = std::filesystem;

Words edgelm::tools::splitWords(const std::string &text) {
  std::istringstream stream(text);
  Words words;
  for (std::string word; stream >> word;)
    words.push_back(word);
  return words;
}

std::string edgelm::tools::joinWords(const Words &words) {
  std::string text;
  for (const std::string &word : words)
    text += (text.empty() ? "" : " ") + word;
  return text;
}

std::string edgelm::tools::findProgram(const std::string &program) {
  const char *path = std::getenv("PATH");
  std::istringstream folders(path ? path : "");
  for (std::string folder; std::getline(folders, folder, ':');)
    if (const fs::path found = fs::path(folder) / program; access(found.c_str(), X_OK) == 0)
      return found;
  return "";
}

/// Starts `command` with `input` and `output` as its standard files; `errors` -1 is this program's own.
static pid_t start(const Words &command, int input, int output, int errors) {
  std::vector<char *> argv;
  for (const std::string &word : command)
    argv.push_back(const_cast<char *>(word.c_str()));
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  if (errors >= 0)
    posix_spawn_file_actions_adddup2(&actions, errors, STDERR_FILENO);
  pid_t process = -1;
  const int failure = posix_spawnp(&process, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failure)
    throw Failure(DeviceFailure, "cannot start " + command[0] + ": " + std::strerror(failure));
  return process;
}

static int waitFor(pid_t process) {
  int status = 0;
  while (waitpid(process, &status, 0) < 0 && errno == EINTR)
    ;
  return status;
}

Finished edgelm::tools::runToEnd(const Words &command) {
  int ends[2], nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (nothing < 0 || pipe2(ends, O_CLOEXEC))
    throw Failure(DeviceFailure, std::string("cannot make a pipe: ") + std::strerror(errno));
  const pid_t process = start(command, nothing, ends[1], ends[1]);
  close(nothing);
  close(ends[1]);
  Finished finished = {};
  std::array<char, 4096> buffer;
  for (ssize_t got; (got = read(ends[0], buffer.data(), buffer.size())) > 0;)
    finished.output.append(buffer.data(), size_t(got));
  close(ends[0]);
  const int status = waitFor(process);
  finished.succeeded = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  return finished;
}

TemporaryFolder::TemporaryFolder() {
  std::string pattern = fs::temp_directory_path() / "edgelm-run-XXXXXX";
  if (!mkdtemp(pattern.data()))
    throw Failure(DeviceFailure,
                  "cannot make a folder in " + fs::temp_directory_path().string() + ": " + std::strerror(errno));
  folder = pattern;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  fs::remove_all(folder, ignored);
}

Partner::Partner(const Words &command) : program(command[0]) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
    throw Failure(DeviceFailure, std::string("cannot make a socket: ") + std::strerror(errno));
  connection = ends[0];
  process = start(command, ends[1], ends[1], -1);
  close(ends[1]);
}

Partner::~Partner() {
  close(connection); // the end of its input ends the program
  if (process > 0)
    waitFor(process);
}

void Partner::ended() {
  const int status = waitFor(process);
  process = -1;
  throw Failure(DeviceFailure, program + " ended in the middle of a call, with " +
                                   (WIFSIGNALED(status) ? "signal " + std::to_string(WTERMSIG(status))
                                                        : "status " + std::to_string(WEXITSTATUS(status))));
}

void Partner::send(const void *from, size_t bytes) {
  for (const char *at = static_cast<const char *>(from), *end = at + bytes; at != end;) {
    const ssize_t sent = ::send(connection, at, size_t(end - at), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR)
      continue;
    if (sent <= 0)
      ended();
    at += sent;
  }
}

void Partner::receive(void *to, size_t bytes) {
  for (char *at = static_cast<char *>(to), *end = at + bytes; at != end;) {
    const ssize_t got = recv(connection, at, size_t(end - at), 0);
    if (got < 0 && errno == EINTR)
      continue;
    if (got <= 0)
      ended();
    at += got;
  }
}
