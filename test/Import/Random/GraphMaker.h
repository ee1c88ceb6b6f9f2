// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Builds small random ONNX models node by node, with the values of their inputs.
#pragma once

#include <cstdint>
#include <onnx/onnx_pb.h>
#include <random>
#include <string>
#include <vector>

namespace edgelm::random {

using Shape = std::vector<int64_t>;

/// A tensor of the graph.
struct Tensor {
  std::string name;
  Shape shape;
  int32_t type = onnx::TensorProto::FLOAT;
  /// Every runtime gives the same bits: what jumps (comparisons, roundings, indices) reads only such tensors.
  bool isExact = false;

  int64_t rank() const { return int64_t(shape.size()); }
};

/// A model with the values of its inputs.
struct Model {
  onnx::ModelProto proto;
  std::vector<onnx::TensorProto> inputs;
  std::string recipe; ///< the steps it is made of, for messages
};

class GraphMaker {
public:
  explicit GraphMaker(uint32_t seed);

  int64_t number(int64_t least, int64_t most);
  bool oneIn(int64_t chances) { return number(1, chances) == 1; }
  float real(float least, float most);
  template <typename T> const T &pick(const std::vector<T> &from) { return from[number(0, from.size() - 1)]; }
  /// A shape of `rank` small sizes.
  Shape someShape(int64_t rank);
  /// All dimensions of a rank in any order.
  Shape someOrder(int64_t rank);
  /// A shape that broadcasts to `shape`.
  Shape narrowed(Shape shape);

  /// A float tensor of the graph, or a new input: of any rank from `least` to `most`, `exact` if that matters.
  Tensor any(int64_t least = 1, int64_t most = 4, bool exact = false);
  /// New ones. Floats lie between -1 and 1.
  Tensor input(const Shape &shape, int32_t type = onnx::TensorProto::FLOAT);
  Tensor weight(const Shape &shape, float scale = 1);
  Tensor integers(const Shape &shape, const std::vector<int64_t> &values, int32_t type = onnx::TensorProto::INT64);
  Tensor vector(const std::vector<int64_t> &values) { return integers({int64_t(values.size())}, values); }
  Tensor scalar(float value);
  /// Bytes as they are, for codes.
  Tensor codes(const Shape &shape, int32_t type, int64_t least, int64_t most);

  /// A node whose first result has this shape.
  Tensor node(const std::string &op, const std::vector<Tensor> &inputs, const Shape &shape,
              const std::vector<onnx::AttributeProto> &attributes = {}, const std::string &domain = "",
              size_t outputs = 1);
  /// The same with a result that is exact where the operands are.
  Tensor exactNode(const std::string &op, const std::vector<Tensor> &inputs, const Shape &shape,
                   const std::vector<onnx::AttributeProto> &attributes = {});
  /// A further result of the last node.
  Tensor result(size_t index, const Shape &shape, int32_t type = onnx::TensorProto::FLOAT);
  /// Lists a float tensor, so that later steps read it; converts others to float first.
  void keep(Tensor tensor);

  bool hasNodes() const { return model.proto.graph().node_size() > 0; }
  /// The outputs are what no node reads.
  Model finish(const std::string &recipe);

private:
  Tensor initializer(const Shape &shape, int32_t type, std::string bytes);
  std::string fresh(const char *kind) { return kind + std::to_string(counter++); }

  std::mt19937 random;
  Model model;
  std::vector<Tensor> tensors;
  int counter = 0;
};

onnx::AttributeProto integer(const std::string &name, int64_t value);
onnx::AttributeProto integers(const std::string &name, const std::vector<int64_t> &values);
onnx::AttributeProto number(const std::string &name, float value);
onnx::AttributeProto text(const std::string &name, const std::string &value);

/// A step adds a node or a few.
struct Step {
  const char *name;
  void (*add)(GraphMaker &maker);
};

/// The steps by family.
const std::vector<Step> &elementSteps();
const std::vector<Step> &shapeSteps();
const std::vector<Step> &productSteps();
const std::vector<Step> &attentionSteps();

/// The model of a seed: a few steps, every third with an attention.
Model randomModel(uint32_t seed);

} // namespace edgelm::random
