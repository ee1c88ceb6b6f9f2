// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Kernels that normalise rows: RMS norm, layer norm and softmax.
#pragma once

#include "Codegen/Kernels/QuantizeRows.h"

#include <optional>
#include <string>

namespace edgelm {

/// What a row is divided by.
enum class NormKind { Rms, Layer, Softmax, LogSoftmax };

/// Says everything that distinguishes one row normalisation from another.
///
/// Memrefs: input [rows, columns]; weight [columns] (Rms, Layer); bias [columns] (Layer, when `bias`); output
/// [rows, columns]; all f32, but for an output that is `quantized` (i8, as QuantizeRowsSpec's). Work items are rows; those below `n` are computed. Input and output may be one buffer.
struct NormSpec {
  NormKind kind = NormKind::Rms;
  int64_t rows = 1, columns = 1;
  double epsilon = 0;
  bool bias = false;
  /// A weight or bias of one value instead of its memref.
  std::optional<double> constantWeight, constantBias;
  /// How the output of Rms and Layer is quantized, if it is.
  std::optional<ActivationLayout> quantized;

  std::string name() const;
};

/// The kernel of that spec in `module`, made on first use.
mlir::func::FuncOp getNormKernel(mlir::ModuleOp module, const NormSpec &spec, const IsaRow &isa);

} // namespace edgelm
