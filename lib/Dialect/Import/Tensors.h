// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// ONNX tensors as `edgelm.constant` (small) or `edgelm.weight` (by reference).
#pragma once

#include "Dialect/Import/OnnxFile.h"
#include "mlir/IR/Builders.h"

namespace edgelm {

/// The element type of an ONNX data type number, or null when we have none (strings, complex numbers).
mlir::Type elementType(int32_t dataType, mlir::MLIRContext *context);

/// The name of an ONNX data type number.
std::string dataTypeName(int32_t dataType);

/// Makes operations of the tensors of one file. Equal tensors become one operation.
class TensorImporter {
public:
  /// Operations are created at the front of `body`.
  TensorImporter(const OnnxFile &file, mlir::Block *body);

  /// Hashes the tensors that become weights, on all cores; later calls of `import` find the hashes.
  mlir::LogicalResult prepare(llvm::ArrayRef<const onnx::TensorProto *> tensors);

  /// The value of `tensor`, or null after an error at `location`.
  mlir::Value import(const onnx::TensorProto &tensor, mlir::Location location);

  /// The value of `elements`.
  mlir::Value constant(mlir::ElementsAttr elements, mlir::Location location);

private:
  /// Where the bytes of a tensor are. `bytes` are `inlined` or mapped.
  struct Data {
    mlir::RankedTensorType type;
    llvm::ArrayRef<uint8_t> bytes;
    std::string inlined;
    std::string file; ///< relative to the model's folder; empty when inlined
    int64_t offset = 0;
  };

  mlir::LogicalResult locate(const onnx::TensorProto &tensor, mlir::Location location, Data &data);
  mlir::LogicalResult locateExternal(const onnx::TensorProto &tensor, mlir::Location location, Data &data);
  mlir::OpBuilder builderAfterLast();
  mlir::Value weight(const onnx::TensorProto &tensor, const Data &data, mlir::Location location);

  const OnnxFile &file;
  mlir::Block *body;
  mlir::Operation *last = nullptr; ///< the operation of this importer that was created last
  mlir::MLIRContext *context;
  llvm::DenseMap<const onnx::TensorProto *, std::string> hashes;
  llvm::DenseMap<mlir::Attribute, mlir::Value> constants;
  llvm::StringMap<mlir::Value> weights; ///< by hash and type
};

} // namespace edgelm
