// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// No chat, for programs around the runtime that are no product; the compiler gives a product its own turns.
#include "../edgelm_abi.h"

const edgelm_turn edgelm_rt_turns[EDGELM_TURNS];
