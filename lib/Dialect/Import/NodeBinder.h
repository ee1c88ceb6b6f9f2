// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a handler of an ONNX operator sees: inputs, attributes with defaults, and a builder.
#pragma once

#include "Dialect/Import/Operators.h"
#include "Dialect/Import/Tensors.h"
#include "Dialect/InferTypes.h"

namespace edgelm {

/// An error at a node, of which only the first one of a node is told: what is streamed into others goes nowhere.
class NodeError {
public:
  NodeError() = default;
  explicit NodeError(mlir::InFlightDiagnostic diagnostic) : diagnostic(std::move(diagnostic)) {}

  template <typename T> NodeError &operator<<(T &&part) {
    if (diagnostic)
      *diagnostic << std::forward<T>(part);
    return *this;
  }
  operator llvm::LogicalResult() const { return mlir::failure(); }
  template <typename T> operator mlir::FailureOr<T>() const { return mlir::failure(); }

private:
  std::optional<mlir::InFlightDiagnostic> diagnostic;
};

/// One ONNX node while its operations are built. The first error ends the import: after it, `create` gives a
/// placeholder and emits nothing, so that handlers need not check every step.
class NodeBinder {
public:
  NodeBinder(const onnx::NodeProto &node, const OperatorRow &row, int64_t opset, llvm::ArrayRef<mlir::Value> inputs,
             mlir::OpBuilder &builder, TensorImporter &tensors, mlir::Location location)
      : node(node), row(row), version(opset), inputs(inputs), builder(builder), tensors(tensors), location(location) {}

  /// Version of the operator set that the model uses.
  int64_t opset() const { return version; }
  /// The scalar function that the row names.
  llvm::StringRef function() const { return row.function; }
  mlir::Builder &types() { return builder; }

  size_t numInputs() const { return inputs.size(); }
  size_t numOutputs() const { return node.output_size(); }
  /// The input, or null when it is left out.
  mlir::Value input(size_t i) const { return i < inputs.size() ? inputs[i] : mlir::Value(); }
  /// Inputs of an operator that takes any number; an error where one is left out, and then the first alone.
  llvm::ArrayRef<mlir::Value> allInputs();
  /// Integers of an input that must be known at import; an error otherwise.
  llvm::SmallVector<int64_t> constantInput(size_t i, llvm::StringRef what);

  bool has(llvm::StringRef attribute) const { return find(attribute); }
  int64_t integer(llvm::StringRef attribute, int64_t fallback) const;
  double number(llvm::StringRef attribute, double fallback) const;
  llvm::StringRef text(llvm::StringRef attribute, llvm::StringRef fallback) const;
  llvm::SmallVector<int64_t> integers(llvm::StringRef attribute) const;
  llvm::SmallVector<std::string> texts(llvm::StringRef attribute) const;
  llvm::SmallVector<float> numbers(llvm::StringRef attribute) const;
  const onnx::TensorProto *tensor(llvm::StringRef attribute) const;

  /// The element type whose number in ONNX an attribute is; null after an error where there is none.
  mlir::Type statedType(llvm::StringRef attribute, int64_t fallback);

  /// Whether `value` is there and has this rank; otherwise an error that calls it `what`.
  bool expectRank(mlir::Value value, int64_t rank, llvm::StringRef what);

  /// `axis` counted from the front of `rank` dimensions; an error when it is outside.
  int64_t axis(int64_t axis, int64_t rank);
  /// As above for several, in ascending order.
  llvm::SmallVector<int64_t> axes(llvm::ArrayRef<int64_t> axes, int64_t rank);

  mlir::Value constant(const onnx::TensorProto &tensor);
  mlir::Value constant(mlir::ElementsAttr elements) { return tensors.constant(elements, location); }
  /// Rank-1 i64 constant.
  mlir::Value vector(llvm::ArrayRef<int64_t> values);
  /// Rank-0 constant of `element`.
  mlir::Value scalar(double value, mlir::Type element);

  /// Builds an operation with one inferred result.
  template <typename OpT, typename... Args> mlir::Value create(Args &&...args) {
    if (failed)
      return placeholder();
    return refined(OpT::create(builder, location, mlir::Type(builder.getNoneType()), std::forward<Args>(args)...));
  }
  mlir::Value unary(llvm::StringRef function, mlir::Value x) { return create<UnaryOp>(function, x); }
  mlir::Value binary(llvm::StringRef function, mlir::Value x, mlir::Value y) {
    return create<BinaryOp>(function, x, y);
  }
  /// `value` with this element type.
  mlir::Value cast(mlir::Value value, mlir::Type element);
  /// Builds an operation with `count` results, whose types are inferred.
  template <typename OpT, typename... Args> llvm::SmallVector<mlir::Value> createMany(size_t count, Args &&...args) {
    llvm::SmallVector<mlir::Type> none(count, builder.getNoneType());
    if (failed)
      return llvm::SmallVector<mlir::Value>(count, placeholder());
    mlir::Operation *op = OpT::create(builder, location, mlir::TypeRange(none), std::forward<Args>(args)...);
    refined(op);
    return failed ? llvm::SmallVector<mlir::Value>(count, placeholder())
                  : llvm::SmallVector<mlir::Value>(op->getResults());
  }

  /// Ends a handler: the node's outputs are `values`; further outputs of the node must be unused.
  mlir::LogicalResult finish(mlir::ValueRange values);
  /// An error at the node; the handler returns failure.
  NodeError emitError();

  llvm::ArrayRef<mlir::Value> results() const { return outputs; }

private:
  const onnx::AttributeProto *find(llvm::StringRef attribute) const;
  mlir::Value refined(mlir::Operation *op);
  mlir::Value placeholder() { return vector({}); }

  const onnx::NodeProto &node;
  const OperatorRow &row;
  int64_t version;
  llvm::ArrayRef<mlir::Value> inputs;
  mlir::OpBuilder &builder;
  TensorImporter &tensors;
  mlir::Location location;
  bool failed = false;
  llvm::SmallVector<mlir::Value> outputs;
};

} // namespace edgelm
