// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Takes a CompileError apart for the tools.
#include "Codegen/CompileError.h"

namespace edgelm {

char CompileError::ID;

ExitStatus explain(llvm::Error error, std::string &message) {
  ExitStatus status = ExitStatus::Done;
  llvm::handleAllErrors(
      std::move(error),
      [&](const CompileError &known) {
        status = known.status;
        message = known.message;
      },
      [&](const llvm::ErrorInfoBase &other) {
        status = ExitStatus::Internal;
        message = other.message();
      });
  return status;
}

} // namespace edgelm
