// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// mlir-opt with the edgelm dialect and passes.
#include "Passes/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "mlir/Transforms/Passes.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  registry.insert<edgelm::EdgeLMDialect, mlir::func::FuncDialect>();
  edgelm::registerEdgeLMPasses();
  mlir::registerTransformsPasses();
  return mlir::asMainReturnCode(mlir::MlirOptMain(argc, argv, "EdgeLM optimizer driver\n", registry));
}
