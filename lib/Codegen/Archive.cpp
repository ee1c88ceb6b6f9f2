// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Writes the static library of a product through LLVM's archive writer.
#include "Codegen/Archive.h"
#include "Codegen/CompileError.h"
#include "Codegen/OutputFile.h"
#include "llvm/Object/ArchiveWriter.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

namespace edgelm {

Error writeStaticLibrary(const std::string &path, const std::string &name, const ProductObjects &objects) {
  std::pair<std::string, std::string> inputs[] = {
      {objects.code, name + ".o"}, {objects.weights, name + "_weights.o"}, {objects.helpers, name + "_helpers.o"}};
  std::vector<NewArchiveMember> members;
  for (const auto &[file, memberName] : inputs) {
    if (file.empty())
      continue;
    // Mapped, not read: the archive writer copies from the page cache.
    ErrorOr<std::unique_ptr<MemoryBuffer>> buffer =
        MemoryBuffer::getFile(file, /*IsText=*/false, /*RequiresNullTerminator=*/false);
    if (!buffer)
      return fail(ExitStatus::BadInput, "cannot read " + file + ": " + buffer.getError().message());
    NewArchiveMember &member = members.emplace_back();
    member.Buf = std::move(*buffer);
    member.MemberName = memberName;
    member.Perms = 0644;
  }
  return writeFile(path, [&](raw_fd_ostream &os) {
    return writeArchiveToStream(os, members, SymtabWritingMode::NormalSymtab, object::Archive::K_GNU,
                                /*Deterministic=*/true, /*Thin=*/false);
  });
}

} // namespace edgelm
