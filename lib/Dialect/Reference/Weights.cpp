// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Trained parameters: views of mapped files.
#include "Dialect/CodedRows.h"
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

/// The matrix of K columns that was quantized when it was exported.
static FailureOr<CodedRows> openCodes(Operation *user, CodesAttr source, int64_t k) {
  return CodedRows::open(source, k, modelDirOf(user), [&] { return user->emitError(); });
}

static Tensor floatsOf(const CodedRows &coded, RankedTensorType type) {
  std::vector<float> values(type.getNumElements());
  coded.read(0, coded.rows(), values.data());
  return Tensor::fromDoubles(type.getShape(), type.getElementType(), std::vector<double>(values.begin(), values.end()));
}

TensorOr edgelm::evaluateOp(CodedWeightOp op, const Operands &) {
  RankedTensorType type = cast<RankedTensorType>(op.getType());
  FailureOr<CodedRows> coded = openCodes(op, op.getSource(), type.getDimSize(1));
  if (failed(coded))
    return failure();
  if (QType format = dyn_cast<QType>(type.getElementType())) {
    QuantizedRows rows;
    coded->read(0, coded->rows(), format.row(), rows);
    return packedRows(type, /*transposed=*/false, rows);
  }
  return floatsOf(*coded, type);
}

/// One source of a packed weight as the result's rows: [rows, K], or flat where the result is a vector.
static TensorOr packedSource(PackedWeightOp op, unsigned index) {
  RankedTensorType result = cast<RankedTensorType>(op.getType());
  Type stored = op.getStoredAs() ? cast<TypeAttr>((*op.getStoredAs())[index]).getValue() : result.getElementType();
  if (DenseElementsAttr elements = dyn_cast<DenseElementsAttr>(op.getSources()[index])) {
    Tensor tensor = Tensor::fromAttribute(elements);
    return op.getTransposed()[index] ? transposed(tensor, {1, 0}) : tensor;
  }
  if (CodesAttr source = dyn_cast<CodesAttr>(op.getSources()[index])) {
    FailureOr<CodedRows> coded = openCodes(op, source, result.getDimSize(1));
    if (failed(coded))
      return failure();
    return floatsOf(*coded, result.clone({coded->rows(), result.getDimSize(1)}, Float32Type::get(op.getContext())));
  }
  WeightAttr source = dyn_cast<WeightAttr>(op.getSources()[index]);
  if (!source)
    return op.emitError("expects sources that are weights, codes or dense elements");
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

/// All sources of a packed weight in the result's number format.
static FailureOr<QuantizedRows> packedCodes(PackedWeightOp op, QType format) {
  int64_t k = tensorType(op.getResult()).getDimSize(1);
  QuantizedRows all, part;
  all.resize(format.row(), 0, k);
  for (unsigned i = 0; i < op.getSources().size(); ++i) {
    CodesAttr codes = dyn_cast<CodesAttr>(op.getSources()[i]);
    if (codes && cast<TypeAttr>((*op.getStoredAs())[i]).getValue() == format) {
      FailureOr<CodedRows> coded = openCodes(op, codes, k);
      if (failed(coded))
        return failure();
      coded->read(0, coded->rows(), format.row(), part);
    } else {
      TensorOr values = packedSource(op, i);
      if (failed(values))
        return failure();
      std::vector<float> floats = values->toFloats();
      if (quantizeRows(format.row(), floats.data(), values->size() / k, k, k, part))
        return op.emitError("has an element that is not finite");
    }
    all.append(part);
  }
  return all;
}

TensorOr edgelm::evaluateOp(PackedWeightOp op, const Operands &) {
  RankedTensorType type = cast<RankedTensorType>(op.getType());
  if (QType format = dyn_cast<QType>(type.getElementType())) {
    FailureOr<QuantizedRows> rows = packedCodes(op, format);
    if (failed(rows))
      return failure();
    if (rows->rows != type.getDimSize(0))
      return op.emitError("has sources of ") << rows->rows << " rows for " << type;
    return packedRows(type, /*transposed=*/false, *rows);
  }
  std::vector<double> values;
  for (unsigned i = 0; i < op.getSources().size(); ++i) {
    TensorOr part = packedSource(op, i);
    if (failed(part))
      return failure();
    llvm::append_range(values, part->toDoubles());
  }
  if (static_cast<int64_t>(values.size()) != type.getNumElements())
    return op.emitError("has sources of ") << values.size() << " elements for " << type;
  return Tensor::fromDoubles(type.getShape(), type.getElementType(), values);
}
