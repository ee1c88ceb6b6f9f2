// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The rows of the target table and how to find one.
#include "Dialect/Targets.h"

namespace edgelm {

static constexpr std::string_view kLinuxX86 = "x86_64-unknown-linux-gnu";

// Feature lists follow the x86-64 psABI, "Micro-architecture levels"; names as LLVM spells them.
static constexpr std::string_view kLevel2 = "cx16,sahf,popcnt,sse3,ssse3,sse4.1,sse4.2";
static constexpr std::string_view kLevel3 =
    "cx16,sahf,popcnt,sse3,ssse3,sse4.1,sse4.2,avx,avx2,bmi,bmi2,f16c,fma,lzcnt,movbe";
static constexpr std::string_view kLevel4 = "cx16,sahf,popcnt,sse3,ssse3,sse4.1,sse4.2,avx,avx2,bmi,bmi2,f16c,fma,"
                                            "lzcnt,movbe,avx512f,avx512bw,avx512cd,avx512dq,avx512vl";

static constexpr std::string_view kAvxVnni =
    "cx16,sahf,popcnt,sse3,ssse3,sse4.1,sse4.2,avx,avx2,bmi,bmi2,f16c,fma,lzcnt,movbe,avxvnni";
// What LLVM may use of it besides.
static constexpr std::string_view kGracemont =
    "cx16,sahf,popcnt,sse3,ssse3,sse4.1,sse4.2,avx,avx2,bmi,bmi2,f16c,fma,lzcnt,movbe,avxvnni,gfni";
static constexpr std::string_view kAvx512Vnni = "cx16,sahf,popcnt,sse3,ssse3,sse4.1,sse4.2,avx,avx2,bmi,bmi2,f16c,fma,"
                                                "lzcnt,movbe,avx512f,avx512bw,avx512cd,avx512dq,avx512vl,avx512vnni";

static constexpr TargetRow kTargets[] = {
    {"x86-64-v2", "64-bit x86 with SSE4.2", kLinuxX86, "x86-64-v2", "", "x86-sse4.2", kLevel2, true},
    {"x86-64-v3", "64-bit x86 with AVX2 and FMA", kLinuxX86, "x86-64-v3", "", "x86-avx2", kLevel3, true},
    {"n100", "Intel Alder Lake N (N95, N100, N305)", kLinuxX86, "gracemont", "", "x86-avx-vnni", kGracemont, true},
    {"x86-64-v3-vnni", "64-bit x86 with AVX2 and AVX-VNNI", kLinuxX86, "x86-64-v3", "+avxvnni", "x86-avx-vnni",
     kAvxVnni, true},
    // Generic tuning prefers 256-bit vectors because of old Skylake servers; kernels are written for 512.
    {"x86-64-v4", "64-bit x86 with AVX-512", kLinuxX86, "x86-64-v4", "-prefer-256-bit", "x86-avx512", kLevel4, true},
    {"x86-64-v4-vnni", "64-bit x86 with AVX-512 and VNNI", kLinuxX86, "x86-64-v4", "-prefer-256-bit,+avx512vnni",
     "x86-avx512-vnni", kAvx512Vnni, true},
};

TargetSpec TargetSpec::of(const TargetRow &row) {
  TargetSpec spec;
  spec.name = row.name;
  spec.triple = row.triple;
  spec.cpu = row.cpu;
  spec.features = row.features;
  spec.isa = row.isa;
  spec.requiredFeatures = row.requiredFeatures;
  spec.hosted = row.hosted;
  return spec;
}

std::span<const TargetRow> targetTable() {
  return kTargets;
}

const TargetRow *findTarget(std::string_view name) {
  for (const TargetRow &row : kTargets)
    if (row.name == name)
      return &row;
  return nullptr;
}

std::string targetNames() {
  std::string names = "host";
  for (const TargetRow &row : kTargets)
    names.append(", ").append(row.name);
  return names;
}

} // namespace edgelm
