// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Activations in int8: the kernel, and the loop that other kernels end with.
#pragma once

#include "Codegen/Kernels/KernelBuilder.h"
#include "Dialect/PackedLayout.h"

#include <string>

namespace edgelm {

/// Writes row `row` (index) of `output`, i8 [rows * layout.rowBytes()]. `value` gives `count` columns from `column` on and
/// may be called twice for each; lanes behind `count` do not matter.
void quantizeRow(KernelBuilder &k, const ActivationLayout &layout, mlir::Value output, Val row,
                 llvm::function_ref<Val(Val column, int64_t count)> value);

/// Memrefs: input [rows, columns] f32; output as above. Work items are rows; those below `n` are computed.
struct QuantizeRowsSpec {
  int64_t rows = 1;
  ActivationLayout layout;

  std::string name() const;
};
mlir::func::FuncOp getQuantizeRowsKernel(mlir::ModuleOp module, const QuantizeRowsSpec &spec, const IsaRow &isa);

} // namespace edgelm
