// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One case of the ONNX project's backend tests: a model, and inputs with the outputs that they must give.
#pragma once

#include "Dialect/Reference/Tensor.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/Support/FileUtilities.h"
#include <memory>
#include <onnx/onnx_pb.h>
#include <string>

namespace edgelm::backend {

/// Which inputs of a case are arguments of the compiled function; the others become initializers, as exporters write
/// shapes, axes and parameters. The first that works counts.
enum class Mode { Arguments, ConstantIndices, ConstantParameters, Folded };
inline constexpr Mode kModes[] = {Mode::Arguments, Mode::ConstantIndices, Mode::ConstantParameters, Mode::Folded};

/// What the expectation file says of a case that passes in a mode.
llvm::StringRef passText(Mode mode);

class BackendCase {
public:
  /// Reads the folder; `error` says what is wrong with it.
  BackendCase(llvm::StringRef folder, std::string &error);

  /// A case that was made rather than read. Without `outputs` those of the reference count.
  BackendCase(std::string name, onnx::ModelProto model, std::vector<onnx::TensorProto> inputs,
              std::vector<onnx::TensorProto> outputs)
      : name(std::move(name)), model(std::move(model)), inputData(std::move(inputs)), outputData(std::move(outputs)) {}

  bool hasOutputs() const { return !outputData.empty(); }

  /// Why the case does not concern a compiler of language models (training, sequences, …), or "".
  std::string notApplicable() const;

  /// Whether `mode` makes another model than the modes before it.
  bool isDistinct(Mode mode) const;

  /// The model in which `mode` decides what is constant, with the shapes of the data. Null after a diagnostic.
  mlir::OwningOpRef<mlir::ModuleOp> import(Mode mode, mlir::MLIRContext *context) const;

  /// The tensors of the arguments that `mode` leaves, in their order, and of the outputs. Empty after a diagnostic.
  std::vector<Tensor> arguments(Mode mode, mlir::MLIRContext *context) const;
  std::vector<Tensor> outputs(mlir::MLIRContext *context) const;

private:
  bool isConstant(Mode mode, int index) const;
  mlir::OwningOpRef<mlir::ModuleOp> importProto(const onnx::ModelProto &proto, mlir::MLIRContext *context) const;
  std::vector<Tensor> valuesOf(const std::vector<onnx::TensorProto> &tensors, mlir::MLIRContext *context) const;

  std::string name;
  /// Models written for the importer, which stay while weights may be read from them.
  mutable std::vector<std::unique_ptr<llvm::FileRemover>> files;
  onnx::ModelProto model;
  std::vector<onnx::TensorProto> inputData, outputData; ///< in the order of the graph's inputs and outputs
};

} // namespace edgelm::backend
