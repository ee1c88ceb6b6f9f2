// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reads and writes TensorProto messages.
#include "Product/TensorFile.h"
#include "Product/CommandLine.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <fstream>
#include <onnx/onnx_pb.h>

using namespace edgelm::tools;
namespace fs = std::filesystem;

float edgelm::tools::halfToFloat(uint16_t half) {
  const int exponent = (half >> 10) & 31, mantissa = half & 1023;
  float magnitude = exponent == 31  ? (mantissa ? NAN : INFINITY)
                    : exponent == 0 ? std::ldexp(float(mantissa), -24)
                                    : std::ldexp(float(mantissa + 1024), exponent - 25);
  return half & 0x8000 ? -magnitude : magnitude;
}

uint16_t edgelm::tools::floatToHalf(float value) {
  const uint16_t sign = std::signbit(value) ? 0x8000 : 0;
  const float magnitude = std::fabs(value);
  if (std::isnan(magnitude))
    return sign | 0x7e00;
  if (magnitude >= 65520.0f) // rounds above the greatest half, 65504
    return sign | 0x7c00;
  if (magnitude == 0)
    return sign;
  int exponent;
  std::frexp(magnitude, &exponent);
  // The unit in the last place is 2^(exponent - 11), for denormals 2^-24; rint rounds half to even.
  const int unit = std::max(exponent - 11, -24);
  const int mantissa = int(std::rint(std::ldexp(magnitude, -unit)));
  return sign | uint16_t(mantissa + (unit > -24 ? (unit + 24) * 1024 : 0));
}

/// Copies `count` elements of type T from the raw bytes.
template <typename T> static std::vector<T> rawElements(const std::string &raw, size_t count, const fs::path &path) {
  std::vector<T> elements(count);
  if (raw.size() != count * sizeof(T))
    throw Failure(WrongInput, path.string() + ": expected " + std::to_string(count * sizeof(T)) +
                                  " bytes of data, found " + std::to_string(raw.size()));
  std::memcpy(elements.data(), raw.data(), raw.size());
  return elements;
}

/// The elements from raw_data when there is any, else from the typed field `field`.
template <typename T, typename Field>
static std::vector<T> elementsOf(const onnx::TensorProto &proto, const Field &field, size_t count,
                                 const fs::path &path) {
  if (proto.has_raw_data() || field.empty())
    return rawElements<T>(proto.raw_data(), count, path);
  std::vector<T> elements(field.begin(), field.end());
  if (elements.size() != count)
    throw Failure(WrongInput, path.string() + ": expected " + std::to_string(count) + " elements, found " +
                                  std::to_string(elements.size()));
  return elements;
}

template <typename To, typename From> static std::vector<To> convert(const std::vector<From> &from) {
  return std::vector<To>(from.begin(), from.end());
}

Tensor edgelm::tools::readTensor(const fs::path &path) {
  using onnx::TensorProto;
  TensorProto proto;
  if (!proto.ParseFromString(readFile(path)))
    throw Failure(WrongInput, path.string() + ": not a TensorProto");
  Tensor tensor{proto.name(), {proto.dims().begin(), proto.dims().end()}, proto.data_type(), {}, {}};
  size_t count = 1;
  for (int64_t dim : tensor.dims) {
    if (dim < 0 || (dim > 0 && count > (size_t(1) << 40) / size_t(dim)))
      throw Failure(WrongInput, path.string() + ": the dimensions are out of range");
    count *= size_t(dim);
  }
  const auto &ints = proto.int32_data();
  switch (proto.data_type()) {
  case TensorProto::FLOAT:
    tensor.floats = elementsOf<float>(proto, proto.float_data(), count, path);
    break;
  case TensorProto::DOUBLE:
    tensor.floats = convert<float>(elementsOf<double>(proto, proto.double_data(), count, path));
    break;
  case TensorProto::FLOAT16:
    for (uint16_t half : elementsOf<uint16_t>(proto, ints, count, path))
      tensor.floats.push_back(halfToFloat(half));
    break;
  case TensorProto::BFLOAT16:
    for (uint16_t bits : elementsOf<uint16_t>(proto, ints, count, path))
      tensor.floats.push_back(std::bit_cast<float>(uint32_t(bits) << 16));
    break;
  case TensorProto::INT64:
    tensor.integers = elementsOf<int64_t>(proto, proto.int64_data(), count, path);
    break;
  case TensorProto::INT32:
    tensor.integers = convert<int64_t>(elementsOf<int32_t>(proto, ints, count, path));
    break;
  case TensorProto::INT8:
    tensor.integers = convert<int64_t>(elementsOf<int8_t>(proto, ints, count, path));
    break;
  case TensorProto::UINT8:
  case TensorProto::BOOL:
    tensor.integers = convert<int64_t>(elementsOf<uint8_t>(proto, ints, count, path));
    break;
  default:
    throw Failure(WrongInput, path.string() + ": element type " + std::to_string(proto.data_type()) +
                                  " (ONNX TensorProto.DataType) is not supported; known types: float, double, float16, "
                                  "bfloat16, int64, int32, int8, uint8, bool");
  }
  return tensor;
}

void edgelm::tools::writeTensor(const fs::path &path, const Tensor &tensor) {
  onnx::TensorProto proto;
  proto.set_name(tensor.name);
  proto.set_data_type(onnx::TensorProto::FLOAT);
  for (int64_t dim : tensor.dims)
    proto.add_dims(dim);
  proto.set_raw_data(tensor.floats.data(), tensor.floats.size() * sizeof(float));
  std::ofstream file(path, std::ios::binary);
  if (!proto.SerializeToOstream(&file) || !file.flush())
    throw Failure(WrongInput, "cannot write " + path.string());
}

const Tensor *DataSet::input(const std::string &input) const {
  const auto found = inputs.find(input);
  return found == inputs.end() ? nullptr : &found->second;
}

/// Reads <kind>_0.pb, <kind>_1.pb, ... of `folder`.
static std::map<std::string, Tensor> readTensors(const fs::path &folder, const std::string &kind) {
  std::map<std::string, Tensor> tensors;
  for (int i = 0;; ++i) {
    const fs::path path = folder / (kind + "_" + std::to_string(i) + ".pb");
    if (!fs::exists(path))
      return tensors;
    Tensor tensor = readTensor(path);
    if (tensor.name.empty())
      throw Failure(WrongInput, path.string() + ": the tensor has no name; expected the name of the graph's " + kind);
    const std::string name = tensor.name;
    tensors[name] = std::move(tensor);
  }
}

static constexpr const char *setPrefix = "test_data_set_";

std::vector<DataSet> edgelm::tools::readDataSets(const fs::path &folder) {
  if (!fs::is_directory(folder))
    throw Failure(WrongInput, "no such folder: " + folder.string());
  std::vector<fs::path> folders;
  for (const fs::directory_entry &entry : fs::directory_iterator(folder))
    if (entry.is_directory() && entry.path().filename().string().starts_with(setPrefix))
      folders.push_back(entry.path());
  if (folders.empty() && fs::exists(folder / "input_0.pb"))
    folders.push_back(folder);
  if (folders.empty())
    throw Failure(WrongInput, std::string("no ") + setPrefix + "N folder in " + folder.string());
  std::sort(folders.begin(), folders.end(), [](const fs::path &a, const fs::path &b) {
    const std::string x = a.filename(), y = b.filename();
    return x.size() != y.size() ? x.size() < y.size() : x < y; // 2 before 10
  });
  std::vector<DataSet> sets;
  for (const fs::path &path : folders)
    sets.push_back({path.filename(), readTensors(path, "input"), readTensors(path, "output")});
  return sets;
}
