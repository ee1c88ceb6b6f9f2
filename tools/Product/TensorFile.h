// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Tensors in the format of the ONNX backend tests: input_M.pb and output_M.pb of a test_data_set_N folder.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace edgelm::tools {

/// A tensor of numbers; floats of any width are in `floats`, integers and booleans in `integers`.
struct Tensor {
  std::string name;
  std::vector<int64_t> dims;
  int32_t type; // TensorProto.DataType
  std::vector<float> floats;
  std::vector<int64_t> integers;

  bool isFloat() const { return integers.empty() && !floats.empty(); }
  int64_t dim(size_t axis) const { return axis < dims.size() ? dims[axis] : 1; }
};

/// Reads one TensorProto; throws a Failure when it is damaged or of a type that is not a number.
Tensor readTensor(const std::filesystem::path &path);

/// Writes a tensor of floats; throws a Failure when that is impossible.
void writeTensor(const std::filesystem::path &path, const Tensor &tensor);

/// The tensors of one test_data_set_N folder by name.
struct DataSet {
  std::string name;
  std::map<std::string, Tensor> inputs, outputs;

  /// The input called `input`, or null.
  const Tensor *input(const std::string &input) const;
};

/// Every test_data_set_* in `folder` in the order of their numbers, or `folder` itself when it is one.
std::vector<DataSet> readDataSets(const std::filesystem::path &folder);

/// IEEE half precision to and from single.
float halfToFloat(uint16_t half);
uint16_t floatToHalf(float value);

} // namespace edgelm::tools
