// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The one way in which a tool ends early: a message and an exit status.
#pragma once

#include <stdexcept>
#include <string>

namespace edgelm::tools {

/// Exit statuses of every tool.
enum ExitStatus {
  Done = 0,
  WrongInput = 1,
  Integrity = 3,
  BelowGate = 4,
  NotOnThisTarget = 5,
  DeviceFailure = 6,
  OwnFault = 70
};

/// Ends the tool with `status`; the message is lower-case, without a final period.
class Failure : public std::runtime_error {
public:
  Failure(ExitStatus status, const std::string &message) : std::runtime_error(message), status(status) {}

  const ExitStatus status;
};

} // namespace edgelm::tools
