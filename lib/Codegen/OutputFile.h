// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Writes files so that a full disk is an error and a folder of results appears whole or not at all.
#pragma once

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <string>
#include <vector>

namespace llvm {
class raw_fd_ostream;
} // namespace llvm

namespace edgelm {

/// Creates `path`, lets `write` fill it and closes it; everything that goes wrong is in the error.
llvm::Error writeFile(const std::string &path, llvm::function_ref<llvm::Error(llvm::raw_fd_ostream &)> write);

/// A folder beside its final place whose files move there by `commit`; without it they are removed, and so are folders
/// that were made for them.
class StagedFolder {
public:
  /// Makes the folder for results that belong into `destination`.
  static llvm::Expected<StagedFolder> create(const std::string &destination);
  StagedFolder(StagedFolder &&other) noexcept;
  StagedFolder &operator=(StagedFolder &&) = delete;
  ~StagedFolder();

  /// Where to write a file of that name.
  std::string path(llvm::StringRef name) const { return stage + "/" + name.str(); }
  /// Moves every file to the destination, over older ones.
  llvm::Error commit();

private:
  StagedFolder() = default;
  std::string destination, stage;
  std::vector<std::string> made; ///< folders that did not exist before, innermost last
};

} // namespace edgelm
