// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Runs every case of a test in a process of its own, so that a crash is an outcome like others.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace edgelm {

/// The texts of `outcomeOf(0)` to `outcomeOf(count - 1)`, as many at a time as there are processors. A case that ends
/// its process, or takes longer than three minutes, has an outcome that starts with "WRONG: ended".
std::vector<std::string> outcomesOfForked(size_t count, const std::function<std::string(size_t)> &outcomeOf);

} // namespace edgelm
