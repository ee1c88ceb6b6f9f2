// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Takes a CompileError apart for the tools.
#include "Codegen/CompileError.h"

namespace edgelm {

char CompileError::ID;

ExitStatus explain(llvm::Error error, std::string &message) {
  ExitStatus first = ExitStatus::Done;
  auto add = [&](ExitStatus status, const std::string &sentence) {
    if (first == ExitStatus::Done)
      first = status;
    message += (message.empty() ? "" : "\n") + sentence;
  };
  llvm::handleAllErrors(
      std::move(error), [&](const CompileError &known) { add(known.status, known.message); },
      [&](const llvm::ErrorInfoBase &other) { add(ExitStatus::Internal, other.message()); });
  return first;
}

} // namespace edgelm
