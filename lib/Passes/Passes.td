// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Every pass, in the order of the phases.
#ifndef EDGELM_PASSES_TD
#define EDGELM_PASSES_TD

include "mlir/Pass/PassBase.td"

def DropUnused : Pass<"edgelm-drop-unused", "mlir::ModuleOp"> {
  let summary = "Remove operations whose results nobody uses";
  let description = [{
    Erases every pure operation of the module's functions that has no use, in one sweep from the end to the start.
  }];
  let statistics = [Statistic<"numDropped", "num-dropped", "Operations removed">];
}

#endif // EDGELM_PASSES_TD
