// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Measures single kernels on one core against the machine's own peak: G multiply-accumulates a second and GB/s.
//
// usage: edgelm-kernel-bench [target] [key=value ...]; keys override the linear schedule: m, m2, rs, mv, uk, dp, du, pf, next, fo,
// scratch; of attention: qb, rt. q=FORMAT measures quantized weights (and their schedule), act=0 with activations in f32.
#include "Codegen/HostTarget.h"
#include "Codegen/Kernels/Attention.h"
#include "Codegen/Kernels/Linear.h"
#include "KernelJit.h"

#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <immintrin.h>
#include <sys/mman.h>

using namespace edgelm;

static double secondsNow() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// The median time of `repeat` runs of `body`.
static double median(int repeat, llvm::function_ref<void()> body) {
  std::vector<double> times;
  for (int i = 0; i < repeat; ++i) {
    double start = secondsNow();
    body();
    times.push_back(secondsNow() - start);
  }
  std::sort(times.begin(), times.end());
  return times[times.size() / 2];
}

/// Zeroed memory in 2 MB pages where the system gives them.
static float *allocate(size_t bytes, bool hugePages = true) {
  bytes = (bytes + (2 << 20)) & ~size_t((2 << 20) - 1);
  void *memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (hugePages)
    madvise(memory, bytes, MADV_HUGEPAGE);
  memset(memory, 0, bytes);
  return static_cast<float *>(memory);
}

__attribute__((target("avx512f"), noinline)) static float fmaChains(int steps) {
  __m512 sums[16];
  for (int i = 0; i < 16; ++i)
    sums[i] = _mm512_set1_ps(float(i));
  __m512 x = _mm512_set1_ps(0.5f), y = _mm512_set1_ps(0.25f);
  for (int i = 0; i < steps; ++i)
#pragma clang loop unroll(full)
    for (int j = 0; j < 16; ++j)
      sums[j] = _mm512_fmadd_ps(sums[j], x, y);
  float total = 0;
  for (int i = 0; i < 16; ++i)
    total += _mm512_reduce_add_ps(sums[i]);
  return total;
}

static double peakGmacs512() {
  constexpr int steps = 200000;
  volatile float keep = 0;
  double time = median(15, [&] { keep = fmaChains(steps); });
  return 16.0 * 16 * steps / time * 1e-9;
}

__attribute__((target("avx2"), noinline)) static int readAll(const float *memory, size_t bytes) {
  __m256i sums[4] = {_mm256_setzero_si256(), _mm256_setzero_si256(), _mm256_setzero_si256(), _mm256_setzero_si256()};
  for (size_t i = 0; i < bytes; i += 128) {
    const char *at = reinterpret_cast<const char *>(memory) + i;
    _mm_prefetch(at + 4096, _MM_HINT_T0);
    _mm_prefetch(at + 4096 + 64, _MM_HINT_T0);
#pragma clang loop unroll(full)
    for (int j = 0; j < 4; ++j)
      sums[j] = _mm256_xor_si256(sums[j], _mm256_loadu_si256(reinterpret_cast<const __m256i *>(at + 32 * j)));
  }
  __m256i all = _mm256_xor_si256(_mm256_xor_si256(sums[0], sums[1]), _mm256_xor_si256(sums[2], sums[3]));
  return _mm256_extract_epi32(all, 0);
}

static double readGigabytes(const float *memory, size_t bytes, int repeat) {
  volatile int keep = 0;
  double time = median(repeat, [&] { keep = readAll(memory, bytes); });
  return double(bytes) / time * 1e-9;
}

static int64_t setting(int argc, char **argv, llvm::StringRef key, int64_t fallback) {
  for (int i = 1; i < argc; ++i)
    if (llvm::StringRef(argv[i]).starts_with((key + "=").str()))
      return atoll(argv[i] + key.size() + 1);
  return fallback;
}

