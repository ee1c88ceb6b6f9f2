// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The kernel of elementwise functions of f32 matrices, rows and scalars.
#pragma once

#include "Codegen/Kernels/KernelBuilder.h"

#include <optional>
#include <string>
#include <vector>

namespace edgelm {

/// Says everything that distinguishes one elementwise kernel from another.
///
/// Memrefs: each operand that is not a constant, then the output [rows, columns]; f32. Work items are rows; those below
/// `n` are computed. The output may be the buffer of a `Matrix` operand.
struct ElementwiseSpec {
  struct Operand {
    enum Shape {
      Matrix, ///< [rows, columns]
      Row,    ///< [columns], the same for each row
      Column, ///< [rows], the same for each column
      Scalar, ///< [1]
    };
    Shape shape = Matrix;
    /// A value known at compile time instead of a memref.
    std::optional<double> constant;
  };
  enum Kind { Unary, Binary, Glu };

  Kind kind = Unary;
  /// A row of the scalar function table; of `Glu` that of the gate.
  std::string function;
  std::vector<double> params;
  std::vector<Operand> operands;
  int64_t rows = 1, columns = 1;

  std::string name() const;
};

/// The kernel of that spec in `module`, made on first use.
mlir::func::FuncOp getElementwiseKernel(mlir::ModuleOp module, const ElementwiseSpec &spec, const IsaRow &isa);

} // namespace edgelm
