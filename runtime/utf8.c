// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Well-formed byte sequences by table 3-7 of the Unicode standard.
#include "utf8.h"

utf8_kind edgelm_rt_utf8_step(const char *text, size_t bytes, size_t *length) {
  const unsigned char *s = (const unsigned char *)text;
  *length = 1;
  if (s[0] < 0x80)
    return utf8_valid;
  size_t need = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
  if (s[0] < 0xc2 || s[0] > 0xf4)
    return utf8_broken;
  // Only the second byte has narrower ranges: no overlong forms, no surrogates, nothing above U+10FFFF.
  unsigned char low = s[0] == 0xe0 ? 0xa0 : s[0] == 0xf0 ? 0x90 : 0x80;
  unsigned char high = s[0] == 0xed ? 0x9f : s[0] == 0xf4 ? 0x8f : 0xbf;
  for (size_t i = 1; i < need; ++i, low = 0x80, high = 0xbf) {
    if (i == bytes)
      return utf8_cut;
    if (s[i] < low || s[i] > high)
      return utf8_broken;
    *length = i + 1;
  }
  return utf8_valid;
}
