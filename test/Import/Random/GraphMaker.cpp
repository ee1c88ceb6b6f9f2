// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Keeps the tensors of a model under construction.
#include "GraphMaker.h"

#include <algorithm>
#include <cstring>
#include <set>

using namespace edgelm::random;
using onnx::AttributeProto;
using onnx::TensorProto;

static AttributeProto named(const std::string &name, AttributeProto::AttributeType type) {
  AttributeProto attribute;
  attribute.set_name(name);
  attribute.set_type(type);
  return attribute;
}

onnx::AttributeProto edgelm::random::integer(const std::string &name, int64_t value) {
  AttributeProto attribute = named(name, AttributeProto::INT);
  attribute.set_i(value);
  return attribute;
}

onnx::AttributeProto edgelm::random::integers(const std::string &name, const std::vector<int64_t> &values) {
  AttributeProto attribute = named(name, AttributeProto::INTS);
  attribute.mutable_ints()->Add(values.begin(), values.end());
  return attribute;
}

onnx::AttributeProto edgelm::random::number(const std::string &name, float value) {
  AttributeProto attribute = named(name, AttributeProto::FLOAT);
  attribute.set_f(value);
  return attribute;
}

onnx::AttributeProto edgelm::random::text(const std::string &name, const std::string &value) {
  AttributeProto attribute = named(name, AttributeProto::STRING);
  attribute.set_s(value);
  return attribute;
}

GraphMaker::GraphMaker(uint32_t seed) : random(seed) {
  // What PyTorch writes today, and the opset that brought attention and rotations.
  model.proto.set_ir_version(10);
  model.proto.add_opset_import()->set_version(23);
  onnx::OperatorSetIdProto *microsoft = model.proto.add_opset_import();
  microsoft->set_domain("com.microsoft");
  microsoft->set_version(1);
  model.proto.mutable_graph()->set_name("random");
}

int64_t GraphMaker::number(int64_t least, int64_t most) {
  // Not std::uniform_int_distribution, which differs between libraries.
  return least + int64_t(random() % uint64_t(most - least + 1));
}

float GraphMaker::real(float least, float most) {
  return least + (most - least) * float(random() >> 8) / float(1 << 24);
}

Shape GraphMaker::someShape(int64_t rank) {
  Shape shape;
  for (int64_t i = 0; i < rank; ++i)
    shape.push_back(oneIn(8) ? 1 : number(2, 5));
  return shape;
}

Shape GraphMaker::someOrder(int64_t rank) {
  Shape order;
  for (int64_t i = 0; i < rank; ++i)
    order.insert(order.begin() + number(0, i), i);
  return order;
}

Shape GraphMaker::narrowed(Shape shape) {
  shape.erase(shape.begin(), shape.begin() + number(0, int64_t(shape.size())));
  for (int64_t &size : shape)
    size = oneIn(4) ? 1 : size;
  return shape;
}

Tensor GraphMaker::any(int64_t least, int64_t most, bool exact) {
  std::vector<Tensor> fitting;
  for (const Tensor &tensor : tensors)
    if (tensor.rank() >= least && tensor.rank() <= most && (tensor.isExact || !exact))
      fitting.push_back(tensor);
  // Rather the latest: graphs are deep.
  if (fitting.empty() || oneIn(4))
    return input(someShape(number(least, most)));
  return oneIn(2) ? fitting.back() : pick(fitting);
}

Tensor GraphMaker::input(const Shape &shape, int32_t type) {
  Tensor tensor = {fresh("x"), shape, type, true};
  onnx::ValueInfoProto *info = model.proto.mutable_graph()->add_input();
  info->set_name(tensor.name);
  info->mutable_type()->mutable_tensor_type()->set_elem_type(type);
  TensorProto &value = model.inputs.emplace_back();
  value.set_name(tensor.name);
  value.set_data_type(type);
  int64_t elements = 1;
  for (int64_t size : shape) {
    info->mutable_type()->mutable_tensor_type()->mutable_shape()->add_dim()->set_dim_value(size);
    value.add_dims(size);
    elements *= size;
  }
  std::vector<float> numbers(elements);
  for (float &number : numbers)
    number = real(-1, 1);
  value.set_raw_data(numbers.data(), numbers.size() * sizeof(float));
  if (type == TensorProto::FLOAT)
    tensors.push_back(tensor);
  return tensor;
}

Tensor GraphMaker::initializer(const Shape &shape, int32_t type, std::string bytes) {
  TensorProto *tensor = model.proto.mutable_graph()->add_initializer();
  tensor->set_name(fresh("w"));
  tensor->set_data_type(type);
  tensor->mutable_dims()->Add(shape.begin(), shape.end());
  tensor->set_raw_data(std::move(bytes));
  return {tensor->name(), shape, type, true};
}

