// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A file mapped for reading whose pages can be given back.
#pragma once

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <cstdint>
#include <string>

namespace edgelm {

/// Read-only mapping of a whole file. Moves, does not copy.
class MappedFile {
public:
  /// Maps `path`; `shownAs` names it in the error.
  static llvm::Expected<MappedFile> open(const std::string &path, llvm::StringRef shownAs);

  MappedFile(MappedFile &&other) noexcept : data(other.data), size(other.size) {
    other.data = nullptr;
    other.size = 0;
  }
  MappedFile &operator=(MappedFile &&other) = delete;
  ~MappedFile();

  llvm::StringRef bytes() const { return {data, size}; }

  /// Tells the system that these bytes are not needed any more: mapped pages count as memory of the process otherwise.
  void release(uint64_t offset, uint64_t length) const;

private:
  MappedFile(const char *data, size_t size) : data(data), size(size) {}

  const char *data;
  size_t size;
};

} // namespace edgelm
