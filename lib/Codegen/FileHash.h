// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// SHA-256 of whole files, in little memory.
#pragma once

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <atomic>
#include <string>

namespace edgelm {

/// A file of the model as it was read.
struct FileHash {
  std::string name; ///< relative to the model's folder
  uint64_t bytes = 0;
  std::string sha256; ///< 64 lower-case hexadecimal digits
};

/// Hashes `directory/name`, giving mapped pages back on the way. The hash is not complete once another thread has set
/// `isCancelled`.
llvm::Expected<FileHash> hashFile(llvm::StringRef directory, llvm::StringRef name,
                                  const std::atomic<bool> &isCancelled);

} // namespace edgelm
