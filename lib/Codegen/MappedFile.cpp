// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Maps files through mmap.
#include "Codegen/MappedFile.h"
#include "Codegen/CompileError.h"
#include "llvm/Support/MathExtras.h"
#include <cerrno>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace edgelm {

llvm::Expected<MappedFile> MappedFile::open(const std::string &path, llvm::StringRef shownAs) {
  int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat status;
  if (descriptor < 0 || fstat(descriptor, &status) != 0) {
    int reason = errno;
    if (descriptor >= 0)
      close(descriptor);
    return fail(ExitStatus::BadInput,
                "cannot read " + shownAs + ": " + std::error_code(reason, std::generic_category()).message());
  }
  size_t size = status.st_size;
  void *data = size ? mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor, 0) : nullptr;
  close(descriptor);
  if (data == MAP_FAILED)
    return fail(ExitStatus::BadInput, "cannot map " + shownAs);
  return MappedFile(static_cast<const char *>(data), size);
}

MappedFile::~MappedFile() {
  if (data)
    munmap(const_cast<char *>(data), size);
}

void MappedFile::release(uint64_t offset, uint64_t length) const {
  uint64_t page = sysconf(_SC_PAGESIZE);
  uint64_t begin = llvm::alignDown(offset, page), end = std::min<uint64_t>(llvm::alignTo(offset + length, page), size);
  if (begin < end)
    madvise(const_cast<char *>(data) + begin, end - begin, MADV_DONTNEED);
}

} // namespace edgelm
