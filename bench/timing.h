/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* What the programs that time a peer share: the clock, the prompt, and the JSON object that they print. */
#pragma once

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { MAX_TOKENS = 8192 };

static double seconds(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* The same ids as edgelm-run's. */
static int64_t prompt_id(int at, int vocab) {
  return at == 0 ? 1 % vocab : (300 + (int64_t)at * 7919) % vocab;
}

static int64_t likeliest(const float *logits, int vocab) {
  int64_t found = 0;
  for (int i = 1; i < vocab; ++i)
    if (logits[i] > logits[found])
      found = i;
  return found;
}

/* VmHWM in bytes: unlike getrusage's figure it does not begin with the memory of the program that started this one. */
static long long peak_memory(void) {
  char line[256];
  long long kilobytes = 0;
  FILE *status = fopen("/proc/self/status", "r");
  while (status && fgets(line, sizeof line, status))
    if (sscanf(line, "VmHWM: %lld", &kilobytes) == 1)
      break;
  if (status)
    fclose(status);
  return kilobytes * 1024;
}

static int ascending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double median(double *values, int count) {
  qsort(values, (size_t)count, sizeof(*values), ascending);
  return count % 2 ? values[count / 2] : 0.5 * (values[count / 2 - 1] + values[count / 2]);
}

/* Writes rows of logits for comparisons; ends the program where that fails. */
static void write_logits(const char *path, const float *logits, size_t count) {
  FILE *file = fopen(path, "wb");
  if (!file || fwrite(logits, sizeof(float), count, file) != count || fclose(file)) {
    fprintf(stderr, "cannot write %s\n", path);
    exit(1);
  }
}

/* What one run is: `prefill` tokens at once, then `decode` greedy steps; `repeat` times after one that is not counted. */
struct protocol {
  int threads, prefill, decode, repeat;
  double open_seconds;
  double *prefill_seconds, *decode_seconds; /* [repeat] */
  int64_t *prompt, *ids;                    /* [prefill], [decode] */
};

/* Reads THREADS PREFILL DECODE REPEAT; 0 when one makes no sense. */
static int read_protocol(struct protocol *run, char **arguments, int vocab) {
  run->threads = atoi(arguments[0]);
  run->prefill = atoi(arguments[1]);
  run->decode = atoi(arguments[2]);
  run->repeat = atoi(arguments[3]);
  if (run->threads < 1 || run->prefill < 1 || run->decode < 0 || run->repeat < 1 ||
      run->prefill + run->decode > MAX_TOKENS) {
    fputs("threads, prefill and repeat must be positive\n", stderr);
    return 0;
  }
  run->prefill_seconds = calloc((size_t)run->repeat, sizeof(double));
  run->decode_seconds = calloc((size_t)run->repeat, sizeof(double));
  run->prompt = calloc((size_t)run->prefill, sizeof(int64_t));
  run->ids = calloc((size_t)run->decode + 1, sizeof(int64_t));
  if (!run->prefill_seconds || !run->decode_seconds || !run->prompt || !run->ids)
    return 0;
  for (int i = 0; i < run->prefill; ++i)
    run->prompt[i] = prompt_id(i, vocab);
  return 1;
}

static void print_result(const struct protocol *run, const char *version) {
  const double decode = run->decode ? run->decode / median(run->decode_seconds, run->repeat) : 0;
  printf("{\"version\": \"%s\", \"threads\": %d, \"open_seconds\": %.6f, ", version, run->threads, run->open_seconds);
  printf("\"prefill_tokens_per_second\": %.3f, \"decode_tokens_per_second\": %.3f, ",
         run->prefill / median(run->prefill_seconds, run->repeat), decode);
  printf("\"peak_rss_bytes\": %lld, \"ids\": [", peak_memory());
  for (int i = 0; i < run->decode; ++i)
    printf("%s%lld", i ? ", " : "", (long long)run->ids[i]);
  puts("]}");
}
