// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Definitions for generic kernels of ONNX's quantization operators.
#pragma once

#include "Codegen/Kernels/Generic.h"
#include "Codegen/Kernels/GenericElements.h"

#include "Dialect/EdgeLMDialect.h"

namespace edgelm {

Val quantized(const GenericOperands &o, QuantizeOp op, llvm::ArrayRef<mlir::Value> at);
Val dequantized(const GenericOperands &o, DequantizeOp op, llvm::ArrayRef<mlir::Value> at);

/// Whether `integerProduct` knows how the zero points spread: one for all, or one a column.
bool hasSimpleZeroPoints(MatMulIntegerOp op);
Val integerProduct(const GenericOperands &o, MatMulIntegerOp op, llvm::ArrayRef<mlir::Value> at);

} // namespace edgelm
