/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* Measures what this machine can do at best: read bandwidth over a working set, and f32 multiply-accumulates.
 *
 * usage: roofline THREADS BYTES
 *
 * Every thread reads its own part of BYTES on huge pages, with plain loads of the widest vectors; the peak of the
 * multiply-accumulates is that of 12 independent chains in registers. Best of 5 rounds each: a roof is what was
 * reached at least once. Thread i is pinned to CPU i. Prints one JSON object.
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

enum { ROUNDS = 5, MAX_THREADS = 64, CHAINS = 12 };
static const size_t hugePage = (size_t)2 << 20;
static const size_t step = 512; /* bytes of one turn of the read loop */

struct worker {
  pthread_t thread;
  int cpu;
  char *bytes;
  size_t size;
  long turns;
  int wide;
  double readSeconds, fmaSeconds;
  uint64_t sink;
};

static pthread_barrier_t barrier;

static double seconds(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

__attribute__((target("avx512f"))) static uint64_t read512(const char *bytes, size_t size) {
  __m512i sums[8];
  for (int i = 0; i < 8; ++i)
    sums[i] = _mm512_setzero_si512();
  for (size_t at = 0; at < size; at += step)
    for (int i = 0; i < 8; ++i)
      sums[i] = _mm512_xor_si512(sums[i], _mm512_load_si512(bytes + at + 64 * i));
  for (int i = 1; i < 8; ++i)
    sums[0] = _mm512_xor_si512(sums[0], sums[i]);
  return (uint64_t)_mm512_reduce_add_epi64(sums[0]);
}

__attribute__((target("avx2"))) static uint64_t read256(const char *bytes, size_t size) {
  __m256i sums[8];
  for (int i = 0; i < 8; ++i)
    sums[i] = _mm256_setzero_si256();
  for (size_t at = 0; at < size; at += step)
    for (int i = 0; i < 16; ++i)
      sums[i % 8] = _mm256_xor_si256(sums[i % 8], _mm256_load_si256((const __m256i *)(bytes + at + 32 * i)));
  for (int i = 1; i < 8; ++i)
    sums[0] = _mm256_xor_si256(sums[0], sums[i]);
  return (uint64_t)_mm256_extract_epi64(sums[0], 0) + (uint64_t)_mm256_extract_epi64(sums[0], 2);
}

/* Assembly, since compilers add moves between chains. */
#define FMA_CHAINS(R)                                                                                                  \
  "1:\n\tvfmadd231ps %%" R "12, %%" R "13, %%" R "0\n\tvfmadd231ps %%" R "12, %%" R "13, %%" R "1\n\t"                 \
  "vfmadd231ps %%" R "12, %%" R "13, %%" R "2\n\tvfmadd231ps %%" R "12, %%" R "13, %%" R "3\n\t"                       \
  "vfmadd231ps %%" R "12, %%" R "13, %%" R "4\n\tvfmadd231ps %%" R "12, %%" R "13, %%" R "5\n\t"                       \
  "vfmadd231ps %%" R "12, %%" R "13, %%" R "6\n\tvfmadd231ps %%" R "12, %%" R "13, %%" R "7\n\t"                       \
  "vfmadd231ps %%" R "12, %%" R "13, %%" R "8\n\tvfmadd231ps %%" R "12, %%" R "13, %%" R "9\n\t"                       \
  "vfmadd231ps %%" R "12, %%" R "13, %%" R "10\n\tvfmadd231ps %%" R "12, %%" R "13, %%" R "11\n\t"                     \
  "dec %0\n\tjnz 1b\n\tvzeroupper"
#define FMA_CLOBBERS                                                                                                   \
  "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13",  \
      "cc"

static void multiplyAccumulate(int wide, long turns) {
  /* Zeroed, so that no denormal or NaN slows anything down. */
  __asm__ volatile("vzeroall" ::: FMA_CLOBBERS);
  if (wide)
    __asm__ volatile(FMA_CHAINS("zmm") : "+r"(turns)::FMA_CLOBBERS);
  else
    __asm__ volatile(FMA_CHAINS("ymm") : "+r"(turns)::FMA_CLOBBERS);
}

static void *work(void *argument) {
  struct worker *worker = argument;
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(worker->cpu, &set);
  sched_setaffinity(0, sizeof(set), &set);
  memset(worker->bytes, 1, worker->size);
  multiplyAccumulate(worker->wide, worker->turns / 10);

  const size_t passes = 1 + ((size_t)1 << 29) / worker->size;
  pthread_barrier_wait(&barrier);
  double start = seconds();
  for (size_t i = 0; i < passes; ++i)
    worker->sink += worker->wide ? read512(worker->bytes, worker->size) : read256(worker->bytes, worker->size);
  worker->readSeconds = (seconds() - start) / (double)passes;

  pthread_barrier_wait(&barrier);
  start = seconds();
  multiplyAccumulate(worker->wide, worker->turns);
  worker->fmaSeconds = seconds() - start;
  return NULL;
}

int main(int argc, char **argv) {
  const int threads = argc == 3 ? atoi(argv[1]) : 0;
  const size_t bytes = argc == 3 ? strtoull(argv[2], NULL, 10) : 0;
  if (threads < 1 || threads > MAX_THREADS || bytes < threads * step) {
    fputs("usage: roofline THREADS BYTES\n", stderr);
    return 1;
  }
  __builtin_cpu_init();
  const int wide = __builtin_cpu_supports("avx512f");
  if (!wide && !(__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))) {
    fputs("roofline: needs a CPU with AVX2 and FMA\n", stderr);
    return 5;
  }

  const size_t size = bytes / (size_t)threads / step * step;
  double bandwidth = 0, peak = 0;
  struct worker workers[MAX_THREADS];
  for (int i = 0; i < threads; ++i) {
    workers[i] = (struct worker){.cpu = i, .size = size, .turns = 10000000, .wide = wide};
    const size_t room = (size + hugePage - 1) / hugePage * hugePage;
    workers[i].bytes = aligned_alloc(hugePage, room);
    if (!workers[i].bytes) {
      fputs("roofline: out of memory\n", stderr);
      return 1;
    }
    madvise(workers[i].bytes, room, MADV_HUGEPAGE);
  }
  for (int round = 0; round < ROUNDS; ++round) {
    double readSeconds = 0, fmaSeconds = 0;
    pthread_barrier_init(&barrier, NULL, (unsigned)threads);
    for (int i = 0; i < threads; ++i)
      pthread_create(&workers[i].thread, NULL, work, &workers[i]);
    for (int i = 0; i < threads; ++i) {
      pthread_join(workers[i].thread, NULL);
      readSeconds = workers[i].readSeconds > readSeconds ? workers[i].readSeconds : readSeconds;
      fmaSeconds = workers[i].fmaSeconds > fmaSeconds ? workers[i].fmaSeconds : fmaSeconds;
    }
    pthread_barrier_destroy(&barrier);
    const double read = (double)size * threads / readSeconds;
    const double macs = (double)workers[0].turns * CHAINS * (wide ? 16 : 8) * threads / fmaSeconds;
    bandwidth = read > bandwidth ? read : bandwidth;
    peak = macs > peak ? macs : peak;
  }
  printf("{\"threads\": %d, \"bytes\": %zu, \"read_bytes_per_second\": %.4g, \"macs_per_second\": %.4g}\n", threads,
         bytes, bandwidth, peak);
  return 0;
}
