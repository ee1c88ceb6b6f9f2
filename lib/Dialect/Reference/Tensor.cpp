// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Storage and conversions of tensor values.
#include "Dialect/Reference/Tensor.h"

#include <cstring>

using namespace mlir;
using namespace edgelm;

unsigned edgelm::elementBytes(Type type) {
  if (type.isF32() || type.isF64() || type.isF16() || type.isBF16())
    return type.getIntOrFloatBitWidth() / 8;
  if (!type.isInteger())
    return 0;
  switch (type.getIntOrFloatBitWidth()) {
  case 1:
  case 4:
  case 8:
    return 1;
  case 16:
    return 2;
  case 32:
    return 4;
  case 64:
    return 8;
  default:
    return 0;
  }
}

int64_t edgelm::elementCount(Shape shape) {
  int64_t count = 1;
  for (int64_t dim : shape)
    count *= dim;
  return count;
}

Tensor::Tensor(Shape shape, Type elementType) : type(RankedTensorType::get(shape, elementType)) {
  owned = std::make_shared<std::vector<char>>(elementCount(shape) * edgelm::elementBytes(elementType));
  data = owned->data();
}

Tensor Tensor::view(RankedTensorType type, ArrayRef<char> bytes) {
  if (type.getElementType().isInteger() && type.getElementTypeBitWidth() == 4) {
    Tensor result(type.getShape(), type.getElementType());
    bool isUnsigned = type.getElementType().isUnsignedInteger();
    for (int64_t i = 0, count = result.size(); i < count; ++i) {
      int nibble = static_cast<uint8_t>(bytes[i / 2]) >> (i % 2 * 4) & 15;
      result.writableBytes()[i] = static_cast<char>(!isUnsigned && nibble >= 8 ? nibble - 16 : nibble);
    }
    return result;
  }
  if (reinterpret_cast<uintptr_t>(bytes.data()) % edgelm::elementBytes(type.getElementType()) != 0) {
    Tensor aligned(type.getShape(), type.getElementType());
    std::memcpy(aligned.writableBytes(), bytes.data(), bytes.size());
    return aligned;
  }
  Tensor result;
  result.type = type;
  result.data = bytes.data();
  return result;
}

Tensor Tensor::ofCodes(RankedTensorType type, std::vector<char> bytes) {
  Tensor result;
  result.type = type;
  result.owned = std::make_shared<std::vector<char>>(std::move(bytes));
  result.data = result.owned->data();
  return result;
}

Tensor Tensor::fromAttribute(DenseElementsAttr attribute) {
  RankedTensorType type = cast<RankedTensorType>(attribute.getType());
  if (isa<FloatType>(type.getElementType()) || type.getElementTypeBitWidth() >= 8) {
    // Raw bytes are one element where all are equal. Attributes live as long as their context.
    ArrayRef<char> raw = attribute.getRawData();
    if (!attribute.isSplat())
      return view(type, raw);
    Tensor result(type.getShape(), type.getElementType());
    unsigned width = result.elementBytes();
    for (int64_t i = 0, count = result.size(); i < count; ++i)
      std::memcpy(result.writableBytes() + i * width, raw.data(), width);
    return result;
  }
  Tensor result(type.getShape(), type.getElementType());
  char *out = result.writableBytes();
  bool isSigned = !type.getElementType().isUnsignedInteger() && type.getElementTypeBitWidth() > 1;
  for (const APInt &value : attribute.getValues<APInt>())
    *out++ = static_cast<char>(isSigned ? value.getSExtValue() : static_cast<int64_t>(value.getZExtValue()));
  return result;
}

DenseElementsAttr Tensor::toAttribute() const {
  if (type.getElementType().isInteger(1)) {
    bool isUniform = size() > 0 && llvm::all_equal(values<bool>());
    return DenseElementsAttr::get(type, isUniform ? values<bool>().take_front() : values<bool>());
  }
  if (!isa<FloatType>(type.getElementType()) && type.getElementTypeBitWidth() < 8) {
    SmallVector<APInt> elements;
    for (int64_t value : toIntegers())
      elements.emplace_back(type.getElementTypeBitWidth(), static_cast<uint64_t>(value), false, /*implicitTrunc=*/true);
    return DenseElementsAttr::get(type, elements);
  }
  size_t width = elementBytes(), length = size() * width;
  bool isUniform = length > width && std::memcmp(data, data + width, length - width) == 0;
  return DenseElementsAttr::getFromRawBuffer(type, ArrayRef(data, isUniform ? width : length));
}

Tensor Tensor::fromDoubles(Shape shape, Type elementType, ArrayRef<double> values) {
  Tensor result(shape, elementType);
  visitElementType(elementType, [&](auto tag) {
    using T = decltype(tag);
    T *out = result.writable<T>().data();
    for (size_t i = 0; i < values.size(); ++i)
      out[i] = elementFromDouble<T>(values[i]);
  });
  return result;
}

Tensor Tensor::fromIntegers(Shape shape, Type elementType, ArrayRef<int64_t> values) {
  Tensor result(shape, elementType);
  visitElementType(elementType, [&](auto tag) {
    using T = decltype(tag);
    T *out = result.writable<T>().data();
    for (size_t i = 0; i < values.size(); ++i)
      out[i] = elementFromInteger<T>(values[i]);
  });
  return result;
}

template <typename To> static std::vector<To> convertTo(const Tensor &tensor) {
  std::vector<To> result(tensor.size());
  visitElementType(tensor.elementType(), [&](auto tag) {
    using T = decltype(tag);
    const T *in = tensor.values<T>().data();
    for (size_t i = 0; i < result.size(); ++i) {
      if constexpr (isFloatElement<T> && std::is_same_v<To, int64_t>)
        result[i] = elementFromDouble<int64_t>(in[i]);
      else
        result[i] = static_cast<To>(in[i]);
    }
  });
  return result;
}

std::vector<double> Tensor::toDoubles() const {
  return convertTo<double>(*this);
}
std::vector<float> Tensor::toFloats() const {
  return convertTo<float>(*this);
}
std::vector<int64_t> Tensor::toIntegers() const {
  return convertTo<int64_t>(*this);
}

double Tensor::scalarDouble() const {
  return visitElementType(elementType(),
                          [&](auto tag) { return static_cast<double>(values<decltype(tag)>().front()); });
}

int64_t Tensor::scalarInteger() const {
  return visitElementType(elementType(), [&](auto tag) -> int64_t {
    using T = decltype(tag);
    if constexpr (isFloatElement<T>)
      return elementFromDouble<int64_t>(values<T>().front());
    else
      return static_cast<int64_t>(values<T>().front());
  });
}

Tensor Tensor::reshaped(Shape shape) const {
  Tensor result = *this;
  result.type = RankedTensorType::get(shape, elementType());
  return result;
}

bool Tensor::operator==(const Tensor &other) const {
  return type == other.type && std::memcmp(data, other.data, size() * elementBytes()) == 0;
}
