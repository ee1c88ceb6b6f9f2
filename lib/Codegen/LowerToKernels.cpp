// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Lowers every entry of a module in turn.
#include "Codegen/CodegenPasses.h"
#include "Codegen/EntryLowering.h"
#include "Codegen/LowerToLlvm.h"
#include "Codegen/ScheduleFile.h"

#include "mlir/Dialect/AMX/AMXDialect.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

namespace edgelm {
#define GEN_PASS_DEF_LOWERTOKERNELS
#include "Codegen/CodegenPasses.h.inc"

namespace {

struct LowerToKernels : impl::LowerToKernelsBase<LowerToKernels> {
  using LowerToKernelsBase::LowerToKernelsBase;

  void runOnOperation() override {
    mlir::ModuleOp module = getOperation();
    const IsaRow *row = findIsa(isa.getValue());
    if (!row) {
      std::string known;
      for (const IsaRow *candidate : isaTable())
        known.append(known.empty() ? "" : ", ").append(candidate->name);
      module.emitError("unknown ISA '") << isa << "'; known: " << known;
      return signalPassFailure();
    }
    IsaRow chosen = *row;
    if (!schedule.empty())
      if (llvm::Error error = readSchedules(schedule, chosen.schedules)) {
        module.emitError(llvm::toString(std::move(error)));
        return signalPassFailure();
      }
    for (mlir::func::FuncOp entry : llvm::to_vector(module.getOps<mlir::func::FuncOp>()))
      if (!entry.isPrivate() && !entry.isExternal() && mlir::failed(EntryLowering(entry, chosen).run()))
        return signalPassFailure();
    for (mlir::func::FuncOp function : module.getOps<mlir::func::FuncOp>())
      numKernels += function->hasAttr(kKernelAttr);
  }
};

} // namespace
} // namespace edgelm
