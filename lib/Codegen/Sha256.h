// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// SHA-256 in hexadecimal digits.
#pragma once

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <string>

namespace edgelm {

/// Digest of `bytes`, 64 lower-case digits.
std::string sha256(llvm::StringRef bytes);

/// Digest of the file at `path`, which is mapped piece by piece.
llvm::Expected<std::string> sha256OfFile(const std::string &path);

} // namespace edgelm
