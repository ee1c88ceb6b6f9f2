// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// mlir-opt with the edgelm dialect and passes, which also reads ONNX models.
#include "Codegen/CodegenPasses.h"
#include "Dialect/Import/Import.h"
#include "Passes/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "mlir/Transforms/Passes.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/ToolOutputFile.h"

using namespace mlir;

/// The imported model as text with locations, which MlirOptMain reads like any other input.
static LogicalResult runOnModel(llvm::StringRef model, llvm::StringRef outputName, DialectRegistry &registry) {
  MLIRContext context(registry);
  OwningOpRef<ModuleOp> module = edgelm::importModel(model, {}, &context);
  if (!module)
    return failure();
  std::string text;
  llvm::raw_string_ostream stream(text);
  module->print(stream, OpPrintingFlags().enableDebugInfo());
  std::error_code code;
  llvm::ToolOutputFile output(outputName, code, llvm::sys::fs::OF_None);
  if (code) {
    llvm::errs() << outputName << ": " << code.message() << "\n";
    return failure();
  }
  if (failed(MlirOptMain(output.os(), llvm::MemoryBuffer::getMemBufferCopy(text, model), registry,
                         MlirOptMainConfig::createFromCLOptions())))
    return failure();
  output.keep();
  return success();
}

int main(int argc, char **argv) {
  llvm::InitLLVM initialize(argc, argv);
  DialectRegistry registry;
  registry.insert<edgelm::EdgeLMDialect, func::FuncDialect>();
  edgelm::registerEdgeLMPasses();
  edgelm::registerEdgeLMPipelines();
  edgelm::registerEdgeLMCodegenPasses();
  registerTransformsPasses();
  // The text of the last phase parses too.
  edgelm::createLowerToKernels()->getDependentDialects(registry);
  llvm::cl::opt<std::string> model("import-onnx", llvm::cl::value_desc("file or folder"),
                                   llvm::cl::desc("Import this model instead of reading the input file"));
  auto [inputName, outputName] = registerAndParseCLIOptions(argc, argv, "EdgeLM optimizer driver\n", registry);
  if (!model.empty())
    return asMainReturnCode(runOnModel(model, outputName, registry));
  return asMainReturnCode(MlirOptMain(argc, argv, inputName, outputName, registry));
}
