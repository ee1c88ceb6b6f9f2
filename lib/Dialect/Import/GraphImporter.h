// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Builds `@main` from an ONNX graph.
#pragma once

#include "Dialect/Import/OnnxFile.h"
#include "Dialect/Import/Operators.h"
#include "Dialect/Import/Tensors.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

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
  mlir::LogicalResult importNodes(const onnx::GraphProto &graph);
  mlir::LogicalResult importNode(const onnx::NodeProto &node);
  /// If with a condition that is known: the nodes of the branch take its place.
  mlir::LogicalResult importIf(const onnx::NodeProto &node);
  mlir::LogicalResult importOutputs();
  mlir::LogicalResult define(llvm::StringRef name, mlir::Value value, mlir::Location location);
  /// Nodes in an order in which every input is known before its use.
  mlir::FailureOr<std::vector<const onnx::NodeProto *>> sorted(const onnx::GraphProto &graph);
  mlir::Location locationOf(const onnx::NodeProto &node);
  mlir::Location locationOf(llvm::StringRef name);

  const OnnxFile &file;
  mlir::MLIRContext *context;
  mlir::OpBuilder builder;
  mlir::func::FuncOp function;
  std::unique_ptr<TensorImporter> tensors;
  llvm::StringMap<mlir::Value> values; ///< by ONNX name
};

/// The role (docs/plan.md section 3) that an argument's or a result's ONNX name tells.
llvm::StringRef argumentRole(llvm::StringRef name);
llvm::StringRef resultRole(llvm::StringRef name);

} // namespace edgelm
