// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Going through feature names without a C library.
#pragma once

#include <stddef.h>
#include <stdint.h>

/// The end of `name` when it is the same as `row`, else NULL.
static inline const char *end_if_same(const char *name, const char *row) {
  for (; *name && *name == *row; ++name)
    ++row;
  return *name == *row ? name : NULL;
}

/// The first name in `features` that no row has or whose row's feature `has` denies, else NULL. A row of `row_bytes` begins
/// with its name, ended by NUL.
static inline const char *first_missing(const char *features, const void *rows, size_t count, size_t row_bytes,
                                        int (*has)(const void *row)) {
  for (const char *name = features; name && *name; ++name) {
    const char *end = NULL, *row = (const char *)rows;
    for (size_t i = 0; i < count && !end; ++i, row += row_bytes)
      if ((end = end_if_same(name, row)) && !has(row))
        return name;
    if (!end)
      return name;
    name = end;
  }
  return NULL;
}

#define EDGELM_FIRST_MISSING(features, rows, has)                                                                      \
  first_missing(features, rows, sizeof rows / sizeof *rows, sizeof *rows, has)
