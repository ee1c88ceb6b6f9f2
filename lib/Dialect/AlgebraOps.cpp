// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Verifiers and folders of the algebra operations.
#include "Dialect/EdgeLMDialect.h"
#include "Dialect/ScalarFunctions.h"

#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace edgelm;

OpFoldResult ConstantOp::fold(FoldAdaptor) {
  return getValue();
}

LogicalResult WeightOp::verify() {
  RankedTensorType type = tensorType(getResult());
  if (!type.hasStaticShape())
    return emitOpError("expects a static shape, got ") << type;
  if (!type.getElementType().isIntOrFloat())
    return emitOpError("expects integers or floats, got ") << type;
  int64_t bits = type.getNumElements() * type.getElementTypeBitWidth();
  int64_t expected = (bits + 7) / 8;
  if (getSource().getLength() != expected) // weight_c1
    return emitOpError("names ") << getSource().getLength() << " bytes, but " << type << " has " << expected;
  return success();
}

LogicalResult UnaryOp::verify() {
  if (lookupUnary(getFn()))
    return success();
  return emitOpError("names the unknown function \"") << getFn() << "\"; known functions: " << unaryFunctionNames();
}

LogicalResult BinaryOp::verify() {
  if (!lookupBinary(getFn()))
    return emitOpError("names the unknown function \"") << getFn() << "\"; known functions: " << binaryFunctionNames();
  if (getElementTypeOrSelf(getLhs().getType()) != getElementTypeOrSelf(getRhs().getType()))
    return emitOpError("expects operands of one element type, got ")
           << getLhs().getType() << " and " << getRhs().getType();
  return success();
}

LogicalResult CompareOp::verify() {
  static constexpr llvm::StringLiteral known[] = {"eq", "ne", "lt", "le", "gt", "ge"};
  if (!llvm::is_contained(known, getPredicate()))
    return emitOpError("names the unknown predicate \"")
           << getPredicate() << "\"; known predicates: eq, ne, lt, le, gt, ge";
  return success();
}

LogicalResult ScatterNDOp::verify() {
  static constexpr llvm::StringLiteral known[] = {"add", "mul", "min", "max"};
  if (getReduction() && !llvm::is_contained(known, *getReduction()))
    return emitOpError("has the unknown reduction \"") << *getReduction() << "\"; known: add, mul, min, max";
  return success();
}

LogicalResult PadOp::verify() {
  if (bool(getBy()) == bool(getPads()))
    return emitOpError("expects either an operand of pads or the attribute pads");
  static constexpr llvm::StringLiteral modes[] = {"constant", "reflect", "edge", "wrap"};
  if (!llvm::is_contained(modes, getMode()))
    return emitOpError("has the unknown mode \"") << getMode() << "\"; known modes: constant, reflect, edge, wrap";
  return success();
}

LogicalResult SliceOp::verify() {
  bool resolved = getStarts() && getSizes() && getSteps();
  bool dynamic = getBounds().size() == 4 && !getStarts() && !getSizes() && !getSteps();
  if (resolved == dynamic || (resolved && !getBounds().empty()))
    return emitOpError("expects either four bound operands or the attributes starts, sizes and steps");
  int64_t rank = tensorType(getInput()).getRank();
  if (resolved &&
      (static_cast<int64_t>(getStarts()->size()) != rank || static_cast<int64_t>(getSizes()->size()) != rank ||
       static_cast<int64_t>(getSteps()->size()) != rank))
    return emitOpError("expects one start, size and step for each of ") << rank << " dimensions";
  return success();
}
