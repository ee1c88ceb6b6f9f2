// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Runs the ONNX project's backend tests and compares what becomes of each case with a file.
//
//   backend-test EXPECTATIONS FOLDER [--update] [--filter=TEXT]
//
// FOLDER holds one folder a case. Every case runs in a process of its own, so that a crash is an outcome like others.
#include "BackendRun.h"
#include "ForkedCases.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/raw_ostream.h"

#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

using namespace edgelm;

/// What ctest takes for a test that was left out.
static constexpr int kSkipped = 77;
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

  std::vector<std::string> results =
      outcomesOfForked(folders.size(), [&](size_t index) { return backend::outcomeOf(folders[index].string()); });
  std::map<std::string, std::string> outcomes;
  for (size_t i = 0; i < folders.size(); ++i)
    outcomes[folders[i].filename().string()] = results[i];
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
