// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Passes from the dialect towards machine code.
#ifndef EDGELM_CODEGEN_PASSES_TD
#define EDGELM_CODEGEN_PASSES_TD

include "mlir/Pass/PassBase.td"

def LowerToKernels : Pass<"edgelm-lower-to-kernels", "mlir::ModuleOp"> {
  let summary = "Turn entries into launches of kernels";
  let description = [{
    Expects packed entries with a memory plan (docs/plan.md section 5). Afterwards each entry is a function of the signature in
    docs/plan.md section 1 that computes pointers from offsets and calls `edgelm.launch`, with an `edgelm.poll` before
    each attention; kernels are private functions on offset-0 static memrefs, one for each distinct shape.

    Refuses operations that have no kernel, weights in panels of another width, and activations of other types than f32 where
    a kernel needs f32.
  }];
  let options = [Option<"isa", "isa", "std::string", "\"x86-avx512\"", "Row of the ISA table to build kernels for">,
                 Option<"schedule", "schedule", "std::string", "", "File of loop nests in place of the row's, lines such as `quantized.tile-rows = 4, 1`">];
  let statistics = [Statistic<"numKernels", "num-kernels", "Distinct kernels">];
  let dependentDialects = ["mlir::amx::AMXDialect", "mlir::arith::ArithDialect", "mlir::cf::ControlFlowDialect", "mlir::func::FuncDialect",
      "mlir::LLVM::LLVMDialect", "mlir::math::MathDialect", "mlir::memref::MemRefDialect", "mlir::scf::SCFDialect",
      "mlir::vector::VectorDialect"];
}

#endif // EDGELM_CODEGEN_PASSES_TD
