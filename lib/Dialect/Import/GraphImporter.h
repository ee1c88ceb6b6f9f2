// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Builds `@main` from an ONNX graph.
#pragma once

#include "Dialect/Import/Functions.h"
#include "Dialect/Import/Operators.h"
#include "Dialect/Import/Tensors.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include <deque>

namespace edgelm {

/// Imports the graph of one file into a module. Every function emits at most one error, and failure ends the import.
class GraphImporter {
public:
  GraphImporter(const OnnxFile &file, mlir::ModuleOp module);

  /// Creates `@main` and fills it.
  mlir::LogicalResult run();

private:
  /// Finds every operator that has no row, here and in subgraphs.
  mlir::LogicalResult checkOperators();
  mlir::LogicalResult importInputs();
  mlir::LogicalResult importInitializers(const onnx::GraphProto &graph);
  using Nodes = google::protobuf::RepeatedPtrField<onnx::NodeProto>;
  mlir::LogicalResult importNodes(const Nodes &nodes);
  mlir::LogicalResult importNode(const onnx::NodeProto &node);
  /// If with a condition that is known: the nodes of the branch take its place.
  mlir::LogicalResult importIf(const onnx::NodeProto &node);
  /// A model-local function: its nodes take the place of the call.
  mlir::LogicalResult importCall(const onnx::NodeProto &node, const onnx::FunctionProto &callee,
                                 llvm::ArrayRef<mlir::Value> inputs);
  mlir::LogicalResult importOutputs();
  mlir::LogicalResult define(llvm::StringRef name, mlir::Value value, mlir::Location location);
  /// Nodes in an order in which every input is known before its use.
  mlir::FailureOr<std::vector<const onnx::NodeProto *>> sorted(const Nodes &nodes);
  /// The node with the attributes that it has in the call around it.
  const onnx::NodeProto &resolved(const onnx::NodeProto &node);
  /// Version of an operator set where nodes are imported now.
  std::optional<int64_t> opset(llvm::StringRef domain) const;
  mlir::Location locationOf(const onnx::NodeProto &node);
  mlir::Location locationOf(llvm::StringRef name);

  /// A function whose nodes are imported now.
  struct Call {
    const onnx::FunctionProto *function;
    CallAttributes attributes;
    std::string prefix; ///< of the names of its nodes
  };

  const OnnxFile &file;
  FunctionTable functions;
  std::vector<Call> calls; ///< the innermost last
  int64_t nodesOfCalls = 0;
  std::deque<onnx::NodeProto> resolvedNodes; ///< kept, since tensors are known by their place
  mlir::MLIRContext *context;
  mlir::OpBuilder builder;
  mlir::func::FuncOp function;
  std::unique_ptr<TensorImporter> tensors;
  llvm::StringMap<mlir::Value> values; ///< by ONNX name
};

/// A node's name; what stands for it where it has none.
llvm::StringRef nameOfNode(const onnx::NodeProto &node);

/// The role (docs/plan.md section 3) that an argument's or a result's ONNX name tells.
llvm::StringRef argumentRole(llvm::StringRef name);
llvm::StringRef resultRole(llvm::StringRef name);

} // namespace edgelm