struct Shape {
  int64_t rows, k, n;
  bool glu;
};

/// Attention of LLaMA shapes (12 heads of 64): a chunk of 128 from position 0, and one token behind 128, 480 and 2000.
static void measureAttention(const TargetSpec &target, const IsaRow &isa, float *pool, float *input, float *output,
                             double peak) {
  for (auto [rows, pos] : {std::pair<int64_t, int64_t>{128, 0}, {1, 128}, {1, 480}, {1, 2000}}) {
    AttentionSpec spec;
    spec.rows = rows;
    spec.heads = spec.groups = 12;
    spec.keys = 2048;
    spec.headDim = spec.valueDim = 64;
    spec.cached = spec.causal = true;
    spec.scale = 0.125;
    std::string name;
    KernelJit jit(
        target,
        [&](mlir::ModuleOp module, const IsaRow &row) {
          spec.keyType = mlir::Float32Type::get(module.getContext());
          name = getAttentionKernel(module, spec, row).getName().str();
        },
        &isa);
    Task task = jit.task(name);
    int64_t items = spec.workItems(isa);
    size_t cache = 12 * 2048 * 64, next = 0;
    double time = median(51, [&] {
      // Twelve layers.
      float *layer = pool + (next++ % 12) * 2 * cache;
      void *buffers[] = {input, layer, layer + cache, output};
      task(buffers, int32_t(pos), int32_t(rows), 0, int32_t(items));
    });
    double pairs = rows == 1 ? double(pos + 1) : rows * (rows + 1) / 2.0;
    double macs = pairs * 12 * 64 * 2;
    llvm::outs() << llvm::format("attention %4lld rows at %4lld %8.1f us %7.1f GMAC/s (%4.1f %%)\n", (long long)rows,
                                 (long long)pos, time * 1e6, macs / time * 1e-9, 100 * macs / time * 1e-9 / peak);
  }
}

