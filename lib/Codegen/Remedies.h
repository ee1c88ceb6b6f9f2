// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Which options would make a product smaller, and by how much.
#pragma once

#include "Codegen/Budget.h"
#include <string>

namespace edgelm {

/// Lines that name changes of options which make the product fit, cheapest first; where no single one does, what each
/// saves, and several together; at last a shorter context. Every one was planned.
std::string remediesText(const BudgetCheck &check, PlanFootprint plan);

} // namespace edgelm
