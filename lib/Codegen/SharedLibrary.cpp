// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Links the shared library of a product with LLD inside this process.
#include "Codegen/Archive.h"
#include "Codegen/CompileError.h"
#include "Codegen/Linker.h"
#include "Codegen/OutputFile.h"
#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"
#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

using namespace llvm;

namespace edgelm {

static Error cannotWrite(const std::string &path, std::error_code reason) {
  return fail(ExitStatus::BadInput, "cannot write " + path + ": " + StringRef(reason.message()).lower());
}

/// Place of the weights in the linked file: address of their symbol minus address of its section.
static Expected<uint64_t> findHole(const std::string &path, StringRef symbolName) {
  ErrorOr<std::unique_ptr<MemoryBuffer>> buffer =
      MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!buffer)
    return cannotWrite(path, buffer.getError());
  Expected<std::unique_ptr<object::ObjectFile>> file = object::ObjectFile::createObjectFile(**buffer);
  if (!file)
    return file.takeError();
  for (const object::ELFSymbolRef symbol : (*file)->symbols()) {
    Expected<StringRef> name = symbol.getName();
    if (!name)
      return name.takeError();
    if (*name != symbolName)
      continue;
    Expected<object::section_iterator> section = symbol.getSection();
    if (!section)
      return section.takeError();
    object::ELFSectionRef home(**section);
    Expected<uint64_t> address = symbol.getAddress();
    if (!address)
      return address.takeError();
    return home.getOffset() + *address - home.getAddress();
  }
  return fail(ExitStatus::Internal, "the shared library lost the symbol " + symbolName);
}

/// Copies the weights inside the kernel; neither file is mapped.
static Error copyWeights(const std::string &from, uint64_t fromOffset, const std::string &to, uint64_t toOffset,
                         uint64_t bytes) {
  int source = open(from.c_str(), O_RDONLY | O_CLOEXEC);
  int target = open(to.c_str(), O_WRONLY | O_CLOEXEC);
  std::vector<char> buffer(1 << 20);
  int failure = source < 0 || target < 0 ? errno : 0;
  while (!failure && bytes > 0) {
    // Not copy_file_range: it fails across file systems on some kernels, and is not faster here.
    ssize_t got = pread(source, buffer.data(), std::min<uint64_t>(buffer.size(), bytes), fromOffset);
    ssize_t put = got > 0 ? pwrite(target, buffer.data(), got, toOffset) : -1;
    if (put <= 0) {
      failure = got == 0 ? EIO : errno;
      break;
    }
    fromOffset += put;
    toOffset += put;
    bytes -= put;
  }
  if (source >= 0)
    close(source);
  if (target >= 0 && close(target) != 0 && !failure)
    failure = errno;
  if (failure)
    return cannotWrite(to, std::error_code(failure, std::generic_category()));
  return Error::success();
}

Error writeSharedLibrary(const std::string &path, const std::string &name, const ProductObjects &objects) {
  ErrorOr<std::unique_ptr<MemoryBuffer>> code = MemoryBuffer::getFile(objects.code);
  if (!code)
    return fail(ExitStatus::BadInput, "cannot read " + objects.code + ": " + code.getError().message());
  bool hasWeights = !objects.weights.empty();
  std::string placeholder = path + ".weights.o";
  std::string exports = path + ".exports";
  Error error = writeFile(exports, [&](raw_fd_ostream &os) {
    os << "{ global: " << name << "; local: *; };\n";
    return Error::success();
  });
  if (!error && hasWeights)
    error = writeFile(placeholder, [&](raw_fd_ostream &os) {
      return writeWeightPlaceholder(os, (*code)->getBuffer(), objects.section);
    });
  // No --no-undefined: libc's names are resolved by the program that loads the library. No --gc-sections: LLVM has
  // removed what is unused, and the placeholder's one real byte has no user.
  std::vector<std::string> arguments = {"ld.lld",
                                        "-shared",
                                        "--build-id=none",
                                        "-z",
                                        "now",
                                        "-z",
                                        "relro",
                                        "-z",
                                        "noexecstack",
                                        "--hash-style=gnu",
                                        "-soname",
                                        "lib" + name + ".so",
                                        "--version-script=" + exports,
                                        objects.code,
                                        "-o",
                                        path};
  if (hasWeights)
    arguments.push_back(placeholder);
  if (!objects.helpers.empty())
    arguments.push_back(objects.helpers);
  if (!error)
    error = runLinker(arguments, "the shared library");
  sys::fs::remove(placeholder);
  sys::fs::remove(exports);
  if (error || !hasWeights)
    return error;
  Expected<uint64_t> hole = findHole(path, objects.section.symbol);
  if (!hole)
    return hole.takeError();
  return copyWeights(objects.weights, weightPayloadOffset(objects.section), path, *hole, objects.section.bytes);
}

} // namespace edgelm
