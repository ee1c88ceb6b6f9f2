// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Computes SHA-256 piece by piece with OpenSSL.
#include "Codegen/FileHash.h"
#include "Codegen/CompileError.h"
#include "Dialect/MappedFile.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Path.h"
#include <openssl/evp.h>

using namespace llvm;

namespace edgelm {

/// Pages are given back after this many bytes: mapped pages count as memory of the process until then.
static constexpr uint64_t pieceBytes = 16 << 20;

Expected<FileHash> hashFile(StringRef directory, StringRef name, const std::atomic<bool> &isCancelled) {
  SmallString<256> path(directory);
  sys::path::append(path, name);
  std::string reason;
  std::unique_ptr<MappedFile> file = MappedFile::open(path, reason);
  if (!file)
    return fail(ExitStatus::BadInput, "cannot read " + path + ": " + reason);
  EVP_MD_CTX *context = EVP_MD_CTX_new();
  EVP_DigestInit_ex(context, EVP_sha256(), nullptr);
  for (ArrayRef<uint8_t> rest = file->bytes(); !rest.empty() && !isCancelled;
       rest = rest.drop_front(std::min<uint64_t>(rest.size(), pieceBytes))) {
    ArrayRef<uint8_t> piece = rest.take_front(pieceBytes);
    EVP_DigestUpdate(context, piece.data(), piece.size());
    file->release(piece);
  }
  uint8_t digest[32];
  EVP_DigestFinal_ex(context, digest, nullptr);
  EVP_MD_CTX_free(context);
  return FileHash{name.str(), file->bytes().size(), toHex(digest, /*LowerCase=*/true)};
}

} // namespace edgelm
