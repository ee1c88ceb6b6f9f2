// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Registers the dialect's attributes, types and operations.
#include "Dialect/EdgeLMDialect.h"
#include "Dialect/WeightStore.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace edgelm;

#include "Dialect/EdgeLMDialect.cpp.inc"
#include "Dialect/EdgeLMEnums.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "Dialect/EdgeLMAttrs.cpp.inc"
#define GET_TYPEDEF_CLASSES
#include "Dialect/EdgeLMTypes.cpp.inc"
#define GET_OP_CLASSES
#include "Dialect/EdgeLMOps.cpp.inc"

void EdgeLMDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "Dialect/EdgeLMAttrs.cpp.inc"
      >();
  addTypes<
#define GET_TYPEDEF_LIST
#include "Dialect/EdgeLMTypes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "Dialect/EdgeLMOps.cpp.inc"
      >();
  addInterface(makeWeightStore(this));
}
