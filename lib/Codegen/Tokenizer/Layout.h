// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The layout of the blob: the runtime's header, so that there is one truth.
#pragma once

#include "../../../runtime/edgelm_tokenizer_format.h"
