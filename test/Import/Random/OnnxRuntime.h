// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// ONNX Runtime as a shared library that is opened at run time, where it is installed.
#pragma once

#include "GraphMaker.h"
#include <memory>

struct ort_api;

namespace edgelm::random {

class OnnxRuntime {
public:
  /// Opens the library of npm's onnxruntime-node; null, with the reason, where there is none.
  static std::unique_ptr<OnnxRuntime> open(const std::string &library, std::string &reason);

  /// The model's outputs, all of them float. Returns what ONNX Runtime says when it refuses the model, or "".
  std::string run(const Model &model, std::vector<onnx::TensorProto> &outputs) const;

private:
  explicit OnnxRuntime(const ort_api *api) : api(api) {}
  const ort_api *api;
};

} // namespace edgelm::random
