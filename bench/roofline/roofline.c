/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* Measures what this machine can do at best: read bandwidth over a working set, and multiply-accumulates of f32 and of
 * int8 by its dot-product instruction.
 *
 * usage: roofline THREADS BYTES
 *
 * Every thread reads its own part of BYTES on huge pages, with loads of the widest vectors: as one stream and as eight,
 * which keeps more lines in flight. The peaks of the multiply-accumulates are those of 12 independent chains in
 * registers; without a dot-product instruction the int8 peak is that of vpmaddubsw, vpmaddwd and vpaddd. Best of 5
 * rounds each: a roof is what was reached at least once. Thread i is pinned to CPU i. Prints one JSON object.
 */
#include <immintrin.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

enum { ROUNDS = 5, MAX_THREADS = 64, CHAINS = 12, MADD_CHAINS = 4, STREAMS = 8 };
static const size_t hugePage = (size_t)2 << 20;
static const size_t step = 512; /* bytes of one turn of the read loop */

struct worker {
  pthread_t thread;
  int cpu;
  char *bytes;
  size_t size;
  long turns;
  int streams;
  double readSeconds, fmaSeconds, dotSeconds;
  uint64_t sink;
};

static pthread_barrier_t barrier;

/* What this CPU has. */
static int wide; /* 512-bit vectors */
static enum { MADD256, MADD512, DOT256, DOT512 } dot;

