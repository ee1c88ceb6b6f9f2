// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Computes SHA-256 with OpenSSL.
#include "Codegen/Sha256.h"
#include "Codegen/MappedFile.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Path.h"
#include <openssl/evp.h>

using namespace llvm;

namespace edgelm {

/// Pages are given back after this many bytes.
static constexpr uint64_t pieceBytes = 16 << 20;

/// `afterPiece` is told which bytes were read.
static std::string digest(StringRef bytes, function_ref<void(uint64_t offset, uint64_t length)> afterPiece) {
  EVP_MD_CTX *context = EVP_MD_CTX_new();
  EVP_DigestInit_ex(context, EVP_sha256(), nullptr);
  for (uint64_t offset = 0; offset < bytes.size(); offset += pieceBytes) {
    StringRef piece = bytes.substr(offset, pieceBytes);
    EVP_DigestUpdate(context, piece.data(), piece.size());
    afterPiece(offset, piece.size());
  }
  uint8_t result[32];
  EVP_DigestFinal_ex(context, result, nullptr);
  EVP_MD_CTX_free(context);
  return toHex(result, /*LowerCase=*/true);
}

std::string sha256(StringRef bytes) {
  return digest(bytes, [](uint64_t, uint64_t) {});
}

Expected<std::string> sha256OfFile(const std::string &path) {
  Expected<MappedFile> file = MappedFile::open(path, sys::path::filename(path));
  if (!file)
    return file.takeError();
  return digest(file->bytes(), [&](uint64_t offset, uint64_t length) { file->release(offset, length); });
}

} // namespace edgelm
