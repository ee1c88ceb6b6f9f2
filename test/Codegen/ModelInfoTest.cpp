// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What tells two products apart.
#include "Codegen/ModelInfo.h"
#include "Dialect/EdgeLMDialect.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Parser/Parser.h"
#include <gtest/gtest.h>

using namespace edgelm;

/// Fingerprint of a decoder whose cache has rows of `headDim` elements.
static std::string fingerprint(const std::string &elementType, int64_t headDim) {
  mlir::MLIRContext context;
  context.loadDialect<EdgeLMDialect, mlir::func::FuncDialect>();
  std::string cache = "tensor<2x16x" + std::to_string(headDim) + "x" + elementType + ">";
  mlir::OwningOpRef<mlir::ModuleOp> module = mlir::parseSourceString<mlir::ModuleOp>(
      "module attributes {edgelm.model = \"m\", edgelm.weight_bytes = 0 : i64, edgelm.arena_bytes = 4096 : i64, "
      "edgelm.regions = {}} {\nfunc.func @decode(%cache: " +
          cache + " {edgelm.role = \"key_cache\", edgelm.offset = 64 : i64}) { return }\n}",
      &context);
  return llvm::cantFail(gatherModelInfo(*module)).fingerprint;
}

TEST(ModelInfo, the_fingerprint_tells_number_formats_of_the_cache_apart) {
  // Rows of 20 bytes: 5 x 4, and 5 codes padded to 16 with their scale; 10 x 2, and 10 codes.
  EXPECT_NE(fingerprint("f32", 5), fingerprint("!edgelm.int8_cache", 5));
  EXPECT_NE(fingerprint("f16", 10), fingerprint("!edgelm.int8_cache", 10));
  EXPECT_EQ(fingerprint("f16", 10), fingerprint("f16", 10));
}
