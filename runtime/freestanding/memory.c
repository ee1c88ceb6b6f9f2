/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* memcpy, memmove and memset, by words where both places are aligned alike. Compiled without builtins: a compiler would
 * see in these loops what they are, and call them. */
#include "helper.h"

typedef uintptr_t __attribute__((may_alias)) word;
enum { WORD = sizeof(word), BLOCK = 4 * WORD };

static inline int is_aligned(const void *at) {
  return ((uintptr_t)at & (WORD - 1)) == 0;
}

static inline int aligned_alike(const void *a, const void *b) {
  return (((uintptr_t)a ^ (uintptr_t)b) & (WORD - 1)) == 0;
}

/* Never reads what it has written where `to` lies before `from`. */
static inline void copy_forward(unsigned char *to, const unsigned char *from, size_t bytes) {
  if (aligned_alike(to, from)) {
    for (; bytes && !is_aligned(to); --bytes)
      *to++ = *from++;
    for (; bytes >= BLOCK; bytes -= BLOCK, to += BLOCK, from += BLOCK) {
      const word *f = (const word *)from;
      const word a = f[0], b = f[1], c = f[2], d = f[3];
      word *t = (word *)to;
      t[0] = a, t[1] = b, t[2] = c, t[3] = d;
    }
    for (; bytes >= WORD; bytes -= WORD, to += WORD, from += WORD)
      *(word *)to = *(const word *)from;
  }
  for (; bytes; --bytes)
    *to++ = *from++;
}

static inline void copy_backward(unsigned char *to, const unsigned char *from, size_t bytes) {
  to += bytes, from += bytes;
  if (aligned_alike(to, from)) {
    for (; bytes && !is_aligned(to); --bytes)
      *--to = *--from;
    for (; bytes >= WORD; bytes -= WORD) {
      to -= WORD, from -= WORD;
      *(word *)to = *(const word *)from;
    }
  }
  for (; bytes; --bytes)
    *--to = *--from;
}

static inline void fill(unsigned char *to, unsigned char value, size_t bytes) {
  for (; bytes && !is_aligned(to); --bytes)
    *to++ = value;
  const word all = (word)-1 / 255 * value;
  for (; bytes >= BLOCK; bytes -= BLOCK, to += BLOCK) {
    word *t = (word *)to;
    t[0] = all, t[1] = all, t[2] = all, t[3] = all;
  }
  for (; bytes >= WORD; bytes -= WORD, to += WORD)
    *(word *)to = all;
  for (; bytes; --bytes)
    *to++ = value;
}

static inline void move(void *to, const void *from, size_t bytes) {
  if ((uintptr_t)to - (uintptr_t)from >= bytes)
    copy_forward(to, from, bytes);
  else
    copy_backward(to, from, bytes);
}

void *HELPER(memcpy)(void *to, const void *from, size_t bytes) {
  copy_forward(to, from, bytes);
  return to;
}

void *HELPER(memmove)(void *to, const void *from, size_t bytes) {
  move(to, from, bytes);
  return to;
}

void *HELPER(memset)(void *to, int value, size_t bytes) {
  fill(to, (unsigned char)value, bytes);
  return to;
}

#ifdef HELPER_NAMES_ARM
/* The names with a number promise that the places are multiples of it. */
#define MEMORY_HELPERS(suffix)                                                                                         \
  void HELPER(__aeabi_memcpy##suffix)(void *to, const void *from, size_t bytes) {                                      \
    OTHER_HELPER(memcpy)(to, from, bytes);                                                                             \
  }                                                                                                                    \
  void HELPER(__aeabi_memmove##suffix)(void *to, const void *from, size_t bytes) {                                     \
    OTHER_HELPER(memmove)(to, from, bytes);                                                                            \
  }                                                                                                                    \
  void HELPER(__aeabi_memset##suffix)(void *to, size_t bytes, int value) {                                             \
    OTHER_HELPER(memset)(to, value, bytes);                                                                            \
  }                                                                                                                    \
  void HELPER(__aeabi_memclr##suffix)(void *to, size_t bytes) {                                                        \
    OTHER_HELPER(memset)(to, 0, bytes);                                                                                \
  }
MEMORY_HELPERS()
MEMORY_HELPERS(4)
MEMORY_HELPERS(8)
#endif
