// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Trained parameters: views of mapped files.
#include "Dialect/Reference/Families.h"
#include "Dialect/Reference/Quantized.h"
#include "Dialect/WeightStore.h"

#include <cstring>

using namespace mlir;
using namespace edgelm;

static TensorOr viewWeight(Operation *user, WeightAttr source, RankedTensorType type) {
  FailureOr<ArrayRef<uint8_t>> bytes = WeightStore::get(user->getContext()).bytes(source, user);
  if (failed(bytes))
    return failure();
  return Tensor::view(type, ArrayRef(reinterpret_cast<const char *>(bytes->data()), bytes->size()));
}

TensorOr edgelm::evaluateOp(WeightOp op, const Operands &) {
  return viewWeight(op, op.getSource(), cast<RankedTensorType>(op.getType()));
}

/// One source of a packed weight as the result's rows: [rows, K], or flat where the result is a vector.
static TensorOr packedSource(PackedWeightOp op, unsigned index) {
  RankedTensorType result = cast<RankedTensorType>(op.getType());
  Type stored = op.getStoredAs() ? cast<TypeAttr>((*op.getStoredAs())[index]).getValue() : result.getElementType();
  if (DenseElementsAttr elements = dyn_cast<DenseElementsAttr>(op.getSources()[index])) {
    Tensor tensor = Tensor::fromAttribute(elements);
    return op.getTransposed()[index] ? transposed(tensor, {1, 0}) : tensor;
  }
  WeightAttr source = dyn_cast<WeightAttr>(op.getSources()[index]);
  if (!source)
    return op.emitError("expects sources that are weights or dense elements");
  int64_t elements = source.getLength() / edgelm::elementBytes(stored);
  int64_t rowElements = elementCount(result.getShape().drop_front());
  int64_t rows = rowElements == 0 ? 0 : elements / rowElements;
  ShapeVector shape = op.getTransposed()[index] ? ShapeVector{rowElements, rows} : ShapeVector(result.getShape());
  if (!op.getTransposed()[index])
    shape[0] = rows;
  TensorOr tensor = viewWeight(op, source, RankedTensorType::get(shape, stored));
  if (failed(tensor) || !op.getTransposed()[index])
    return tensor;
  return transposed(*tensor, {1, 0});
}

TensorOr edgelm::evaluateOp(PackedWeightOp op, const Operands &) {
  RankedTensorType type = cast<RankedTensorType>(op.getType());
  std::vector<double> values;
  for (unsigned i = 0; i < op.getSources().size(); ++i) {
    TensorOr part = packedSource(op, i);
    if (failed(part))
      return failure();
    llvm::append_range(values, part->toDoubles());
  }
  if (static_cast<int64_t>(values.size()) != type.getNumElements())
    return op.emitError("has sources of ") << values.size() << " elements for " << type;
  if (isa<QType>(type.getElementType()))
    return quantizedMatrix(op, type, /*transposed=*/false, std::vector<float>(values.begin(), values.end()));
  return Tensor::fromDoubles(type.getShape(), type.getElementType(), values);
}
