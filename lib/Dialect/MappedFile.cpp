// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Maps files and hashes bytes.
#include "Dialect/MappedFile.h"

#include "llvm/ADT/StringExtras.h"
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace edgelm;

std::unique_ptr<MappedFile> MappedFile::open(llvm::StringRef path, std::string &error) {
  int fd = ::open(path.str().c_str(), O_RDONLY | O_CLOEXEC);
  struct stat status = {};
  if (fd < 0 || fstat(fd, &status) != 0) {
    error = std::strerror(errno);
    if (fd >= 0)
      close(fd);
    return nullptr;
  }
  if (!S_ISREG(status.st_mode)) {
    error = "is not a regular file";
    close(fd);
    return nullptr;
  }
  size_t size = status.st_size;
  // An empty mapping is an error to mmap, an empty file is none to us.
  void *data = size ? mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0) : nullptr;
  if (data == MAP_FAILED) {
    error = std::strerror(errno);
    close(fd);
    return nullptr;
  }
  close(fd);
  return std::unique_ptr<MappedFile>(new MappedFile(static_cast<const uint8_t *>(data), size));
}

MappedFile::~MappedFile() {
  if (size)
    munmap(const_cast<uint8_t *>(data), size);
}

void MappedFile::release(llvm::ArrayRef<uint8_t> part) const {
  uintptr_t page = sysconf(_SC_PAGESIZE);
  uintptr_t begin = (reinterpret_cast<uintptr_t>(part.begin()) + page - 1) / page * page;
  uintptr_t end = reinterpret_cast<uintptr_t>(part.end()) / page * page;
  if (begin < end)
    madvise(reinterpret_cast<void *>(begin), end - begin, MADV_DONTNEED);
}

std::string edgelm::sha256(llvm::ArrayRef<uint8_t> bytes) {
  uint8_t digest[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  EVP_Digest(bytes.data(), bytes.size(), digest, &length, EVP_sha256(), nullptr);
  return llvm::toHex(llvm::ArrayRef(digest, length), /*LowerCase=*/true);
}
