// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Verifiers of the types and operations of number formats.
#include "Dialect/EdgeLMDialect.h"
#include "Dialect/PackedLayout.h"

using namespace mlir;
using namespace edgelm;

LogicalResult QType::verify(llvm::function_ref<InFlightDiagnostic()> emitError, StringRef format) {
  const FormatRow *row = findFormat({format.data(), format.size()});
  if (row && !row->isFloat() && StringRef(row->name.data(), row->name.size()) == format)
    return success();
  std::string names;
  for (const FormatRow &known : formatTable())
    if (!known.isFloat())
      names.append(names.empty() ? "" : ", ").append(known.name);
  return emitError() << "(C1) expects a quantized format, got \"" << format << "\"; known formats: " << names;
}

const FormatRow &QType::row() const {
  return *findFormat({getFormat().data(), getFormat().size()});
}

LogicalResult Int8RowsType::verify(llvm::function_ref<InFlightDiagnostic()> emitError, int64_t group, bool zeros,
                                   bool paired) {
  if (group < 0 || group % kColumnUnit != 0)
    return emitError() << "(C1) expects a group that is 0 or a multiple of " << kColumnUnit << ", got " << group;
  if (zeros && group != 0)
    return emitError() << "(C2) expects zero points for whole rows only, got groups of " << group;
  if (zeros && paired)
    return emitError() << "(C3) expects rows with zero points not to be paired";
  return success();
}

LogicalResult CodedWeightOp::verify() {
  size_t count = getSource().getSources().size();
  bool hasTypes = llvm::all_of(getSource().getTypes(), [](Attribute type) {
    return isa<TypeAttr>(type) && isa<RankedTensorType>(cast<TypeAttr>(type).getValue());
  });
  if (count < 2 || count > 3 || getSource().getTypes().size() != count || !hasTypes)
    return emitOpError("(C1) expects codes, scales and perhaps zero points, and a tensor type for each");
  RankedTensorType result = tensorType(getResult());
  bool isKnown = isa<QType>(result.getElementType()) || result.getElementType().isF32();
  if (result.getRank() != 2 || !result.hasStaticShape() || !isKnown)
    return emitOpError("(C2) expects a matrix of f32 or of a number format, got ") << result;
  return success();
}

LogicalResult QuantizeWeightOp::verify() {
  RankedTensorType weight = tensorType(getWeight()), result = tensorType(getResult());
  if (weight.getRank() != 2 || !isa<FloatType>(weight.getElementType()))
    return emitOpError("(C1) expects a matrix of floats, got ") << weight;
  if (result.getShape() != weight.getShape())
    return emitOpError("(C2) expects a result of the shape of ") << weight << ", got " << result;
  if (getAxis() != 0 && getAxis() != 1)
    return emitOpError("(C3) expects groups along axis 0 or 1, got ") << getAxis();
  return success();
}

LogicalResult QuantizeRowsOp::verify() {
  RankedTensorType input = tensorType(getInput()), result = tensorType(getResult());
  if (input.getRank() == 0 || !input.getElementType().isF32())
    return emitOpError("(C1) expects rows of f32, got ") << input;
  if (result.getShape() != input.getShape() || !isa<Int8RowsType>(result.getElementType()))
    return emitOpError("(C2) expects int8_rows of the shape of ") << input << ", got " << result;
  return success();
}
