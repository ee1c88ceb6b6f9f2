// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What becomes of a case: the reference evaluation of its import, and the run of what the compiler makes of it.
#pragma once

#include "llvm/ADT/StringRef.h"
#include <string>

namespace edgelm::backend {

/// One line of the expectation file, without the case's name: `pass`, `evaluated; not compiled: …`, `refused: …`,
/// `not applicable: …` or `WRONG: …`.
std::string outcomeOf(llvm::StringRef folder);

} // namespace edgelm::backend