static int64_t countOf(const Shape &shape) {
  int64_t elements = 1;
  for (int64_t size : shape)
    elements *= size;
  return elements;
}

Tensor GraphMaker::weight(const Shape &shape, float scale) {
  std::string bytes;
  for (int64_t i = countOf(shape); i > 0; --i) {
    float value = real(-scale, scale);
    bytes.append(reinterpret_cast<const char *>(&value), sizeof value);
  }
  return initializer(shape, TensorProto::FLOAT, bytes);
}

Tensor GraphMaker::scalar(float value) {
  return initializer({}, TensorProto::FLOAT, std::string(reinterpret_cast<const char *>(&value), sizeof value));
}

Tensor GraphMaker::integers(const Shape &shape, const std::vector<int64_t> &values, int32_t type) {
  size_t width = type == TensorProto::INT64 ? 8 : type == TensorProto::INT32 ? 4 : 1;
  std::string bytes;
  for (int64_t value : values)
    bytes.append(reinterpret_cast<const char *>(&value), width); // little-endian
  return initializer(shape, type, bytes);
}

Tensor GraphMaker::codes(const Shape &shape, int32_t type, int64_t least, int64_t most) {
  std::vector<int64_t> values;
  for (int64_t i = countOf(shape); i > 0; --i)
    values.push_back(number(least, most));
  return integers(shape, values, type);
}

Tensor GraphMaker::node(const std::string &op, const std::vector<Tensor> &inputs, const Shape &shape,
                        const std::vector<AttributeProto> &attributes, const std::string &domain, size_t outputs) {
  onnx::NodeProto *node = model.proto.mutable_graph()->add_node();
  node->set_op_type(op);
  node->set_domain(domain);
  node->set_name(fresh("n"));
  for (const Tensor &input : inputs)
    node->add_input(input.name);
  for (size_t i = 0; i < outputs; ++i)
    node->add_output(node->name() + "_" + std::to_string(i));
  for (const AttributeProto &attribute : attributes)
    *node->add_attribute() = attribute;
  return {node->output(0), shape};
}

Tensor GraphMaker::exactNode(const std::string &op, const std::vector<Tensor> &inputs, const Shape &shape,
                             const std::vector<AttributeProto> &attributes) {
  Tensor tensor = node(op, inputs, shape, attributes);
  tensor.isExact = std::all_of(inputs.begin(), inputs.end(), [](const Tensor &input) { return input.isExact; });
  return tensor;
}

Tensor GraphMaker::result(size_t index, const Shape &shape, int32_t type) {
  const onnx::GraphProto &graph = model.proto.graph();
  return {graph.node(graph.node_size() - 1).output(int(index)), shape, type};
}

void GraphMaker::keep(Tensor tensor) {
  if (tensor.type != TensorProto::FLOAT) {
    bool isExact = tensor.isExact;
    tensor = node("Cast", {tensor}, tensor.shape, {integer("to", TensorProto::FLOAT)});
    tensor.isExact = isExact;
  }
  tensors.push_back(tensor);
}

Model GraphMaker::finish(const std::string &recipe) {
  onnx::GraphProto &graph = *model.proto.mutable_graph();
  std::set<std::string> read;
  for (const onnx::NodeProto &node : graph.node())
    read.insert(node.input().begin(), node.input().end());
  for (const Tensor &tensor : tensors) {
    bool isInput = std::any_of(model.inputs.begin(), model.inputs.end(),
                               [&](const TensorProto &input) { return input.name() == tensor.name; });
    if (isInput || read.count(tensor.name))
      continue;
    onnx::ValueInfoProto *output = graph.add_output();
    output->set_name(tensor.name);
    output->mutable_type()->mutable_tensor_type()->set_elem_type(tensor.type);
  }
  model.recipe = recipe;
  return std::move(model);
}

Model edgelm::random::randomModel(uint32_t seed) {
  GraphMaker maker(seed);
  std::string recipe;
  int64_t count = maker.number(2, 6), attention = maker.oneIn(3) ? maker.number(0, count - 1) : -1;
  // A step may find nothing that it fits.
  for (int64_t i = 0; i < count || !maker.hasNodes(); ++i) {
    int64_t family = maker.number(0, 2);
    const std::vector<Step> &steps = i == attention ? attentionSteps()
                                     : family == 0  ? elementSteps()
                                     : family == 1  ? shapeSteps()
                                                    : productSteps();
    const Step &step = maker.pick(steps);
    recipe += (recipe.empty() ? "" : " ") + std::string(step.name);
    step.add(maker);
  }
  return maker.finish(recipe);
}
