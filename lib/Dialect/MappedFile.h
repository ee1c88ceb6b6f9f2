// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A file mapped for reading.
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include <cstdint>
#include <memory>
#include <string>

namespace edgelm {

/// Read-only, private mapping of a whole file, which lives as long as the object.
class MappedFile {
public:
  /// Maps `path`; on failure returns null and the reason in `error` (the system's words).
  static std::unique_ptr<MappedFile> open(llvm::StringRef path, std::string &error);
  ~MappedFile();
  MappedFile(const MappedFile &) = delete;
  MappedFile &operator=(const MappedFile &) = delete;

  llvm::ArrayRef<uint8_t> bytes() const { return {data, size}; }

  /// Lets the system drop the pages that lie wholly inside `part`; reading them again reads the file.
  void release(llvm::ArrayRef<uint8_t> part) const;

private:
  MappedFile(const uint8_t *data, size_t size) : data(data), size(size) {}
  const uint8_t *data;
  size_t size;
};

/// SHA-256 of `bytes` as 64 hexadecimal digits.
std::string sha256(llvm::ArrayRef<uint8_t> bytes);

} // namespace edgelm
