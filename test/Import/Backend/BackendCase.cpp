// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reads a case's files and makes models of them.
#include "BackendCase.h"

#include "Dialect/Import/Import.h"
#include "Dialect/Reference/Evaluator.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/FileSystem.h"

#include <filesystem>
#include <fstream>
#include <unistd.h>

using namespace mlir;
using namespace edgelm;
using namespace edgelm::backend;
using onnx::TensorProto;

StringRef backend::passText(Mode mode) {
  switch (mode) {
  case Mode::Arguments:
    return "pass";
  case Mode::ConstantIndices:
    return "pass with constant indices";
  case Mode::ConstantParameters:
    return "pass with constant parameters";
  case Mode::Folded:
    return "pass folded";
  }
  llvm_unreachable("all modes are listed");
}

template <typename Proto> static bool parseFile(const std::filesystem::path &path, Proto &proto) {
  std::ifstream file(path, std::ios::binary);
  return file && proto.ParseFromIstream(&file);
}

static bool isTensorOf(const onnx::TypeProto &type, int32_t element) {
  return type.has_tensor_type() && type.tensor_type().elem_type() == element;
}

/// Inputs of the graph that no initializer gives a value.
static std::vector<const onnx::ValueInfoProto *> freeInputs(const onnx::GraphProto &graph) {
  std::vector<const onnx::ValueInfoProto *> inputs;
  for (const onnx::ValueInfoProto &input : graph.input())
    if (llvm::none_of(graph.initializer(), [&](const TensorProto &tensor) { return tensor.name() == input.name(); }))
      inputs.push_back(&input);
  return inputs;
}

BackendCase::BackendCase(StringRef folder, std::string &error) {
  std::filesystem::path path = folder.str();
  name = path.filename().string();
  if (!parseFile(path / "model.onnx", model)) {
    error = "has no model.onnx that can be read";
    return;
  }
  if (!notApplicable().empty())
    return;
  std::filesystem::path data = path / "test_data_set_0";
  auto read = [&](const char *kind, const onnx::ValueInfoProto &value, std::vector<TensorProto> &tensors) {
    std::string file = kind + std::to_string(tensors.size()) + ".pb";
    TensorProto &tensor = tensors.emplace_back();
    // Some cases count their outputs from 1.
    if (!parseFile(data / file, tensor) && !parseFile(data / (kind + std::to_string(tensors.size()) + ".pb"), tensor))
      error = "has no " + file + " that can be read";
    tensor.set_name(value.name());
    // onnx 1.12 wrote the bits of bfloat16 as uint16.
    if (tensor.data_type() == TensorProto::UINT16 && isTensorOf(value.type(), TensorProto::BFLOAT16))
      tensor.set_data_type(TensorProto::BFLOAT16);
  };
  for (const onnx::ValueInfoProto *input : freeInputs(model.graph()))
    read("input_", *input, inputData);
  for (const onnx::ValueInfoProto &output : model.graph().output())
    read("output_", output, outputData);
}

static std::string operatorReason(const onnx::NodeProto &node) {
  if (node.domain() == "ai.onnx.preview.training" || node.domain() == "ai.onnx.training")
    return "training";
  return llvm::StringSwitch<std::string>(node.op_type())
      .Cases({"NegativeLogLikelihoodLoss", "SoftmaxCrossEntropyLoss"}, "training")
      .StartsWith("Sequence", "sequence")
      .Cases({"ConcatFromSequence", "SplitToSequence"}, "sequence")
      .StartsWith("Optional", "optional")
      .StartsWith("String", "string")
      .Cases({"RegexFullMatch", "TfIdfVectorizer"}, "string")
      .Cases({"AffineGrid", "CenterCropPad", "Col2Im", "GridSample", "ImageDecoder", "MaxRoiPool", "MaxUnpool",
              "NonMaxSuppression", "Resize", "RoiAlign", "Upsample"},
             "image")
      .Default("");
}