static double seconds(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* `streams` parts of the memory side by side, each fetched one turn ahead. */
__attribute__((target("avx512f"))) static uint64_t read512(const char *bytes, size_t size, int streams) {
  const size_t part = size / (size_t)streams / step * step;
  __m512i sums[8];
  for (int i = 0; i < 8; ++i)
    sums[i] = _mm512_setzero_si512();
  for (size_t at = 0; at < part; at += step)
    for (int stream = 0; stream < streams; ++stream) {
      const char *from = bytes + (size_t)stream * part + at;
      for (int i = 0; i < 8; ++i)
        _mm_prefetch(from + step + 64 * i, _MM_HINT_T0);
      for (int i = 0; i < 8; ++i)
        sums[i] = _mm512_xor_si512(sums[i], _mm512_load_si512(from + 64 * i));
    }
  for (int i = 1; i < 8; ++i)
    sums[0] = _mm512_xor_si512(sums[0], sums[i]);
  return (uint64_t)_mm512_reduce_add_epi64(sums[0]);
}

__attribute__((target("avx2"))) static uint64_t read256(const char *bytes, size_t size, int streams) {
  const size_t part = size / (size_t)streams / step * step;
  __m256i sums[8];
  for (int i = 0; i < 8; ++i)
    sums[i] = _mm256_setzero_si256();
  for (size_t at = 0; at < part; at += step)
    for (int stream = 0; stream < streams; ++stream) {
      const char *from = bytes + (size_t)stream * part + at;
      for (int i = 0; i < 8; ++i)
        _mm_prefetch(from + step + 64 * i, _MM_HINT_T0);
      for (int i = 0; i < 16; ++i)
        sums[i % 8] = _mm256_xor_si256(sums[i % 8], _mm256_load_si256((const __m256i *)(from + 32 * i)));
    }
  for (int i = 1; i < 8; ++i)
    sums[0] = _mm256_xor_si256(sums[0], sums[i]);
  return (uint64_t)_mm256_extract_epi64(sums[0], 0) + (uint64_t)_mm256_extract_epi64(sums[0], 2);
}

/* Assembly, since compilers add moves between chains. O is the instruction, R the register's prefix. */
#define CHAIN(O, R, N) O " %%" R "12, %%" R "13, %%" R #N "\n\t"
#define CHAIN_LOOP(O, R)                                                                                               \
  "1:\n\t" CHAIN(O, R, 0) CHAIN(O, R, 1) CHAIN(O, R, 2) CHAIN(O, R, 3) CHAIN(O, R, 4) CHAIN(O, R, 5) CHAIN(O, R, 6)    \
      CHAIN(O, R, 7) CHAIN(O, R, 8) CHAIN(O, R, 9) CHAIN(O, R, 10) CHAIN(O, R, 11) "dec %0\n\tjnz 1b\n\tvzeroupper"
#define MADD(R, N, T)                                                                                                  \
  "vpmaddubsw %%" R "12, %%" R "13, %%" R #T "\n\tvpmaddwd %%" R "11, %%" R #T ", %%" R #T "\n\tvpaddd %%" R #T        \
  ", %%" R #N ", %%" R #N "\n\t"
#define MADD_LOOP(R) "1:\n\t" MADD(R, 0, 4) MADD(R, 1, 5) MADD(R, 2, 6) MADD(R, 3, 7) "dec %0\n\tjnz 1b\n\tvzeroupper"
#define CLOBBERS                                                                                                       \
  "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13",  \
      "cc"

static void multiplyFloat(long turns) {
  /* Zeroed, so that no denormal or NaN slows anything down. */
  __asm__ volatile("vzeroall" ::: CLOBBERS);
  if (wide)
    __asm__ volatile(CHAIN_LOOP("vfmadd231ps", "zmm") : "+r"(turns)::CLOBBERS);
  else
    __asm__ volatile(CHAIN_LOOP("vfmadd231ps", "ymm") : "+r"(turns)::CLOBBERS);
}

static void multiplyBytes(long turns) {
  if (dot == DOT512)
    __asm__ volatile(CHAIN_LOOP("vpdpbusd", "zmm") : "+r"(turns)::CLOBBERS);
  else if (dot == DOT256)
    __asm__ volatile(CHAIN_LOOP("%{vex%} vpdpbusd", "ymm") : "+r"(turns)::CLOBBERS);
  else if (dot == MADD512)
    __asm__ volatile(MADD_LOOP("zmm") : "+r"(turns)::CLOBBERS);
  else
    __asm__ volatile(MADD_LOOP("ymm") : "+r"(turns)::CLOBBERS);
}

/* Multiply-accumulates of one turn. */
static double floatsPerTurn(void) {
  return CHAINS * (wide ? 16 : 8);
}
static double bytesPerTurn(void) {
  return (dot == DOT512 || dot == DOT256 ? CHAINS : MADD_CHAINS) * (dot == DOT512 || dot == MADD512 ? 64 : 32);
}

static void *work(void *argument) {
  struct worker *worker = argument;
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(worker->cpu, &set);
  sched_setaffinity(0, sizeof(set), &set);
  memset(worker->bytes, 1, worker->size);
  multiplyFloat(worker->turns / 10);

  const size_t passes = 1 + ((size_t)1 << 29) / worker->size;
  pthread_barrier_wait(&barrier);
  double start = seconds();
  for (size_t i = 0; i < passes; ++i)
    worker->sink += wide ? read512(worker->bytes, worker->size, worker->streams)
                         : read256(worker->bytes, worker->size, worker->streams);
  worker->readSeconds = (seconds() - start) / (double)passes;

  pthread_barrier_wait(&barrier);
  start = seconds();
  multiplyFloat(worker->turns);
  worker->fmaSeconds = seconds() - start;

  pthread_barrier_wait(&barrier);
  start = seconds();
  multiplyBytes(worker->turns);
  worker->dotSeconds = seconds() - start;
  return NULL;
}

static int findInstructions(void) {
  __builtin_cpu_init();
  wide = __builtin_cpu_supports("avx512f");
  dot = __builtin_cpu_supports("avx512vnni") ? DOT512
        : __builtin_cpu_supports("avxvnni")  ? DOT256
        : __builtin_cpu_supports("avx512bw") ? MADD512
                                             : MADD256;
  return wide || (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"));
}

static void keepLarger(double *best, double value) {
  *best = value > *best ? value : *best;
}

int main(int argc, char **argv) {
  const int threads = argc == 3 ? atoi(argv[1]) : 0;
  const size_t bytes = argc == 3 ? strtoull(argv[2], NULL, 10) : 0;
  if (threads < 1 || threads > MAX_THREADS || bytes < (size_t)threads * STREAMS * step) {
    fputs("usage: roofline THREADS BYTES\n", stderr);
    return 1;
  }
  if (!findInstructions()) {
    fputs("roofline: needs a CPU with AVX2 and FMA\n", stderr);
    return 5;
  }

  const size_t size = bytes / (size_t)threads / step * step;
  double bandwidth = 0, floats = 0, dots = 0;
  struct worker workers[MAX_THREADS];
  for (int i = 0; i < threads; ++i) {
    workers[i] = (struct worker){.cpu = i, .size = size, .turns = 5000000};
    const size_t room = (size + hugePage - 1) / hugePage * hugePage;
    workers[i].bytes = aligned_alloc(hugePage, room);
    if (!workers[i].bytes) {
      fputs("roofline: out of memory\n", stderr);
      return 1;
    }
    madvise(workers[i].bytes, room, MADV_HUGEPAGE);
  }
  for (int round = 0; round < 2 * ROUNDS; ++round) {
    double readSeconds = 0, fmaSeconds = 0, dotSeconds = 0;
    pthread_barrier_init(&barrier, NULL, (unsigned)threads);
    for (int i = 0; i < threads; ++i) {
      workers[i].streams = round % 2 ? STREAMS : 1;
      pthread_create(&workers[i].thread, NULL, work, &workers[i]);
    }
    for (int i = 0; i < threads; ++i) {
      pthread_join(workers[i].thread, NULL);
      keepLarger(&readSeconds, workers[i].readSeconds);
      keepLarger(&fmaSeconds, workers[i].fmaSeconds);
      keepLarger(&dotSeconds, workers[i].dotSeconds);
    }
    pthread_barrier_destroy(&barrier);
    const size_t part = size / (size_t)workers[0].streams / step * step;
    keepLarger(&bandwidth, (double)part * workers[0].streams * threads / readSeconds);
    keepLarger(&floats, (double)workers[0].turns * floatsPerTurn() * threads / fmaSeconds);
    keepLarger(&dots, (double)workers[0].turns * bytesPerTurn() * threads / dotSeconds);
  }
  printf("{\"threads\": %d, \"bytes\": %zu, \"read_bytes_per_second\": %.4g, \"macs_per_second\": %.4g, "
         "\"int8_macs_per_second\": %.4g}\n",
         threads, bytes, bandwidth, floats, dots);
  return 0;
}
