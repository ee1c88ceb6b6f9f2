// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// 64-bit x86 under Linux.
#include "Dialect/Targets/Rows.h"

namespace edgelm {

static constexpr std::string_view kLinux = "x86_64-unknown-linux-gnu";

// Has no AVX-VNNI and no AVX-512: products that need them are refused when they are opened there.
static constexpr std::string_view kEmulator = "qemu-x86_64 -cpu max";

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

// AMX for int8, in tiles; nothing of the CPU's other extensions.
static constexpr std::string_view kAmx =
    "cx16,sahf,popcnt,sse3,ssse3,sse4.1,sse4.2,avx,avx2,bmi,bmi2,f16c,fma,lzcnt,"
    "movbe,avx512f,avx512bw,avx512cd,avx512dq,avx512vl,avx512vnni,amx-tile,amx-int8";

static constexpr TargetRow kRows[] = {
    {.name = "x86-64-v2",
     .summary = "64-bit x86 with SSE4.2",
     .triple = kLinux,
     .cpu = "x86-64-v2",
     .isa = "x86-sse4.2",
     .runtime = "x86_64",
     .requiredFeatures = kLevel2,
     .emulator = kEmulator},
    {.name = "x86-64-v3",
     .summary = "64-bit x86 with AVX2 and FMA",
     .triple = kLinux,
     .cpu = "x86-64-v3",
     .isa = "x86-avx2",
     .runtime = "x86_64",
     .requiredFeatures = kLevel3,
     .emulator = kEmulator},
    {.name = "n100",
     .summary = "Intel Alder Lake N (N95, N100, N305)",
     .triple = kLinux,
     .cpu = "gracemont",
     .isa = "x86-avx-vnni",
     .runtime = "x86_64",
     .requiredFeatures = kGracemont,
     .emulator = kEmulator},
    {.name = "x86-64-v3-vnni",
     .summary = "64-bit x86 with AVX2 and AVX-VNNI",
     .triple = kLinux,
     .cpu = "x86-64-v3",
     .features = "+avxvnni",
     .isa = "x86-avx-vnni",
     .runtime = "x86_64",
     .requiredFeatures = kAvxVnni,
     .emulator = kEmulator},
    // Generic tuning prefers 256-bit vectors because of old Skylake servers; kernels are written for 512.
    {.name = "x86-64-v4",
     .summary = "64-bit x86 with AVX-512",
     .triple = kLinux,
     .cpu = "x86-64-v4",
     .features = "-prefer-256-bit",
     .isa = "x86-avx512",
     .runtime = "x86_64",
     .requiredFeatures = kLevel4,
     .emulator = kEmulator},
    {.name = "x86-64-v4-vnni",
     .summary = "64-bit x86 with AVX-512 and VNNI",
     .triple = kLinux,
     .cpu = "x86-64-v4",
     .features = "-prefer-256-bit,+avx512vnni",
     .isa = "x86-avx512-vnni",
     .runtime = "x86_64",
     .requiredFeatures = kAvx512Vnni,
     .emulator = kEmulator},
    {.name = "sapphirerapids",
     .summary = "64-bit x86 with AVX-512, VNNI and AMX for int8",
     .triple = kLinux,
     .cpu = "x86-64-v4",
     .tuneCpu = "sapphirerapids",
     .features = "-prefer-256-bit,+avx512vnni,+amx-tile,+amx-int8",
     .isa = "x86-amx",
     .runtime = "x86_64",
     .requiredFeatures = kAmx,
     .emulator = kEmulator},
};

std::span<const TargetRow> x86Targets() {
  return kRows;
}

} // namespace edgelm
