// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Conversion and transposition on the way from the model's bytes.
#include "Dialect/WeightRows.h"
#include "Dialect/CodedRows.h"
#include "Dialect/Reference/Elements.h"

#include <cstring>

using namespace mlir;

namespace edgelm {

template <typename Element> static float elementAt(const char *from) {
  Element element;
  std::memcpy(&element, from, sizeof element);
  return static_cast<float>(element);
}

/// Calls `visitor` with a value of the C++ type of a float type.
template <typename Visitor> static auto visitFloatType(Type type, Visitor visitor) {
  if (type.isF64())
    return visitor(double{});
  if (type.isF16())
    return visitor(Half{});
  return type.isBF16() ? visitor(BFloat{}) : visitor(float{});
}

float widened(const char *from, Type type) {
  return visitFloatType(type, [&](auto tag) { return elementAt<decltype(tag)>(from); });
}

template <typename Element> static void readRows(const WeightRows &matrix, int64_t first, int64_t count, float *out) {
  constexpr int64_t width = sizeof(Element);
  if (!matrix.transposed) {
    const char *from = matrix.data + first * matrix.k * width;
    for (int64_t i = 0; i < count * matrix.k; ++i)
      out[i] = elementAt<Element>(from + i * width);
    return;
  }
  for (int64_t column = 0; column < matrix.k; ++column) {
    const char *from = matrix.data + (column * matrix.n + first) * width;
    for (int64_t row = 0; row < count; ++row)
      out[row * matrix.k + column] = elementAt<Element>(from + row * width);
  }
}

void WeightRows::read(int64_t first, int64_t count, float *out) const {
  if (coded)
    return coded->read(first, count, out);
  visitFloatType(storedAs, [&](auto tag) { readRows<decltype(tag)>(*this, first, count, out); });
}

FailureOr<SourceBytes> SourceBytes::open(Attribute source, StringRef modelDir, WeightStore::EmitError emitError) {
  SourceBytes result;
  if (WeightAttr weight = dyn_cast<WeightAttr>(source)) {
    FailureOr<ArrayRef<uint8_t>> bytes = WeightStore::get(source.getContext()).bytes(weight, modelDir, emitError);
    if (failed(bytes))
      return failure();
    result.mapped = ArrayRef(reinterpret_cast<const char *>(bytes->data()), bytes->size());
    return result;
  }
  DenseElementsAttr dense = dyn_cast<DenseElementsAttr>(source);
  if (!dense)
    return emitError() << "a constant has elements that cannot be read";
  if (dense.getElementType().isInteger(1)) {
    for (bool value : dense.getValues<bool>())
      result.own.push_back(value);
    return result;
  }
  // A splat is stored once.
  for (int64_t copies = dense.isSplat() ? dense.getNumElements() : 1; copies > 0; --copies)
    llvm::append_range(result.own, dense.getRawData());
  return result;
}

void SourceBytes::release(MLIRContext *context) const {
  if (!mapped.empty())
    WeightStore::get(context).release(ArrayRef(reinterpret_cast<const uint8_t *>(mapped.data()), mapped.size()));
}

} // namespace edgelm
