// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// LLD inside this process.
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <string>

namespace edgelm {

/// Runs ld.lld with `arguments`, of which the first is the linker's name; its words become the error. `what` names the
/// result in it.
llvm::Error runLinker(llvm::ArrayRef<std::string> arguments, llvm::StringRef what);

} // namespace edgelm
