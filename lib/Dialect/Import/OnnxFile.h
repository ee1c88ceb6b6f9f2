// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// An ONNX file: its graph parsed, its weights mapped.
#pragma once

#include "Dialect/WeightStore.h"
#include <onnx/onnx_pb.h>
#include <string>

namespace edgelm {

/// ONNX versions that the importer knows. IR versions 11 to 13 add element types, which are refused by name where they
/// are used.
inline constexpr int64_t kMaxIrVersion = 13, kMinOpset = 1, kMaxOpset = 26;

/// Version of the operator set `domain` ("" is ai.onnx) that a model or function imports, or none.
std::optional<int64_t> findOpset(const google::protobuf::RepeatedPtrField<onnx::OperatorSetIdProto> &imports,
                                 llvm::StringRef domain);

/// The parsed model. Tensor data above 64 bytes are not in it: such a tensor is external, and one without a location
/// lies in this very file.
struct OnnxFile {
  std::string folder; ///< absolute; external data are relative to it
  std::string name;   ///< of the file in the folder
  onnx::ModelProto model;

  std::string path() const;

  /// Version of the operator set `domain` ("" is ai.onnx) that the model uses, or none.
  std::optional<int64_t> opset(llvm::StringRef domain) const;
};

/// Opens `path` and checks that it is a model of versions that we know. Emits one error, which names the file.
mlir::FailureOr<std::unique_ptr<OnnxFile>> openOnnxFile(llvm::StringRef path, mlir::MLIRContext *context);

} // namespace edgelm
