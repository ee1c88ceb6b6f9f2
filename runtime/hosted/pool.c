// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A fork-join pool: workers spin for the next job for a bounded time, then sleep; the calling thread takes part.
//
// Each thread has a share of a job's items. A share is claimed by setting its ticket from the last round to this one,
// first by its own thread, else by the caller: a worker that the system has not woken yet costs nothing, and the
// caller only ever waits for shares that are being worked on.
#define _POSIX_C_SOURCE 200809L
#include "pool.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

enum {
  LINE = 64,         // no two threads write to one cache line
  SPINS = 4000,      // about 50 to 150 microseconds of pauses: longer than the gap between two kernels
  JOIN_SPINS = 2000, // then the caller yields: the worker may be waiting for this very core
  MOST_THREADS = 1024,
};

typedef struct pool pool;

typedef struct {
  _Alignas(LINE) _Atomic uint32_t ticket; // the last round in which this share was claimed
  uint32_t index;
  pool *owner;
  pthread_t thread; // not for share 0, the caller's
} share;

struct pool {
  // Written by the caller before a round.
  _Alignas(LINE) _Atomic uint32_t round;
  uint32_t threads;
  uint32_t items;
  edgelm_item item;
  void *args;
  _Atomic uint32_t stopping;
  _Alignas(LINE) _Atomic uint32_t finished; // shares that workers finished in this round
  _Alignas(LINE) _Atomic uint32_t busy;     // a session is in parallel_for
  _Alignas(LINE) _Atomic uint32_t sleepers;
  pthread_mutex_t mutex;
  pthread_cond_t wake;
  share shares[]; // [threads]
};

static void pause_briefly(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("isb"); // yield is a no-op on most cores, this takes about as long as x86's pause
#elif defined(__arm__)
  __asm__ volatile("yield");
#endif
}

// Claims share `index` in `round` and runs its items; 0 when another thread has it.
static int run_share(pool *p, uint32_t index, uint32_t round) {
  uint32_t last = round - 1;
  if (!atomic_compare_exchange_strong_explicit(&p->shares[index].ticket, &last, round, memory_order_acq_rel,
                                               memory_order_relaxed))
    return 0;
  uint32_t each = p->items / p->threads, more = p->items % p->threads;
  uint32_t begin = index * each + (index < more ? index : more), end = begin + each + (index < more);
  for (uint32_t i = begin; i < end; ++i)
    p->item(p->args, i);
  return 1;
}

// The next round after `seen`: spins, then sleeps.
static uint32_t next_round(pool *p, uint32_t seen) {
  for (int spin = 0; spin < SPINS; ++spin) {
    uint32_t round = atomic_load_explicit(&p->round, memory_order_acquire);
    if (round != seen)
      return round;
    pause_briefly();
  }
  pthread_mutex_lock(&p->mutex);
  // Sequentially consistent with the caller's store of the round and load of the sleepers: one of them sees the other.
  atomic_fetch_add(&p->sleepers, 1);
  while (atomic_load(&p->round) == seen)
    pthread_cond_wait(&p->wake, &p->mutex);
  atomic_fetch_sub(&p->sleepers, 1);
  pthread_mutex_unlock(&p->mutex);
  return atomic_load(&p->round);
}

static void begin_round(pool *p) {
  atomic_fetch_add(&p->round, 1);
  if (atomic_load(&p->sleepers)) {
    pthread_mutex_lock(&p->mutex);
    pthread_cond_broadcast(&p->wake);
    pthread_mutex_unlock(&p->mutex);
  }
}

static void *work(void *argument) {
  share *own = argument;
  pool *p = own->owner;
  uint32_t seen = 0;
  for (;;) {
    seen = next_round(p, seen);
    if (atomic_load_explicit(&p->stopping, memory_order_relaxed))
      return NULL;
    if (run_share(p, own->index, seen))
      atomic_fetch_add_explicit(&p->finished, 1, memory_order_release);
  }
}

static void parallel_for(void *user, edgelm_item item, void *args, uint32_t items) {
  pool *p = user;
  uint32_t idle = 0;
  if (!atomic_compare_exchange_strong_explicit(&p->busy, &idle, 1, memory_order_acquire, memory_order_relaxed)) {
    for (uint32_t i = 0; i < items; ++i)
      item(args, i);
    return;
  }
  p->item = item;
  p->args = args;
  p->items = items;
  atomic_store_explicit(&p->finished, 0, memory_order_relaxed);
  begin_round(p);

  uint32_t round = atomic_load_explicit(&p->round, memory_order_relaxed);
  uint32_t own = 0;
  for (uint32_t i = 0; i < p->threads; ++i)
    own += (uint32_t)run_share(p, i, round);
  for (uint32_t spin = 0; atomic_load_explicit(&p->finished, memory_order_acquire) != p->threads - own; ++spin)
    if (spin < JOIN_SPINS)
      pause_briefly();
    else
      sched_yield();
  atomic_store_explicit(&p->busy, 0, memory_order_release);
}

static void stop_workers(pool *p, uint32_t started) {
  atomic_store_explicit(&p->stopping, 1, memory_order_relaxed);
  begin_round(p);
  for (uint32_t i = 1; i < started; ++i)
    pthread_join(p->shares[i].thread, NULL);
  pthread_cond_destroy(&p->wake);
  pthread_mutex_destroy(&p->mutex);
}

size_t edgelm_rt_pool_bytes(uint32_t threads) {
  return sizeof(pool) + threads * sizeof(share);
}

edgelm_status edgelm_rt_pool_start(void *memory, size_t bytes, uint32_t threads, edgelm_options *options) {
  if (!memory || !options || threads == 0 || threads > MOST_THREADS)
    return EDGELM_INVALID_ARGUMENT;
  if ((uintptr_t)memory % LINE)
    return EDGELM_ARENA_UNALIGNED;
  if (bytes < edgelm_rt_pool_bytes(threads))
    return EDGELM_BUFFER_TOO_SMALL;
  pool *p = memory;
  p->threads = threads;
  p->items = 0;
  atomic_init(&p->round, 0);
  atomic_init(&p->stopping, 0);
  atomic_init(&p->finished, 0);
  atomic_init(&p->busy, 0);
  atomic_init(&p->sleepers, 0);
  if (pthread_mutex_init(&p->mutex, NULL))
    return EDGELM_NO_THREADS;
  if (pthread_cond_init(&p->wake, NULL)) {
    pthread_mutex_destroy(&p->mutex);
    return EDGELM_NO_THREADS;
  }
  for (uint32_t i = 0; i < threads; ++i) {
    atomic_init(&p->shares[i].ticket, 0);
    p->shares[i].index = i;
    p->shares[i].owner = p;
  }
  for (uint32_t i = 1; i < threads; ++i)
    if (pthread_create(&p->shares[i].thread, NULL, work, &p->shares[i])) {
      stop_workers(p, i);
      return EDGELM_NO_THREADS;
    }
  options->threads = threads;
  options->parallel_for = parallel_for;
  options->parallel_user = p;
  return EDGELM_OK;
}

void edgelm_rt_pool_stop(edgelm_options *options) {
  if (!options || options->parallel_for != parallel_for)
    return;
  pool *p = options->parallel_user;
  stop_workers(p, p->threads);
  options->threads = 0;
  options->parallel_for = NULL;
  options->parallel_user = NULL;
}
