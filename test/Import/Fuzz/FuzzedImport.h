// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The import of any bytes, and what it owes to whoever sent them.
#pragma once

#include "llvm/ADT/StringRef.h"
#include <string>

namespace edgelm {

/// Imports `bytes` as `model.onnx` of a folder of their own, where `zeros.bin` holds a MiB of zeros for external data.
/// Returns "" when the import kept its word: a verified module without any error, or none after exactly one error with
/// a text. Anything else comes back in words.
std::string brokenPromise(llvm::StringRef bytes);

} // namespace edgelm
