// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A tensor value of the reference evaluator: a static type and bytes, owned or viewed.
#pragma once

#include "Dialect/Reference/Elements.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/Support/LLVM.h"
#include <memory>
#include <vector>

namespace edgelm {

using Shape = llvm::ArrayRef<int64_t>;
using ShapeVector = llvm::SmallVector<int64_t, 6>;

/// The number of elements of a static shape; 1 for a scalar, 0 where a dimension is 0.
int64_t elementCount(Shape shape);

/// Row-major elements of a static shape. Copies share their bytes, which nobody changes once shared.
class Tensor {
public:
  Tensor() = default;

  /// All elements 0.
  Tensor(Shape shape, mlir::Type elementType);

  /// Bytes of somebody else (a mapped file), which must live as long as the tensor and its copies. 4-bit integers
  /// (two a byte, the first in the low half) are unpacked, misaligned bytes copied.
  static Tensor view(mlir::RankedTensorType type, llvm::ArrayRef<char> bytes);

  /// A tensor of any element type from its bytes, which for `!edgelm.q` and its relatives Quantized.h explains.
  static Tensor ofCodes(mlir::RankedTensorType type, std::vector<char> bytes);

  /// The elements of a dense attribute.
  static Tensor fromAttribute(mlir::DenseElementsAttr attribute);
  /// Elements rounded or truncated to the type.
  static Tensor fromDoubles(Shape shape, mlir::Type elementType, llvm::ArrayRef<double> values);
  static Tensor fromIntegers(Shape shape, mlir::Type elementType, llvm::ArrayRef<int64_t> values);

  explicit operator bool() const { return static_cast<bool>(type); }
  mlir::RankedTensorType getType() const { return type; }
  mlir::Type elementType() const { return type.getElementType(); }
  Shape shape() const { return type.getShape(); }
  int64_t rank() const { return type.getRank(); }
  int64_t dim(int64_t axis) const { return type.getDimSize(axis); }
  int64_t size() const { return elementCount(type.getShape()); }
  unsigned elementBytes() const { return edgelm::elementBytes(type.getElementType()); }

  const char *bytes() const { return data; }
  /// For the one who has just made the tensor, before anybody shares it.
  char *writableBytes() { return owned->data(); }

  template <typename T> llvm::ArrayRef<T> values() const {
    return llvm::ArrayRef<T>(reinterpret_cast<const T *>(data), static_cast<size_t>(size()));
  }
  template <typename T> llvm::MutableArrayRef<T> writable() {
    return llvm::MutableArrayRef<T>(reinterpret_cast<T *>(writableBytes()), static_cast<size_t>(size()));
  }

  std::vector<double> toDoubles() const;
  std::vector<float> toFloats() const;
  std::vector<int64_t> toIntegers() const;
  /// Element 0 of a non-empty tensor.
  double scalarDouble() const;
  int64_t scalarInteger() const;

  /// Same bytes under another shape of as many elements.
  Tensor reshaped(Shape shape) const;
  mlir::DenseElementsAttr toAttribute() const;

  /// Same type and same bits.
  bool operator==(const Tensor &other) const;

private:
  mlir::RankedTensorType type;
  std::shared_ptr<std::vector<char>> owned; ///< null for a view
  const char *data = nullptr;
};

} // namespace edgelm