int main(int argc, char **argv) {
  bool named = argc > 1 && !strchr(argv[1], '=');
  std::optional<TargetSpec> target = resolveTarget(named ? argv[1] : "host");
  if (!target || !runsHere(*target)) {
    llvm::errs() << "unknown target or not one of this machine; known: " << targetNames() << "\n";
    return 1;
  }
  IsaRow isa = *findIsa(target->isa);
  const FormatRow *format = nullptr;
  for (int i = 1; i < argc; ++i)
    if (llvm::StringRef(argv[i]).starts_with("q="))
      format = findFormat(argv[i] + 2);
  LinearSchedule &schedule = format ? isa.schedules.quantized : isa.schedules.linear;
  schedule.tileRows[0] = setting(argc, argv, "m", schedule.tileRows[0]);
  schedule.tileRows[1] = setting(argc, argv, "m2", schedule.tileRows[1]);
  schedule.rowScaleTileRows = setting(argc, argv, "rs", schedule.rowScaleTileRows);
  schedule.tileVectors = setting(argc, argv, "mv", schedule.tileVectors);
  schedule.scratchBytes = setting(argc, argv, "scratch", schedule.scratchBytes);
  schedule.unrollK = setting(argc, argv, "uk", schedule.unrollK);
  schedule.decodePanels = setting(argc, argv, "dp", schedule.decodePanels);
  schedule.decodeUnrollK = setting(argc, argv, "du", schedule.decodeUnrollK);
  schedule.decodePrefetchBytes = setting(argc, argv, "pf", schedule.decodePrefetchBytes);
  isa.schedules.attention.queryBlock = setting(argc, argv, "qb", isa.schedules.attention.queryBlock);
  isa.schedules.attention.rowsTogether = setting(argc, argv, "rt", isa.schedules.attention.rowsTogether);
  schedule.fetchedOutputBytes = setting(argc, argv, "fo", schedule.fetchedOutputBytes);
  schedule.prefetchNextPanel = setting(argc, argv, "next", schedule.prefetchNextPanel);

  constexpr size_t poolBytes = size_t(384) << 20;
  float *pool = allocate(poolBytes, setting(argc, argv, "huge", 1));
  float *input = allocate(4 << 20), *output = allocate(32 << 20, setting(argc, argv, "huge", 1));
  // Scales are normal numbers, whether of f16 or f32: where f16 widens by integers, a subnormal one takes a hundred cycles.
  if (format)
    memset(pool, 0x2c, poolBytes);
  double peak = __builtin_cpu_supports("avx512f") ? peakGmacs512() : 0;
  double band = readGigabytes(pool, poolBytes, 5);
  llvm::outs() << llvm::format("%s (%s): fma peak (512 bit) %.1f GMAC/s, read %.1f GB/s from memory\n",
                               target->name.c_str(), target->isa.c_str(), peak, band);

  const Shape shapes[] = {{128, 768, 2048, false},  {128, 768, 768, false},   {128, 2048, 768, false},
                          {128, 768, 2304, false},  {128, 768, 2048, true},   {128, 288, 768, false},
                          {128, 288, 32000, false}, {128, 768, 32000, false}, {16, 768, 2048, false},
                          {1, 768, 2304, false},    {1, 2048, 768, false},    {1, 768, 2048, true},
                          {1, 768, 32000, false},   {1, 288, 768, false}};
  int64_t only = setting(argc, argv, "rows", 0);
  for (const Shape &shape : shapes) {
    if (only && shape.rows != only)
      continue;
    std::string name;
    int64_t items = 0, panels = 0;
    LinearSpec spec;
    double compileStart = secondsNow();
    KernelJit jit(
        *target,
        [&](mlir::ModuleOp module, const IsaRow &row) {
          spec.rows = shape.rows;
          spec.k = shape.k;
          spec.n = shape.n;
          spec.glu = shape.glu;
          spec.activation = shape.glu ? "silu" : "";
          spec.format = format;
          spec.int8Input = format && setting(argc, argv, "act", 1);
          if (!format)
            spec.weightType = mlir::Float32Type::get(module.getContext());
          items = spec.workItems(row);
          panels = spec.panels(row);
          name = getLinearKernel(module, spec, row).getName().str();
        },
        &isa);
    Task task = jit.task(name);
    double compileTime = secondsNow() - compileStart;
    size_t matrixBytes = format ? spec.weightLayout(isa).bytes() : size_t(panels) * isa.panel * shape.k * 4;
    size_t weightBytes = matrixBytes * (shape.glu ? 2 : 1);
    size_t copies = poolBytes / weightBytes;
    size_t next = 0;
    // Every call reads other weights, as the layers of a model do.
    double time = median(shape.rows == 1 ? int(3 * copies) : 31, [&] {
      char *weights = reinterpret_cast<char *>(pool) + next * weightBytes;
      next = (next + 1) % copies;
      void *plain[] = {input, weights, output};
      void *glu[] = {input, weights, weights + matrixBytes, output};
      task(shape.glu ? glu : plain, 0, int32_t(shape.rows), 0, int32_t(items));
    });
    double macs = double(shape.rows) * shape.k * shape.n * (shape.glu ? 2 : 1);
    llvm::outs() << llvm::format("%4lld x %5lld x %6lld %-4s %8.1f us %7.1f GMAC/s (%4.1f %%)  weights %6.1f GB/s "
                                 "(%5.1f %%), compiled in %.2f s\n",
                                 (long long)shape.rows, (long long)shape.k, (long long)shape.n, shape.glu ? "glu" : "",
                                 time * 1e6, macs / time * 1e-9, 100 * macs / time * 1e-9 / peak,
                                 double(weightBytes) / time * 1e-9, 100 * double(weightBytes) / time * 1e-9 / band,
                                 compileTime);
  }
  if (!only || only == 2)
    measureAttention(*target, isa, pool, input, output, peak);
  return 0;
}
