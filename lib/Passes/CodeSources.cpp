// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "Passes/CodeSources.h"

using namespace mlir;
using namespace edgelm;

/// The bytes behind a part of a quantized matrix; null where it is computed.
static Attribute bytesOf(Value value) {
  if (WeightOp weight = value.getDefiningOp<WeightOp>())
    return weight.getSource();
  ConstantOp constant = value.getDefiningOp<ConstantOp>();
  return constant ? Attribute(constant.getValue()) : Attribute();
}

CodesAttr edgelm::codesOf(ArrayRef<Value> parts, int64_t packed, int64_t axis, int64_t block, bool transposed,
                          DenseF32ArrayAttr codebook) {
  SmallVector<Attribute> sources, types;
  for (Value part : parts) {
    if (!part)
      continue;
    sources.push_back(bytesOf(part));
    types.push_back(TypeAttr::get(part.getType()));
    if (!sources.back())
      return {};
  }
  Builder builder(parts.front().getContext());
  return CodesAttr::get(builder.getContext(), builder.getArrayAttr(sources), builder.getArrayAttr(types), packed, axis,
                        block, transposed, codebook);
}
