// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// An error with the exit status that a tool ends with because of it.
#pragma once

#include "llvm/ADT/Twine.h"
#include "llvm/Support/Error.h"
#include <string>

namespace edgelm {

/// Exit statuses that all tools share.
enum class ExitStatus : int {
  Done = 0,
  BadInput = 1,        ///< wrong usage or input
  Integrity = 3,       ///< bytes are not what they claim to be
  OverBudget = 4,      ///< larger than the limits that were given
  NotOnThisTarget = 5, ///< the target cannot do it
  Internal = 70,       ///< our own fault
};

/// One sentence for the user (lower-case, no final period) and the exit status that belongs to it.
class CompileError : public llvm::ErrorInfo<CompileError> {
public:
  static char ID;

  CompileError(ExitStatus status, const llvm::Twine &message) : status(status), message(message.str()) {}

  void log(llvm::raw_ostream &os) const override { os << message; }
  std::error_code convertToErrorCode() const override { return llvm::inconvertibleErrorCode(); }

  const ExitStatus status;
  const std::string message;
};

/// Shorthand for an error of class `status`.
inline llvm::Error fail(ExitStatus status, const llvm::Twine &message) {
  return llvm::make_error<CompileError>(status, message);
}

/// Turns any error into its exit status and its sentence; an error of another class is our own fault. Of several errors
/// the first has the status, and each has a line.
ExitStatus explain(llvm::Error error, std::string &message);

} // namespace edgelm
