// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Sizes of tensors by element type.
#include "Dialect/Storage.h"
#include "Dialect/EdgeLMDialect.h"

using namespace mlir;

namespace edgelm {

ActivationLayout activationLayout(RankedTensorType type) {
  if (isa<Int8CacheType>(type.getElementType()))
    return ActivationLayout::compact(type.getShape().back());
  Int8RowsType rows = cast<Int8RowsType>(type.getElementType());
  return {type.getShape().back(), rows.getGroup(), /*isCompact=*/false, rows.getZeros(), rows.getPaired()};
}

PackedLayout packedLayout(RankedTensorType type, int64_t panel, bool columnsApart, bool isPaired) {
  const FormatRow *format = &cast<QType>(type.getElementType()).row();
  return {format, type.getDimSize(0), type.getDimSize(1), panel, columnsApart, isPaired};
}

/// Bytes of `elements` that lie side by side, each in whole bytes.
static int64_t plainBytes(int64_t elements, Type elementType) {
  return elements * llvm::divideCeil(elementType.getIntOrFloatBitWidth(), 8);
}

int64_t bufferBytes(RankedTensorType type) {
  if (!isa<Int8RowsType, Int8CacheType>(type.getElementType()))
    return plainBytes(type.getNumElements(), type.getElementType());
  ActivationLayout layout = activationLayout(type);
  return layout.k == 0 ? 0 : type.getNumElements() / layout.k * layout.rowBytes();
}

int64_t packedBytes(RankedTensorType type, int64_t panel) {
  if (isa<QType>(type.getElementType()))
    return packedLayout(type, panel).bytes();
  int64_t elements = type.getNumElements();
  if (panel)
    elements = llvm::alignTo(type.getDimSize(0), panel) * type.getDimSize(1);
  return plainBytes(elements, type.getElementType());
}

} // namespace edgelm
