// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// fork, and a pipe for the words of an error. The caller has one thread left: MLIR's are off.
#include "Codegen/SideBySide.h"
#include "Codegen/CompileError.h"
#include "llvm/Support/raw_ostream.h"

#include <cerrno>
#include <cstring>
#include <deque>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

using namespace llvm;

namespace edgelm {

namespace {
/// A running child.
struct Child {
  size_t task;
  pid_t process;
  int words; ///< the reading end of its pipe
};
} // namespace

[[noreturn]] static void runChild(const std::function<Error()> &task, int words) {
  std::string message;
  const ExitStatus status = explain(task(), message);
  // Shorter than a pipe holds, so that nobody has to read yet.
  message.resize(std::min<size_t>(message.size(), 60000));
  if (write(words, message.data(), message.size()) < 0)
    _exit(static_cast<int>(ExitStatus::Internal));
  outs().flush();
  errs().flush();
  _exit(static_cast<int>(status));
}

static Expected<Child> start(size_t index, const std::function<Error()> &task) {
  int ends[2];
  outs().flush();
  errs().flush();
  if (pipe(ends) != 0)
    return fail(ExitStatus::Internal, Twine("cannot make a pipe: ") + std::strerror(errno));
  const pid_t process = fork();
  if (process == 0) {
    close(ends[0]);
    runChild(task, ends[1]);
  }
  close(ends[1]);
  if (process < 0) {
    close(ends[0]);
    return fail(ExitStatus::BadInput, Twine("cannot start another process: ") + std::strerror(errno));
  }
  return Child{index, process, ends[0]};
}

/// Waits for the end of `child`.
static Error finish(const Child &child) {
  std::string message;
  char buffer[4096];
  for (ssize_t got; (got = read(child.words, buffer, sizeof(buffer))) > 0;)
    message.append(buffer, got);
  close(child.words);
  int status = 0;
  while (waitpid(child.process, &status, 0) < 0 && errno == EINTR)
    ;
  if (!WIFEXITED(status))
    return fail(ExitStatus::Internal, "a compile was ended by signal " + Twine(WTERMSIG(status)));
  if (WEXITSTATUS(status) == 0)
    return Error::success();
  return fail(static_cast<ExitStatus>(WEXITSTATUS(status)), message);
}

Error runSideBySide(ArrayRef<std::function<Error()>> tasks, unsigned jobs) {
  std::deque<Child> running;
  Error all = Error::success();
  auto keep = [&](Error error) { all = joinErrors(std::move(all), std::move(error)); };
  for (size_t i = 0; i < tasks.size() || !running.empty();) {
    if (i < tasks.size() && running.size() < jobs) {
      Expected<Child> child = start(i, tasks[i]);
      ++i;
      if (child)
        running.push_back(*child);
      else
        keep(child.takeError());
      continue;
    }
    // The oldest: errors come in the order of the tasks, which take about as long as each other.
    if (running.empty())
      continue;
    keep(finish(running.front()));
    running.pop_front();
  }
  return all;
}

} // namespace edgelm
