// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Calls of model-local functions: their nodes take the place of the node that calls them.
#include "Dialect/Import/Functions.h"
#include "Dialect/Import/GraphImporter.h"

#include "llvm/ADT/ScopeExit.h"

using namespace mlir;
using namespace edgelm;

/// Functions in functions: far more than any exporter nests, far less than the stack holds.
static constexpr size_t kMaxDepth = 64;
/// Nodes of all calls together, so that few functions that call each other do not become endless graphs.
static constexpr int64_t kMaxNodes = 1 << 20;

/// Fields that onnx 1.12 has no names for.
static constexpr int kNodeOverload = 8, kFunctionDefaults = 11, kFunctionOverload = 13;

/// Calls visit(bytes) with each occurrence of a field that the parser does not know.
template <typename Visit>
static void forUnknownField(const google::protobuf::Message &message, int number, Visit visit) {
  const google::protobuf::UnknownFieldSet &fields = message.GetReflection()->GetUnknownFields(message);
  for (int i = 0; i < fields.field_count(); ++i)
    if (fields.field(i).number() == number &&
        fields.field(i).type() == google::protobuf::UnknownField::TYPE_LENGTH_DELIMITED)
      visit(fields.field(i).length_delimited());
}

static std::string keyOf(StringRef domain, StringRef name, const google::protobuf::Message &message, int overload) {
  std::string key = (domain == "ai.onnx" ? "" : domain).str() + '\0' + name.str() + '\0';
  forUnknownField(message, overload, [&](const std::string &text) { key += text; });
  return key;
}

FunctionTable::FunctionTable(const onnx::ModelProto &model) {
  for (const onnx::FunctionProto &function : model.functions())
    functions[keyOf(function.domain(), function.name(), function, kFunctionOverload)] = &function;
}

const onnx::FunctionProto *FunctionTable::find(const onnx::NodeProto &node) const {
  if (functions.empty())
    return nullptr;
  return functions.lookup(keyOf(node.domain(), node.op_type(), node, kNodeOverload));
}

CallAttributes::CallAttributes(const onnx::FunctionProto &function, const onnx::NodeProto &call) {
  forUnknownField(function, kFunctionDefaults, [&](const std::string &bytes) {
    onnx::AttributeProto attribute;
    if (attribute.ParseFromString(bytes))
      values[attribute.name()] = attribute;
  });
  for (const onnx::AttributeProto &attribute : call.attribute())
    values[attribute.name()] = attribute;
}

static bool refers(const onnx::AttributeProto &attribute) {
  return !attribute.ref_attr_name().empty() || llvm::any_of(attribute.g().node(), [](const onnx::NodeProto &node) {
    return CallAttributes::areUsedBy(node);
  });
}

bool CallAttributes::areUsedBy(const onnx::NodeProto &node) {
  return llvm::any_of(node.attribute(), refers);
}

void CallAttributes::replaceIn(onnx::NodeProto &node) const {
  google::protobuf::RepeatedPtrField<onnx::AttributeProto> attributes;
  attributes.Swap(node.mutable_attribute());
  for (onnx::AttributeProto &attribute : attributes) {
    if (!attribute.ref_attr_name().empty()) {
      auto value = values.find(attribute.ref_attr_name());
      if (value == values.end())
        continue;
      onnx::AttributeProto *replaced = node.add_attribute();
      *replaced = value->second;
      replaced->set_name(attribute.name());
      continue;
    }
    for (onnx::NodeProto &inner : *attribute.mutable_g()->mutable_node())
      replaceIn(inner);
    *node.add_attribute() = std::move(attribute);
  }
}

const onnx::NodeProto &GraphImporter::resolved(const onnx::NodeProto &node) {
  if (calls.empty() || !CallAttributes::areUsedBy(node))
    return node;
  resolvedNodes.push_back(node);
  calls.back().attributes.replaceIn(resolvedNodes.back());
  return resolvedNodes.back();
}

std::optional<int64_t> GraphImporter::opset(StringRef domain) const {
  if (!calls.empty())
    if (std::optional<int64_t> own = findOpset(calls.back().function->opset_import(), domain))
      return own;
  return file.opset(domain);
}

LogicalResult GraphImporter::importCall(const onnx::NodeProto &node, const onnx::FunctionProto &callee,
                                        ArrayRef<Value> inputs) {
  Location location = locationOf(node);
  if (calls.size() == kMaxDepth || llvm::any_of(calls, [&](const Call &call) { return call.function == &callee; }))
    return emitError(location) << "the function \"" << callee.name()
                               << "\" calls itself; expected functions that call others only";
  if ((nodesOfCalls += callee.node_size()) > kMaxNodes)
    return emitError(location) << "the model's functions have more than " << kMaxNodes << " nodes when they are called";
  if (int(inputs.size()) > callee.input_size() || node.output_size() > callee.output_size())
    return emitError(location) << "calls the function \"" << callee.name() << "\" with " << inputs.size()
                               << " inputs and " << node.output_size() << " outputs; expected at most "
                               << callee.input_size() << " and " << callee.output_size();
  llvm::StringMap<Value> names;
  for (auto [index, name] : llvm::enumerate(callee.input()))
    names[name] = index < inputs.size() ? inputs[index] : Value();
  std::string prefix = calls.empty() ? "" : calls.back().prefix;
  calls.push_back({&callee, CallAttributes(callee, node), prefix + nameOfNode(node).str() + "/"});
  std::swap(values, names);
  auto leave = llvm::scope_exit([&] {
    std::swap(values, names);
    calls.pop_back();
  });
  if (failed(importNodes(callee.node())))
    return failure();
  SmallVector<Value> outputs;
  for (const std::string &name : callee.output()) {
    outputs.push_back(values.lookup(name));
    if (!outputs.back() && int(outputs.size()) <= node.output_size())
      return emitError(location) << "output \"" << name << "\" of the function \"" << callee.name()
                                 << "\" is not computed by any node";
  }
  leave.release();
  std::swap(values, names);
  calls.pop_back();
  for (auto [name, value] : llvm::zip(node.output(), outputs))
    if (!name.empty() && failed(define(name, value, location)))
      return failure();
  return success();
}
