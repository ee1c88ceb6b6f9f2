// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Every operation of the dialect.
#ifndef EDGELM_OPS_TD
#define EDGELM_OPS_TD

include "Dialect/AlgebraOps.td"
include "Dialect/LaunchOps.td"
include "Dialect/TransformerOps.td"

#endif // EDGELM_OPS_TD
