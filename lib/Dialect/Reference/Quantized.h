// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Tensors of codes in the reference evaluator.
//
// A tensor of `!edgelm.q` holds its matrix W[N, K] as PackedLayout with panels of one row; which of its dimensions is K
// is known to its readers (`transposed`: the first). One of `!edgelm.int8_rows` or `!edgelm.int8_cache` holds each row as ActivationLayout says.
#pragma once

#include "Dialect/Codec.h"
#include "Dialect/EdgeLMDialect.h"
#include "Dialect/Reference/Families.h"

namespace edgelm {

/// The matrix of `values`, [N, K], in the format of `type`, whose shape is [K, N] where `transposed`. An element that is
/// NaN or infinite is an error at `op`.
TensorOr quantizedMatrix(mlir::Operation *op, mlir::RankedTensorType type, bool transposed,
                         const std::vector<float> &values);

/// The matrix of `rows`, [N, K], which has the format of `type`; the shape is [K, N] where `transposed`.
Tensor packedRows(mlir::RankedTensorType type, bool transposed, const QuantizedRows &rows);

/// Rows [first, first + count) of such a matrix.
QuantizedRows rowsOf(const Tensor &matrix, bool transposed, int64_t first, int64_t count);

/// Rows of f32 as codes of `!edgelm.int8_rows` or `!edgelm.int8_cache`.
Tensor quantizedRows(const Tensor &input, mlir::Type elementType);

/// What a tensor of `!edgelm.int8_cache` stands for, or the elements of another.
std::vector<float> cachedFloats(const Tensor &cache);

/// Activations of `!edgelm.int8_rows` times a matrix, [rows, N], in the order of docs/quantization.md.
std::vector<float> productOfCodes(const Tensor &input, const Tensor &matrix, bool transposed);

} // namespace edgelm
