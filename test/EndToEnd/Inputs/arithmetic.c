/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* Checksums of arithmetic on floats and long integers, the same on every machine. */
#include <stddef.h>
#include <stdint.h>

void print(const char *text, size_t bytes);

#ifdef HAS_STDIO
#include <stdio.h>
void print(const char *text, size_t bytes) {
  fwrite(text, 1, bytes, stdout);
}
#endif

static uint32_t state = 1, sum;

static uint32_t next(void) {
  state = state * 1664525u + 1013904223u;
  return state ^ state >> 15;
}

static void add_u32(uint32_t value) {
  sum = (sum << 5 | sum >> 27) ^ value;
}
static void add_u64(uint64_t value) {
  add_u32((uint32_t)value);
  add_u32((uint32_t)(value >> 32));
}

typedef union {
  float number;
  uint32_t bits;
} word;

static void add_float(float value) {
  word w;
  w.number = value;
  add_u32(value != value ? 0x7fc00000u : w.bits); /* machines differ in which NaN */
}

static float random_float(void) {
  word w;
  w.bits = next();
  if (next() & 1) /* near 1, where conversions have something to do */
    w.bits = (w.bits & 0x8fffffffu) | 0x38000000u;
  return w.number;
}

static void floats(void) {
  const float a = random_float(), b = random_float();
  add_float(a + b);
  add_float(a - b);
  add_float(a * b);
  add_float(a / b);
  add_u32((uint32_t)((a < b) | (a <= b) << 1 | (a > b) << 2 | (a >= b) << 3 | (a == b) << 4 | (a != b) << 5 |
                     __builtin_isunordered(a, b) << 6));
  add_float((float)(int32_t)next());
  add_float((float)next());
  /* What an integer can hold; the rest is not defined in C. */
  if (a > -1e9f && a < 1e9f) {
    add_u32((uint32_t)(int32_t)(a * 2));
    add_u64((uint64_t)(int64_t)(a * 1e9f));
  }
  if (b > 0 && b < 1e9f) {
    add_u32((uint32_t)(b * 4));
    add_u64((uint64_t)(b * 1e10f));
  }
}

static void longs(void) {
  const uint64_t a = (uint64_t)next() << 32 | next(), b = ((uint64_t)next() << 32 | next()) >> next() % 63 | 1;
  const int64_t c = (int64_t)a, d = (int64_t)(b >> 1 | 3);
  const uint32_t by = next() % 64;
  add_u64(a * b);
  add_u64(a / b);
  add_u64(a % b);
  add_u64((uint64_t)(c / d));
  add_u64((uint64_t)(c % d));
  add_u64((uint64_t)(-c / d));
  add_u64(a << by);
  add_u64(a >> by);
  add_u64((uint64_t)(c >> by));
  add_u32((uint32_t)a / (uint32_t)b);
  add_u32((uint32_t)a % (uint32_t)b);
  add_u32((uint32_t)((int32_t)a / (int32_t)((uint32_t)b >> 1 | 3)));
  add_u32((uint32_t)((int32_t)a % (int32_t)((uint32_t)b >> 1 | 3)));
  add_float((float)a);
  add_float((float)c);
}

static void report(const char *name, size_t bytes, void (*step)(void)) {
  char digits[9];
  int i;
  for (i = 0; i < 2000; ++i)
    step();
  print(name, bytes);
  for (i = 0; i < 8; ++i)
    digits[i] = "0123456789abcdef"[sum >> (28 - 4 * i) & 15];
  digits[8] = '\n';
  print(digits, 9);
}

int main(void) {
  report("floats ", 7, floats);
  report("longs ", 6, longs);
  return 0;
}
