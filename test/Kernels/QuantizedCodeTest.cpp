// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Which instructions the quantized linear kernels of an instruction set consist of.
#include "Codegen/Kernels/Linear.h"
#include "KernelJit.h"

#include "gtest/gtest.h"

using namespace edgelm;

namespace {

/// Which instructions the inner loop of a format must consist of.
struct Instructions {
  const char *target, *format;
  std::vector<const char *> found, absent;
};

TEST(QuantizedLinearCode, UsesTheDotProductsOfTheIsa) {
  const Instructions all[] = {
      {"x86-64-v2", "int4_g32", {"pmaddubsw", "pmaddwd"}, {"vpmaddubsw", "callq"}},
      {"x86-64-v2", "nf4_g64", {"pshufb", "pmaddubsw"}, {"callq"}},
      {"x86-64-v3", "int4_g32", {"vpmaddubsw", "vpmaddwd", "%ymm"}, {"%zmm", "vpdpbusd"}},
      {"x86-64-v3", "int8", {"vpsignb", "vpmaddubsw"}, {"vpdpbusd"}},
      {"x86-64-v3-vnni", "int4_g32", {"vpdpbusd", "%ymm"}, {"%zmm", "vpmaddubsw"}},
      {"n100", "nf4_g64", {"vpdpbusd", "vpshufb"}, {"%zmm", "vpmaddubsw"}},
      {"x86-64-v4", "int8_g32", {"vpmaddubsw", "vpmaddwd", "%zmm"}, {"vpdpbusd"}},
      {"x86-64-v4-vnni", "int4_g32", {"vpdpbusd", "%zmm"}, {"vpmaddubsw", "callq"}},
      {"x86-64-v4-vnni", "int4p_g64", {"vpmullw", "vpdpbusd"}, {"vpmaddubsw"}},
      {"rpi2", "int8", {"vmull.s8", "vmlal.s8", "vpadal.s16"}, {}},
      {"rpi2", "nf4_g64", {"vtbl.8", "vmlal.s8"}, {}},
      {"rpi4", "int8", {"smull\t", "smull2\t", "smlal\t", "smlal2\t", "sadalp"}, {"sdot", "mul\tw"}},
      {"rpi4", "int4_g32", {"smlal\t", "smlal2\t", "addp\t", "sadalp"}, {"sdot"}},
      {"rpi4", "nf4_g64", {"tbl\t", "smlal\t"}, {"sdot"}},
      {"rpi5", "int8", {"sdot\tv", ".4b["}, {"smull", "ld1r"}},
      {"rpi5", "int4_g32", {"sdot\tv", ".4b[", "ushr\tv"}, {"smull"}},
      {"jetson-orin", "nf4_g64", {"tbl\t", "sdot\tv"}, {"smull"}},
      {"bpi-f3", "int8", {"vle8.v", "vwmul.vx", "vwmacc.vx", "vwadd.wv"}, {"vlseg", "vluxei", "vrgather"}},
      {"bpi-f3", "int4_g32", {"vle8.v", "vwmaccsu.vx", "vsrl.vi"}, {"vlseg", "vluxei", "vrgather"}},
      {"visionfive2", "int8", {"ld\t", "xor\t", "mul\t"}, {"mulw"}},
      {"visionfive2", "int4_g32", {"ld\t", "srli\t", "mul\t"}, {"mulw"}},
      {"bpi-f3", "nf4_g64", {"vrgather.vv", "vwmacc.vx"}, {"vluxei"}},
  };
  for (const Instructions &row : all) {
    SCOPED_TRACE(std::string(row.target) + " " + row.format);
    std::string text =
        kernelAssembly(TargetSpec::of(*findTarget(row.target)), [&](mlir::ModuleOp module, const IsaRow &isa) {
          LinearSpec spec;
          spec.k = 256;
          spec.n = 64;
          spec.format = findFormat(row.format);
          spec.int8Input = true;
          getLinearKernel(module, spec, isa);
        });
    for (const char *name : row.found)
      EXPECT_NE(text.find(name), std::string::npos) << name;
    for (const char *name : row.absent)
      EXPECT_EQ(text.find(name), std::string::npos) << name;
  }
}

/// What the matmul and the matvec of a format become where there are tiles.
TEST(QuantizedLinearCode, MultipliesManyRowsOnTiles) {
  for (const char *format : {"int8", "int4_g32", "int4_g128", "int4p_g64"})
    for (int64_t rows : {1, 128}) {
      SCOPED_TRACE(format + std::to_string(rows));
      std::string text =
          kernelAssembly(TargetSpec::of(*findTarget("sapphirerapids")), [&](mlir::ModuleOp module, const IsaRow &isa) {
            LinearSpec spec;
            spec.rows = rows;
            spec.k = 256;
            spec.n = 64;
            spec.format = findFormat(format);
            spec.int8Input = true;
            getLinearKernel(module, spec, isa);
          });
      EXPECT_NE(text.find("vpdpbusd"), std::string::npos);
      for (const char *name : {"ldtilecfg", "tileloadd", "tdpbsud", "tilestored"})
        EXPECT_EQ(text.find(name) != std::string::npos, rows > 1) << name;
      EXPECT_EQ(text.find("(%rsp), %tmm"), std::string::npos) << "a tile is kept in memory";
    }
}

} // namespace
