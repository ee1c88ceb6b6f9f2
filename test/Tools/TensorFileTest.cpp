// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Half precision and the forms in which a TensorProto may hold its numbers.
#include "Product/TensorFile.h"
#include "Product/Failure.h"

#include <cmath>
#include <fstream>
#include <gtest/gtest.h>
#include <onnx/onnx_pb.h>

using namespace edgelm::tools;
using onnx::TensorProto;

static std::filesystem::path writeProto(const TensorProto &proto) {
  const std::filesystem::path path = std::filesystem::path(testing::TempDir()) / "tensor.pb";
  std::ofstream(path, std::ios::binary) << proto.SerializeAsString();
  return path;
}

static TensorProto protoOf(TensorProto::DataType type, std::initializer_list<int64_t> dims) {
  TensorProto proto;
  proto.set_name("x");
  proto.set_data_type(type);
  for (int64_t dim : dims)
    proto.add_dims(dim);
  return proto;
}

TEST(Half, every_number_survives_the_way_through_float) {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    const float value = halfToFloat(uint16_t(bits));
    if (std::isnan(value))
      EXPECT_TRUE(std::isnan(halfToFloat(floatToHalf(value))));
    else
      EXPECT_EQ(floatToHalf(value), bits) << value;
  }
}

TEST(Half, rounds_half_to_even) {
  EXPECT_EQ(halfToFloat(floatToHalf(2049)), 2048);
  EXPECT_EQ(halfToFloat(floatToHalf(2051)), 2052);
  EXPECT_EQ(halfToFloat(floatToHalf(65519)), 65504);
  EXPECT_EQ(halfToFloat(floatToHalf(65520)), INFINITY);
  EXPECT_EQ(halfToFloat(floatToHalf(std::ldexp(1.5f, -25))), std::ldexp(1.0f, -24));
  EXPECT_EQ(floatToHalf(std::ldexp(1.0f, -25)), 0);
  EXPECT_EQ(floatToHalf(-std::ldexp(1.0f, -26)), 0x8000);
}

TEST(TensorFile, reads_raw_and_typed_fields) {
  TensorProto typed = protoOf(TensorProto::FLOAT, {2});
  typed.add_float_data(1.5f);
  typed.add_float_data(-2);
  EXPECT_EQ(readTensor(writeProto(typed)).floats, (std::vector<float>{1.5f, -2}));

  TensorProto raw = protoOf(TensorProto::INT64, {1, 2});
  const int64_t numbers[] = {-3, int64_t(1) << 40};
  raw.set_raw_data(numbers, sizeof numbers);
  const Tensor tensor = readTensor(writeProto(raw));
  EXPECT_EQ(tensor.integers, (std::vector<int64_t>{-3, int64_t(1) << 40}));
  EXPECT_EQ(tensor.dims, (std::vector<int64_t>{1, 2}));

  TensorProto half = protoOf(TensorProto::FLOAT16, {1});
  half.add_int32_data(0x3c00);
  EXPECT_EQ(readTensor(writeProto(half)).floats, std::vector<float>{1});

  const Tensor empty = readTensor(writeProto(protoOf(TensorProto::FLOAT, {1, 2, 0, 4})));
  EXPECT_TRUE(empty.floats.empty());
}

TEST(TensorFile, refuses_sizes_and_types_that_do_not_fit) {
  TensorProto proto = protoOf(TensorProto::FLOAT, {3});
  proto.set_raw_data("12345678");
  EXPECT_THROW(readTensor(writeProto(proto)), Failure);
  EXPECT_THROW(readTensor(writeProto(protoOf(TensorProto::STRING, {0}))), Failure);
  EXPECT_THROW(readTensor(writeProto(protoOf(TensorProto::FLOAT, {-1}))), Failure);
  EXPECT_THROW(readTensor(writeProto(protoOf(TensorProto::FLOAT, {int64_t(1) << 40, int64_t(1) << 40}))), Failure);
}
