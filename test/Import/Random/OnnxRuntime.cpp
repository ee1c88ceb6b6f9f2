// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Runs one model in ONNX Runtime. Nothing is released: every case has a process of its own.
#include "OnnxRuntime.h"

#include "../../../bench/ort/ort_api.h"

#include <dlfcn.h>

using namespace edgelm::random;

static constexpr uint32_t kApiVersion = 1;

std::unique_ptr<OnnxRuntime> OnnxRuntime::open(const std::string &library, std::string &reason) {
  void *handle = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
  void *base = handle ? dlsym(handle, "OrtGetApiBase") : nullptr;
  if (!base) {
    reason = dlerror();
    return nullptr;
  }
  const ort_api_base *entry = reinterpret_cast<const ort_api_base *(*)()>(base)();
  return std::unique_ptr<OnnxRuntime>(new OnnxRuntime(entry->GetApi(kApiVersion)));
}

namespace {
/// Calls until the first one that fails.
struct Calls {
  const ort_api *api;
  std::string error;

  bool operator()(OrtStatus *status) {
    if (status && error.empty())
      error = api->GetErrorMessage(status);
    return !status;
  }
};
} // namespace

static bool readOutput(Calls &call, OrtValue *value, onnx::TensorProto &tensor) {
  OrtTensorTypeAndShapeInfo *info = nullptr;
  size_t rank = 0;
  void *data = nullptr;
  if (!call(call.api->GetTensorTypeAndShape(value, &info)) || !call(call.api->GetDimensionsCount(info, &rank)))
    return false;
  std::vector<int64_t> sizes(rank);
  if (!call(call.api->GetDimensions(info, sizes.data(), rank)) || !call(call.api->GetTensorMutableData(value, &data)))
    return false;
  size_t elements = 1;
  for (int64_t size : sizes) {
    tensor.add_dims(size);
    elements *= size_t(size);
  }
  tensor.set_data_type(onnx::TensorProto::FLOAT);
  tensor.set_raw_data(data, elements * sizeof(float));
  return true;
}

std::string OnnxRuntime::run(const Model &model, std::vector<onnx::TensorProto> &outputs) const {
  Calls call = {api, ""};
  OrtEnv *environment = nullptr;
  OrtSessionOptions *options = nullptr;
  OrtMemoryInfo *memory = nullptr;
  OrtSession *session = nullptr;
  std::string bytes = model.proto.SerializeAsString();
  // As the model says it, without rewriting; one thread, since processes run side by side.
  if (!call(api->CreateEnv(ORT_LOG_FATAL, "edgelm", &environment)) || !call(api->CreateSessionOptions(&options)) ||
      !call(api->SetSessionGraphOptimizationLevel(options, ORT_DISABLE_ALL)) ||
      !call(api->SetIntraOpNumThreads(options, 1)) || !call(api->SetInterOpNumThreads(options, 1)) ||
      !call(api->CreateCpuMemoryInfo(ORT_ARENA_ALLOCATOR, ORT_MEMORY_DEFAULT, &memory)) ||
      !call(api->CreateSessionFromArray(environment, bytes.data(), bytes.size(), options, &session)))
    return call.error;
  std::vector<const char *> inputNames, outputNames;
  std::vector<const OrtValue *> inputs;
  for (const onnx::TensorProto &tensor : model.inputs) {
    OrtValue *value = nullptr;
    std::vector<int64_t> sizes(tensor.dims().begin(), tensor.dims().end());
    if (!call(api->CreateTensorWithDataAsOrtValue(memory, const_cast<char *>(tensor.raw_data().data()),
                                                  tensor.raw_data().size(), sizes.data(), sizes.size(), ORT_FLOAT,
                                                  &value)))
      return call.error;
    inputs.push_back(value);
    inputNames.push_back(tensor.name().c_str());
  }
  for (const onnx::ValueInfoProto &output : model.proto.graph().output())
    outputNames.push_back(output.name().c_str());
  std::vector<OrtValue *> values(outputNames.size());
  if (!call(api->Run(session, nullptr, inputNames.data(), inputs.data(), inputs.size(), outputNames.data(),
                     outputNames.size(), values.data())))
    return call.error;
  for (size_t i = 0; i < values.size(); ++i) {
    outputs.emplace_back().set_name(outputNames[i]);
    if (!readOutput(call, values[i], outputs.back()))
      return call.error;
  }
  return "";
}
