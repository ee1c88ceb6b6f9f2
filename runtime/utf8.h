// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Steps through UTF-8 that may be cut or broken.
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef enum { utf8_valid, utf8_broken, utf8_cut } utf8_kind;

/// Looks at the first character of text [bytes], bytes > 0: utf8_valid with its length in `*length`, utf8_broken with
/// the length to replace by one U+FFFD (a maximal subpart, Unicode 15 section 3.9), or utf8_cut when it may still
/// become valid with more bytes.
utf8_kind edgelm_rt_utf8_step(const char *text, size_t bytes, size_t *length);
