// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What becomes of a case: the reference evaluation of its import, and the run of what the compiler makes of it.
#pragma once

#include "BackendCase.h"
#include <string>

namespace edgelm::backend {

/// One line of the expectation file, without the case's name: `pass`, `evaluated; not compiled: …`, `refused: …`,
/// `not applicable: …` or `WRONG: …`.
std::string outcomeOf(llvm::StringRef folder);

/// The same for a case with all inputs as inputs, whose results may differ by 1e-4 of the greatest number of a tensor.
std::string outcomeOf(const BackendCase &test);

} // namespace edgelm::backend