std::string BackendCase::notApplicable() const {
  // ONNX Runtime leaves these out as well.
  if (StringRef(name).starts_with("test_qlinearmatmul_") && StringRef(name).contains("D_int8_"))
    return "the recorded output wraps where the specification saturates";
  const onnx::GraphProto &graph = model.graph();
  for (const onnx::NodeProto &node : graph.node())
    if (std::string reason = operatorReason(node); !reason.empty())
      return reason;
  auto typeReason = [](const onnx::ValueInfoProto &value) -> std::string {
    if (value.type().has_sequence_type())
      return "sequence";
    if (value.type().has_optional_type())
      return "optional";
    return isTensorOf(value.type(), TensorProto::STRING) ? "string" : "";
  };
  for (const onnx::ValueInfoProto &input : graph.input())
    if (std::string reason = typeReason(input); !reason.empty())
      return reason;
  for (const onnx::ValueInfoProto &output : graph.output())
    if (std::string reason = typeReason(output); !reason.empty())
      return reason;
  return "";
}

bool BackendCase::isConstant(Mode mode, int index) const {
  const TensorProto &data = inputData[index];
  bool isIndex =
      (data.data_type() == TensorProto::INT64 || data.data_type() == TensorProto::INT32) && data.dims_size() <= 1;
  switch (mode) {
  case Mode::Arguments:
    return false;
  case Mode::ConstantIndices:
    return isIndex;
  case Mode::ConstantParameters:
    return index > 0;
  case Mode::Folded:
    return true;
  }
  llvm_unreachable("all modes are listed");
}

bool BackendCase::isDistinct(Mode mode) const {
  for (Mode before : kModes) {
    if (before == mode)
      return true;
    bool same = llvm::all_of(llvm::seq<int>(0, inputData.size()),
                             [&](int i) { return isConstant(before, i) == isConstant(mode, i); });
    if (same)
      return false;
  }
  return true;
}

/// Imports a model through a file of its own, as a user's.
OwningOpRef<ModuleOp> BackendCase::importProto(const onnx::ModelProto &proto, MLIRContext *context) const {
  SmallString<128> path;
  int descriptor = -1;
  if (llvm::sys::fs::createTemporaryFile("edgelm-backend", "onnx", descriptor, path))
    return {};
  files.push_back(std::make_unique<llvm::FileRemover>(path));
  bool written = proto.SerializeToFileDescriptor(descriptor);
  close(descriptor);
  return written ? importModel(path, {"model"}, context) : OwningOpRef<ModuleOp>();
}

OwningOpRef<ModuleOp> BackendCase::import(Mode mode, MLIRContext *context) const {
  onnx::ModelProto changed = model;
  onnx::GraphProto &graph = *changed.mutable_graph();
  for (auto [i, data] : llvm::enumerate(inputData)) {
    if (isConstant(mode, i)) {
      *graph.add_initializer() = data;
      continue;
    }
    for (onnx::ValueInfoProto &input : *graph.mutable_input()) {
      if (input.name() != data.name() || !input.type().has_tensor_type())
        continue;
      onnx::TensorShapeProto &shape = *input.mutable_type()->mutable_tensor_type()->mutable_shape();
      shape.clear_dim();
      for (int64_t size : data.dims())
        shape.add_dim()->set_dim_value(size);
    }
  }
  return importProto(changed, context);
}

/// The values of tensors as the importer reads them: those of a model whose outputs are its initializers.
std::vector<Tensor> BackendCase::valuesOf(const std::vector<TensorProto> &tensors, MLIRContext *context) const {
  onnx::ModelProto proto;
  proto.set_ir_version(8);
  proto.add_opset_import()->set_version(17);
  for (auto [i, tensor] : llvm::enumerate(tensors)) {
    TensorProto &copy = *proto.mutable_graph()->add_initializer();
    copy = tensor;
    copy.set_name("value" + std::to_string(i));
    proto.mutable_graph()->add_output()->set_name(copy.name());
  }
  OwningOpRef<ModuleOp> module = importProto(proto, context);
  if (!module)
    return {};
  Evaluator evaluator(module->lookupSymbol<func::FuncOp>("main").front());
  FailureOr<SmallVector<Tensor>> values = evaluator.run();
  return failed(values) ? std::vector<Tensor>() : std::vector<Tensor>(values->begin(), values->end());
}

std::vector<Tensor> BackendCase::arguments(Mode mode, MLIRContext *context) const {
  std::vector<TensorProto> left;
  for (auto [i, data] : llvm::enumerate(inputData))
    if (!isConstant(mode, i))
      left.push_back(data);
  return valuesOf(left, context);
}

std::vector<Tensor> BackendCase::outputs(MLIRContext *context) const {
  return valuesOf(outputData, context);
}
