// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One conversion of everything to the LLVM dialect, with bare pointers and the target's index width, and its
// translation.
#include "Codegen/LowerToLlvm.h"
#include "Codegen/LaunchLowering.h"

#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/FuncToLLVM/ConvertFuncToLLVM.h"
#include "mlir/Conversion/IndexToLLVM/IndexToLLVM.h"
#include "mlir/Conversion/LLVMCommon/ConversionTarget.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Conversion/MathToLLVM/MathToLLVM.h"
#include "mlir/Conversion/MemRefToLLVM/MemRefToLLVM.h"
#include "mlir/Conversion/SCFToControlFlow/SCFToControlFlow.h"
#include "mlir/Conversion/UBToLLVM/UBToLLVM.h"
#include "mlir/Conversion/VectorToLLVM/ConvertVectorToLLVM.h"
#include "mlir/Dialect/AMX/AMXDialect.h"
#include "mlir/Dialect/AMX/Transforms.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/DLTI/DLTI.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/Transforms/LoweringPatterns.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "mlir/Target/LLVMIR/Import.h"
#include "mlir/Transforms/DialectConversion.h"
#include "mlir/Transforms/Passes.h"

#include "llvm/IR/Module.h"
#include "llvm/TargetParser/Triple.h"

namespace edgelm {

void registerLlvmLowering(mlir::DialectRegistry &registry) {
  registry.insert<mlir::LLVM::LLVMDialect, mlir::DLTIDialect, mlir::amx::AMXDialect, mlir::scf::SCFDialect,
                  mlir::cf::ControlFlowDialect>();
  mlir::registerBuiltinDialectTranslation(registry);
  mlir::registerLLVMDialectTranslation(registry);
}

/// States the target's data layout in the module, also the width of `index`, which LLVM's string does not know.
static void setDataLayout(mlir::ModuleOp module, const llvm::DataLayout &layout, unsigned indexBits) {
  mlir::MLIRContext *context = module.getContext();
  // translateDataLayout needs them loaded.
  context->loadDialect<mlir::LLVM::LLVMDialect, mlir::DLTIDialect>();
  mlir::DataLayoutSpecInterface spec = mlir::translateDataLayout(layout, context);
  llvm::SmallVector<mlir::DataLayoutEntryInterface> entries;
  bool hasIndex = false;
  for (mlir::DataLayoutEntryInterface entry : spec.getEntries()) {
    mlir::Type type = llvm::dyn_cast_if_present<mlir::Type>(entry.getKey());
    hasIndex |= type && llvm::isa<mlir::IndexType>(type);
    entries.push_back(entry);
  }
  if (!hasIndex)
    entries.push_back(mlir::DataLayoutEntryAttr::get(
        mlir::IndexType::get(context), mlir::IntegerAttr::get(mlir::IntegerType::get(context, 32), indexBits)));
  module->setAttr(mlir::DLTIDialect::kDataLayoutAttrName, mlir::DataLayoutSpecAttr::get(context, entries));
}

static mlir::LogicalResult convert(mlir::ModuleOp module, const llvm::DataLayout &layout, unsigned indexBits) {
  mlir::MLIRContext *context = module.getContext();
  mlir::PassManager passes(context);
  passes.addPass(mlir::createSCFToControlFlowPass());
  passes.addPass(mlir::createCanonicalizerPass());
  passes.addPass(mlir::createCSEPass());
  if (mlir::failed(passes.run(module)))
    return mlir::failure();

  declareRuntime(module);
  mlir::LowerToLLVMOptions options(context);
  options.overrideIndexBitwidth(indexBits);
  options.useBarePtrCallConv = true;
  options.dataLayout = layout;
  mlir::LLVMTypeConverter types(context, options);
  mlir::LLVMConversionTarget target(*context);
  target.addLegalOp<mlir::ModuleOp>();
  mlir::RewritePatternSet patterns(context);
  mlir::vector::populateVectorMaskOpLoweringPatterns(patterns);
  mlir::vector::populateVectorBroadcastLoweringPatterns(patterns);
  mlir::populateVectorToLLVMConversionPatterns(types, patterns);
  mlir::populateFinalizeMemRefToLLVMConversionPatterns(types, patterns);
  mlir::SymbolTableCollection symbols;
  mlir::populateFuncToLLVMConversionPatterns(types, patterns, &symbols);
  mlir::arith::populateArithToLLVMConversionPatterns(types, patterns);
  mlir::cf::populateControlFlowToLLVMConversionPatterns(types, patterns);
  mlir::index::populateIndexToLLVMConversionPatterns(types, patterns);
  mlir::ub::populateUBToLLVMConversionPatterns(types, patterns);
  mlir::populateMathToLLVMConversionPatterns(types, patterns);
  mlir::populateAMXLegalizeForLLVMExportPatterns(types, patterns);
  populateLaunchConversionPatterns(types, patterns);
  if (mlir::failed(mlir::applyFullConversion(module, target, std::move(patterns))))
    return module.emitError("cannot lower to the LLVM dialect");
  return mlir::success();
}

void setTargetAttributes(llvm::Module &module, const TargetSpec &target) {
  for (llvm::Function &function : module) {
    if (function.isDeclaration())
      continue;
    function.removeFnAttr("no-builtins");
    function.addFnAttr("target-cpu", target.cpu);
    function.addFnAttr("tune-cpu", target.tuneCpu.empty() ? target.cpu : target.tuneCpu);
    if (target.features.empty())
      function.removeFnAttr("target-features");
    else
      function.addFnAttr("target-features", target.features);
    // Unwind tables would ask for a personality routine on ARM, and there is nothing to unwind.
    function.addFnAttr(llvm::Attribute::NoUnwind);
  }
}

std::unique_ptr<llvm::Module> lowerToLlvm(mlir::ModuleOp module, const TargetSpec &target, llvm::LLVMContext &context) {
  llvm::Triple triple(target.triple);
  llvm::DataLayout layout(triple.computeDataLayout());
  unsigned indexBits = layout.getPointerSizeInBits();
  setDataLayout(module, layout, indexBits);
  if (mlir::failed(convert(module, layout, indexBits)))
    return nullptr;
  for (mlir::LLVM::LLVMFuncOp function : llvm::to_vector(module.getOps<mlir::LLVM::LLVMFuncOp>()))
    if (function->hasAttr(kKernelAttr)) {
      function.setLinkage(mlir::LLVM::Linkage::Internal);
      addTask(function);
    }
  std::unique_ptr<llvm::Module> result = mlir::translateModuleToLLVMIR(module, context);
  if (!result) {
    module.emitError("cannot translate to LLVM IR");
    return nullptr;
  }
  result->setTargetTriple(triple);
  result->setDataLayout(layout);
  setTargetAttributes(*result, target);
  return result;
}

} // namespace edgelm
