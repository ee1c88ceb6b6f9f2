// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Comparing feature names without a C library.
#pragma once

#include <stddef.h>
#include <stdint.h>

/// The end of `name` when it is the same as `row`, else NULL.
static inline const char *end_if_same(const char *name, const char *row) {
  for (; *name && *name == *row; ++name)
    ++row;
  return *name == *row ? name : NULL;
}
