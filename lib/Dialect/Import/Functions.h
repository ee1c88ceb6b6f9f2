// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Model-local functions: which node calls which, and what attributes mean inside of a call.
#pragma once

#include "Dialect/Import/OnnxFile.h"
#include "llvm/ADT/StringMap.h"

namespace edgelm {

/// The functions that a model brings along, by domain, name and overload.
class FunctionTable {
public:
  explicit FunctionTable(const onnx::ModelProto &model);
  /// The function that a node calls, or null.
  const onnx::FunctionProto *find(const onnx::NodeProto &node) const;

private:
  llvm::StringMap<const onnx::FunctionProto *> functions;
};

/// The attributes of one call, by the names that they have inside of the function.
class CallAttributes {
public:
  CallAttributes() = default;
  CallAttributes(const onnx::FunctionProto &function, const onnx::NodeProto &call);
  /// Whether a node, or a node of its subgraphs, refers to an attribute of the call.
  static bool areUsedBy(const onnx::NodeProto &node);
  /// Gives attributes that refer to the call's their values; what the call leaves out without a default is left out.
  void replaceIn(onnx::NodeProto &node) const;

private:
  llvm::StringMap<onnx::AttributeProto> values;
};

} // namespace edgelm
