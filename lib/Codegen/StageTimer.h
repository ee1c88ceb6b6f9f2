// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Prints how long each stage of a compile took and how much memory the process had at most.
#pragma once

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"
#include <chrono>
#include <sys/resource.h>

namespace edgelm {

/// Prints one line to standard error at each `done`, when enabled.
class StageTimer {
public:
  explicit StageTimer(bool enabled) : enabled(enabled), begin(Clock::now()) {}

  /// The stage that began at the last call is over.
  void done(llvm::StringRef stage) {
    Clock::time_point now = Clock::now();
    if (enabled) {
      struct rusage usage;
      getrusage(RUSAGE_SELF, &usage);
      llvm::errs() << llvm::format("%8.3f s  %5ld MB  ", std::chrono::duration<double>(now - begin).count(),
                                   usage.ru_maxrss / 1024)
                   << stage << "\n";
    }
    begin = now;
  }

private:
  using Clock = std::chrono::steady_clock;
  bool enabled;
  Clock::time_point begin;
};

} // namespace edgelm
