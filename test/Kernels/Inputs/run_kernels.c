// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/* Runs the kernels that edgelm-cross-kernels wrote, and compares every bit. usage: run_kernels data.bin */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef void (*edgelm_task)(void *const *buffers, int32_t pos, int32_t n, int32_t begin, int32_t end);

#define CASE(task, rows, items, columns, expected, count, ...)                                                         \
  void task(void *const *, int32_t, int32_t, int32_t, int32_t);
#include "cases.inc"
#undef CASE

struct kernel_case {
  const char *name;
  edgelm_task task;
  int32_t rows, items, columns;
  long expected;
  int count;
  long buffers[5];
};

#define CASE(task, rows, items, columns, expected, count, ...)                                                         \
  {#task, task, rows, items, columns, expected, count, {__VA_ARGS__}},
static const struct kernel_case cases[] = {
#include "cases.inc"
};

static _Alignas(64) unsigned char data[8 << 20];
static float output[4096];

/* The number of the first float that differs, or -1. */
static long run(const struct kernel_case *c) {
  void *buffers[6];
  for (int i = 0; i < c->count; ++i)
    buffers[i] = data + c->buffers[i];
  buffers[c->count] = output;
  long floats = (long)c->rows * c->columns;
  for (long i = 0; i < floats + c->columns; ++i)
    output[i] = 77;
  /* In two parts, as two threads would. */
  c->task(buffers, 0, c->rows, 0, c->items / 2);
  c->task(buffers, 0, c->rows, c->items / 2, c->items);
  for (long i = 0; i < floats; ++i)
    if (memcmp(&output[i], data + c->expected + 4 * i, 4) != 0)
      return i;
  for (long i = floats; i < floats + c->columns; ++i)
    if (output[i] != 77)
      return i;
  return -1;
}

int main(int argc, char **argv) {
  FILE *file = argc == 2 ? fopen(argv[1], "rb") : NULL;
  if (!file || fread(data, 1, sizeof data, file) == sizeof data) {
    fprintf(stderr, "cannot read the data\n");
    return 1;
  }
  fclose(file);
  int failed = 0;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
    long at = run(&cases[i]);
    if (at >= 0) {
      printf("%s: row %ld, column %ld: %.9g\n", cases[i].name, at / cases[i].columns, at % cases[i].columns,
             (double)output[at]);
      failed = 1;
    }
  }
  if (!failed)
    printf("%d cases are equal\n", (int)(sizeof cases / sizeof *cases));
  return failed;
}
