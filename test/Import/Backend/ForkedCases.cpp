// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Forks, and collects outcomes through pipes.
#include "ForkedCases.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace edgelm;

/// No case needs more than a second or two.
static constexpr unsigned kSecondsOfACase = 180;

namespace {
/// A case under way.
struct Running {
  size_t index;
  int output; ///< of the pipe that the outcome comes through
};
} // namespace

static Running start(size_t index, const std::function<std::string(size_t)> &outcomeOf, pid_t &child) {
  int ends[2];
  if (pipe(ends) != 0) {
    perror("pipe");
    exit(1);
  }
  child = fork();
  if (child == 0) {
    alarm(kSecondsOfACase);
    std::string outcome = outcomeOf(index);
    bool written = write(ends[1], outcome.data(), outcome.size()) == ssize_t(outcome.size());
    _exit(written ? 0 : 1);
  }
  close(ends[1]);
  return {index, ends[0]};
}

static std::string collect(const Running &running, int status) {
  std::string outcome;
  char buffer[4096];
  for (ssize_t count; (count = read(running.output, buffer, sizeof buffer)) > 0;)
    outcome.append(buffer, count);
  close(running.output);
  if (WIFSIGNALED(status))
    return "WRONG: ended by signal " + std::to_string(WTERMSIG(status));
  if (WEXITSTATUS(status) != 0)
    return "WRONG: ended with status " + std::to_string(WEXITSTATUS(status));
  return outcome;
}

std::vector<std::string> edgelm::outcomesOfForked(size_t count, const std::function<std::string(size_t)> &outcomeOf) {
  std::vector<std::string> outcomes(count);
  std::map<pid_t, Running> running;
  size_t next = 0, atOnce = std::max(1u, std::thread::hardware_concurrency());
  while (next < count || !running.empty()) {
    while (next < count && running.size() < atOnce) {
      pid_t child = 0;
      Running started = start(next++, outcomeOf, child);
      running[child] = started;
    }
    int status = 0;
    pid_t ended = wait(&status);
    auto found = running.find(ended);
    if (found == running.end())
      continue;
    outcomes[found->second.index] = collect(found->second, status);
    running.erase(found);
  }
  return outcomes;
}
