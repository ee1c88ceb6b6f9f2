// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The stack that calls of a product take at most: frames of its functions, and who calls whom.
#pragma once

#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/Error.h"
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace edgelm {

/// What is noted while LLVM writes the code of one or more modules, and adds up behind the last.
///
/// A call by a pointer goes to every function of the product that has the call's type and whose address is taken, and
/// to functions that are its arguments; what the program hands in (callbacks) is not known and counts nothing, and
/// neither do functions that the product leaves undefined. Functions that only the table of the interface holds are
/// called from outside.
class StackUse {
public:
  /// A function as the machine's instructions have it.
  struct Frame {
    uint64_t bytes = 0;                 ///< of its own, with what a call pushes
    std::vector<std::string> calls;     ///< functions that are called while the frame is there
    std::vector<std::string> tailCalls; ///< functions that take the frame's place
    std::vector<std::string> types;     ///< of calls by pointer
    bool isBounded = true;              ///< otherwise the frame's size is known only at run time
  };

  /// Notes a function; one of the same name is replaced.
  void note(llvm::StringRef name, Frame frame) { frames[name] = std::move(frame); }
  /// Functions of that type can be called by a pointer.
  void noteAddress(llvm::StringRef type, llvm::StringRef name) { addresses[type].insert(name); }
  /// A function of the interface, which programs call.
  void noteInterface(llvm::StringRef name) { interface.insert(name.str()); }
  /// A function that another one starts on a stack of its own.
  void noteThread(llvm::StringRef name) { threads.insert(name); }

  /// Bytes that a call of any function takes on the caller's stack. A function that calls itself, or a frame without a
  /// bound, is a fault.
  llvm::Expected<uint64_t> onCaller();
  /// The same for each function of the interface, by name.
  llvm::Expected<std::map<std::string, uint64_t>> byFunction();
  /// Bytes that a thread of the product takes on its own; 0: there are none.
  llvm::Expected<uint64_t> onThread();

private:
  llvm::Expected<uint64_t> depth(llvm::StringRef name);

  llvm::StringMap<Frame> frames;
  llvm::StringMap<llvm::StringSet<>> addresses; ///< names by type
  std::set<std::string> interface;
  llvm::StringSet<> threads;
  llvm::StringMap<uint64_t> depths; ///< that are known
  llvm::StringSet<> active;         ///< being added up
};

/// Notes in `use` what code generation writes as long as it lives.
class StackMeter {
public:
  explicit StackMeter(StackUse &use);
  ~StackMeter();

private:
  struct Impl;
  std::unique_ptr<Impl> impl;
};

} // namespace edgelm
