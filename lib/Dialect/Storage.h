// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How many bytes a tensor takes in memory, whatever its element type.
#pragma once

#include "Dialect/PackedLayout.h"
#include "mlir/IR/BuiltinTypes.h"

namespace edgelm {

/// Layout of a row of a tensor of `!edgelm.int8_rows` or `!edgelm.int8_cache`.
ActivationLayout activationLayout(mlir::RankedTensorType type);

/// Layout of a matrix [N, K] of `!edgelm.q`.
PackedLayout packedLayout(mlir::RankedTensorType type, int64_t panel, bool columnsApart = false, bool isPaired = false);

/// Bytes of a tensor of static shape in a session's arena; i1 takes a byte. Tensors of `!edgelm.q` never lie there.
int64_t bufferBytes(mlir::RankedTensorType type);

/// Bytes of an `edgelm.packed_weight` of that type in the product, with the padding of its panels.
int64_t packedBytes(mlir::RankedTensorType type, int64_t panel);

} // namespace edgelm
