// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Runs the ONNX project's backend tests and compares what becomes of each case with a file.
//
//   backend-test EXPECTATIONS FOLDER [--update] [--filter=TEXT]
//
// FOLDER holds one folder a case. Every case runs in a process of its own, so that a crash is an outcome like others.
#include "BackendRun.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/raw_ostream.h"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace edgelm;

/// What ctest takes for a test that was left out.
static constexpr int kSkipped = 77;
/// No case needs more than a second or two.
static constexpr unsigned kSecondsOfACase = 180;

namespace {
/// A case under way.
struct Running {
  std::string name;
  int output; ///< of the pipe that the outcome comes through
};
} // namespace

static Running start(const std::filesystem::path &folder, pid_t &child) {
  int ends[2];
  if (pipe(ends) != 0) {
    perror("pipe");
    exit(1);
  }
  child = fork();
  if (child == 0) {
    alarm(kSecondsOfACase);
    std::string outcome = backend::outcomeOf(folder.string());
    bool written = write(ends[1], outcome.data(), outcome.size()) == ssize_t(outcome.size());
    _exit(written ? 0 : 1);
  }
  close(ends[1]);
  return {folder.filename().string(), ends[0]};
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

/// The outcome of every case, as many at a time as there are processors.
static std::map<std::string, std::string> runAll(const std::vector<std::filesystem::path> &folders) {
  std::map<std::string, std::string> outcomes;
  std::map<pid_t, Running> running;
  size_t next = 0, atOnce = std::max(1u, std::thread::hardware_concurrency());
  while (next < folders.size() || !running.empty()) {
    while (next < folders.size() && running.size() < atOnce) {
      pid_t child = 0;
      Running started = start(folders[next++], child);
      running[child] = started;
    }
    int status = 0;
    pid_t ended = wait(&status);
    auto found = running.find(ended);
    if (found == running.end())
      continue;
    outcomes[found->second.name] = collect(found->second, status);
    running.erase(found);
  }
  return outcomes;
}

static std::map<std::string, std::string> readExpectations(const std::string &path) {
  std::map<std::string, std::string> expected;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#')
      continue;
    auto [name, outcome] = llvm::StringRef(line).split(' ');
    expected[name.str()] = outcome.str();
  }
  return expected;
}

static void writeExpectations(const std::string &path, const std::map<std::string, std::string> &outcomes) {
  std::ofstream file(path);
  file << "# What becomes of each case; docs/import.md explains the words. Written by backend-test --update.\n";
  for (const auto &[name, outcome] : outcomes)
    file << name << " " << outcome << "\n";
}

/// Prints every difference; returns how many there are.
static int compare(const std::map<std::string, std::string> &outcomes,
                   const std::map<std::string, std::string> &expected, llvm::StringRef filter) {
  int differences = 0;
  auto report = [&](llvm::StringRef name, llvm::StringRef now, llvm::StringRef before) {
    llvm::outs() << name << "\n  now:      " << now << "\n  expected: " << before << "\n";
    ++differences;
  };
  for (const auto &[name, outcome] : outcomes) {
    auto found = expected.find(name);
    llvm::StringRef before = found == expected.end() ? llvm::StringRef("nothing") : found->second;
    if (before != outcome || llvm::StringRef(outcome).starts_with("WRONG"))
      report(name, outcome, before);
  }
  for (const auto &[name, outcome] : expected)
    if (!outcomes.count(name) && llvm::StringRef(name).contains(filter))
      report(name, "no such case", outcome);
  return differences;
}

int main(int argc, char **argv) {
  std::vector<std::string> names;
  bool update = false;
  llvm::StringRef filter;
  for (int i = 1; i < argc; ++i) {
    llvm::StringRef argument = argv[i];
    if (argument == "--update")
      update = true;
    else if (!argument.consume_front("--filter="))
      names.push_back(argument.str());
    else
      filter = argument;
  }
  if (names.size() != 2) {
    llvm::errs() << "usage: backend-test EXPECTATIONS FOLDER [--update] [--filter=TEXT]\n";
    return 1;
  }
  if (!std::filesystem::is_directory(names[1])) {
    llvm::outs() << names[1] << " is absent: its cases are left out\n";
    return kSkipped;
  }
  std::vector<std::filesystem::path> folders;
  for (const auto &entry : std::filesystem::recursive_directory_iterator(names[1]))
    if (entry.path().filename() == "model.onnx" &&
        llvm::StringRef(entry.path().parent_path().filename().string()).contains(filter))
      folders.push_back(entry.path().parent_path());
  llvm::sort(folders);

  std::map<std::string, std::string> outcomes = runAll(folders);
  std::map<std::string, int> counts;
  for (const auto &[name, outcome] : outcomes)
    ++counts[llvm::StringRef(outcome).split(llvm::StringRef(outcome).starts_with("evaluated") ? ';' : ':').first.str()];
  for (const auto &[kind, count] : counts)
    llvm::outs() << count << " " << kind << "\n";
  if (update)
    writeExpectations(names[0], outcomes);
  int differences = compare(outcomes, readExpectations(names[0]), filter);
  if (differences)
    llvm::outs() << differences << " differences from " << names[0] << "; --update writes it again\n";
  return differences ? 1 : 0;
}
