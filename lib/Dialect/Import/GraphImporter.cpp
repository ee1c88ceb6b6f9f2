// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Walks an ONNX graph: inputs, initialisers, nodes in order, outputs.
#include "Dialect/Import/GraphImporter.h"
#include "Dialect/Import/NodeBinder.h"
#include "Dialect/KnownValues.h"
#include "Dialect/Sizes.h"

#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace edgelm;

/// ai.onnx has two spellings.
static StringRef domainOf(const onnx::NodeProto &node) {
  return node.domain() == "ai.onnx" ? "" : StringRef(node.domain());
}

/// The name that Optimum gives to the switch of a merged decoder.
static constexpr llvm::StringLiteral kUseCacheBranch = "use_cache_branch";

GraphImporter::GraphImporter(const OnnxFile &file, ModuleOp module)
    : file(file), functions(file.model), context(module.getContext()), builder(module.getBodyRegion()) {}

Location GraphImporter::locationOf(StringRef name) {
  return NameLoc::get(StringAttr::get(context, name));
}

StringRef edgelm::nameOfNode(const onnx::NodeProto &node) {
  if (!node.name().empty())
    return node.name();
  return node.output_size() ? node.output(0) : node.op_type();
}

Location GraphImporter::locationOf(const onnx::NodeProto &node) {
  StringRef name = nameOfNode(node);
  return locationOf(calls.empty() ? name.str() : calls.back().prefix + name.str());
}

LogicalResult GraphImporter::define(StringRef name, Value value, Location location) {
  if (values.try_emplace(name, value).second)
    return success();
  return emitError(location) << "the name \"" << name
                             << "\" is defined twice; expected one initializer, input or node for it";
}

//===- Operators that have no row ---------------------------------------===//

namespace {
/// Where an operator without a row was met first, and how often.
struct Unsupported {
  const onnx::NodeProto *first = nullptr;
  int64_t opset = 0;
  int count = 0;
};
} // namespace

namespace {
/// Looks through a model for operators without a row, into subgraphs and into the functions that are called.
struct OperatorCheck {
  const OnnxFile &file;
  const FunctionTable &functions;
  llvm::MapVector<std::pair<StringRef, StringRef>, Unsupported> found = {};
  llvm::SmallPtrSet<const onnx::FunctionProto *, 8> seen = {};
  SmallVector<const onnx::FunctionProto *> pending = {};

  void run() {
    visit(file.model.graph().node(), nullptr);
    while (!pending.empty()) {
      const onnx::FunctionProto *function = pending.pop_back_val();
      visit(function->node(), function);
    }
  }

private:
  int64_t opset(StringRef domain, const onnx::FunctionProto *function) const {
    std::optional<int64_t> own = function ? findOpset(function->opset_import(), domain) : std::nullopt;
    return own ? *own : file.opset(domain).value_or(1);
  }

  void visit(const google::protobuf::RepeatedPtrField<onnx::NodeProto> &nodes, const onnx::FunctionProto *function) {
    for (const onnx::NodeProto &node : nodes) {
      for (const onnx::AttributeProto &attribute : node.attribute())
        if (attribute.has_g())
          visit(attribute.g().node(), function);
      if (const onnx::FunctionProto *callee = functions.find(node)) {
        if (seen.insert(callee).second)
          pending.push_back(callee);
        continue;
      }
      StringRef domain = domainOf(node), name = node.op_type();
      int64_t version = opset(domain, function);
      if ((domain.empty() && name == "If") || lookupOperator(domain, name, version))
        continue;
      Unsupported &entry = found[{domain, name}];
      if (!entry.count++)
        entry = {&node, version, 1};
    }
  }
};
} // namespace

LogicalResult GraphImporter::checkOperators() {
  OperatorCheck check = {file, functions};
  check.run();
  auto &found = check.found;
  if (found.empty())
    return success();
  InFlightDiagnostic error = emitError(locationOf(*found.front().second.first));
  error << "the model needs operators that are not supported: ";
  StringRef separator = "";
  for (const auto &[name, entry] : found) {
    error << separator << name.second << " (" << (name.first.empty() ? "ai.onnx" : name.first) << ", opset "
          << entry.opset << ", " << entry.count << (entry.count == 1 ? " node" : " nodes") << ", first \""
          << nameOfNode(*entry.first) << "\"";
    if (std::string similar = similarOperators(name.second); !similar.empty())
      error << "; supported: " << similar;
    error << ")";
    separator = ", ";
  }
  return error;
}

//===- Interface --------------------------------------------------------===//

static NamedAttrList interfaceAttributes(MLIRContext *context, StringRef name, StringRef role) {
  NamedAttrList attributes;
  attributes.set(kNameAttr, StringAttr::get(context, name));
  attributes.set(kRoleAttr, StringAttr::get(context, role));
  return attributes;
}

LogicalResult GraphImporter::importInputs() {
  const onnx::GraphProto &graph = file.model.graph();
  llvm::StringSet<> initialized;
  for (const onnx::TensorProto &tensor : graph.initializer())
    initialized.insert(tensor.name());

  SmallVector<Type> types;
  SmallVector<Attribute> attributes;
  SmallVector<const onnx::ValueInfoProto *> inputs;
  for (const onnx::ValueInfoProto &input : graph.input()) {
    if (initialized.contains(input.name())) // IR version 3 lists initialisers as inputs
      continue;
    const onnx::TypeProto &type = input.type();
    Type element = type.has_tensor_type() ? elementType(type.tensor_type().elem_type(), context) : Type();
    if (!element || !type.tensor_type().has_shape())
      return emitError(locationOf(input.name()))
             << "input \"" << input.name() << "\" is no tensor of numbers with a known rank";
    SmallVector<int64_t> shape;
    for (const onnx::TensorShapeProto::Dimension &size : type.tensor_type().shape().dim())
      shape.push_back(size.has_dim_value() && size.dim_value() >= 0 ? size.dim_value() : ShapedType::kDynamic);
    if (failed(checkSizes(locationOf(input.name()), shape)))
      return failure();
    types.push_back(RankedTensorType::get(shape, element));
    attributes.push_back(interfaceAttributes(context, input.name(), argumentRole(input.name())).getDictionary(context));
    inputs.push_back(&input);
  }
  function = func::FuncOp::create(builder, locationOf(graph.name().empty() ? file.name : graph.name()), "main",
                                  builder.getFunctionType(types, {}));
  function.setAllArgAttrs(ArrayRef<Attribute>(attributes));
  Block *body = function.addEntryBlock();
  builder.setInsertionPointToEnd(body);
  tensors = std::make_unique<TensorImporter>(file, body);
  for (auto [input, argument] : llvm::zip_equal(inputs, body->getArguments())) {
    argument.setLoc(locationOf(input->name()));
    if (failed(define(input->name(), argument, argument.getLoc())))
      return failure();
  }
  return success();
}

LogicalResult GraphImporter::importOutputs() {
  const onnx::GraphProto &graph = file.model.graph();
  SmallVector<Value> results;
  SmallVector<Attribute> attributes;
  for (const onnx::ValueInfoProto &output : graph.output()) {
    Value value = values.lookup(output.name());
    if (!value)
      return emitError(locationOf(output.name())) << "output \"" << output.name() << "\" is not computed by any node";
    results.push_back(value);
    attributes.push_back(interfaceAttributes(context, output.name(), resultRole(output.name())).getDictionary(context));
  }
  Value mergeSwitch = values.lookup(kUseCacheBranch);
  if (BlockArgument argument = dyn_cast_or_null<BlockArgument>(mergeSwitch); argument && argument.use_empty())
    (void)function.eraseArgument(argument.getArgNumber());
  func::ReturnOp::create(builder, function.getLoc(), results);
  function.setType(builder.getFunctionType(function.getArgumentTypes(), ValueRange(results).getTypes()));
  function.setAllResultAttrs(ArrayRef<Attribute>(attributes));
  return success();
}

LogicalResult GraphImporter::importInitializers(const onnx::GraphProto &graph) {
  if (graph.sparse_initializer_size())
    return emitError(locationOf(graph.name())) << "sparse initializers are not supported";
  std::vector<const onnx::TensorProto *> all;
  for (const onnx::TensorProto &tensor : graph.initializer())
    all.push_back(&tensor);
  if (failed(tensors->prepare(all)))
    return failure();
  for (const onnx::TensorProto *tensor : all) {
    Location location = locationOf(tensor->name());
    Value value = tensors->import(*tensor, location);
    if (!value || failed(define(tensor->name(), value, location)))
      return failure();
  }
  return success();
}

//===- Nodes ------------------------------------------------------------===//

/// Names that a node reads, those of its subgraphs' nodes too.
static void collectInputs(const onnx::NodeProto &node, SmallVectorImpl<StringRef> &names) {
  for (const std::string &name : node.input())
    if (!name.empty())
      names.push_back(name);
  for (const onnx::AttributeProto &attribute : node.attribute()) {
    for (const onnx::NodeProto &inner : attribute.g().node())
      collectInputs(inner, names);
    for (const onnx::ValueInfoProto &output : attribute.g().output())
      names.push_back(output.name());
  }
}

FailureOr<std::vector<const onnx::NodeProto *>> GraphImporter::sorted(const Nodes &nodes) {
  enum class Mark { New, Open, Done };
  llvm::DenseMap<const onnx::NodeProto *, Mark> marks;
  llvm::StringMap<const onnx::NodeProto *> producers;
  for (const onnx::NodeProto &node : nodes) {
    for (const std::string &name : node.output()) {
      if (name.empty() || producers.try_emplace(name, &node).second)
        continue;
      const onnx::NodeProto *&first = producers[name];
      if (first->op_type() != "Constant" || node.op_type() != "Constant")
        return emitError(locationOf(node)) << "the name \"" << name << "\" is defined twice; expected one node for it";
      // Some old exporters leave the same Constant twice, or a changed one behind it: the last counts, as in ONNX
      // Runtime.
      marks[first] = Mark::Done;
      first = &node;
    }
  }

  std::vector<const onnx::NodeProto *> order;
  for (const onnx::NodeProto &root : nodes) {
    // Depth first without recursion: graphs are long chains.
    SmallVector<const onnx::NodeProto *> stack{&root};
    while (!stack.empty()) {
      const onnx::NodeProto *node = stack.back();
      if (marks[node] != Mark::New) {
        stack.pop_back();
        if (marks[node] == Mark::Open)
          order.push_back(node);
        marks[node] = Mark::Done;
        continue;
      }
      marks[node] = Mark::Open;
      SmallVector<StringRef> names;
      collectInputs(*node, names);
      for (StringRef name : llvm::reverse(names)) {
        const onnx::NodeProto *producer = producers.lookup(name);
        if (!producer || marks[producer] == Mark::Done)
          continue;
        if (marks[producer] == Mark::Open)
          return emitError(locationOf(*node)) << "reads \"" << name << "\", which is computed from its own result; "
                                              << "expected a graph without cycles";
        stack.push_back(producer);
      }
    }
  }
  return order;
}

LogicalResult GraphImporter::importNode(const onnx::NodeProto &unresolved) {
  const onnx::NodeProto &node = resolved(unresolved);
  Location location = locationOf(node);
  if (domainOf(node).empty() && node.op_type() == "If")
    return importIf(node);
  SmallVector<Value> inputs;
  for (const std::string &name : node.input()) {
    Value value = name.empty() ? Value() : values.lookup(name);
    // An input that a call leaves out is known, but has no value.
    if (!name.empty() && !value && !values.count(name))
      return emitError(location) << node.op_type() << ": reads \"" << name
                                 << "\", which no input, initializer or node defines";
    inputs.push_back(value);
  }
  if (node.output().empty())
    return emitError(location) << node.op_type() << ": expected at least one output, found none";
  if (const onnx::FunctionProto *callee = functions.find(node))
    return importCall(node, *callee, inputs);
  int64_t version = opset(domainOf(node)).value_or(1);
  const OperatorRow *row = lookupOperator(domainOf(node), node.op_type(), version);
  ArrayRef<Value> required = ArrayRef(inputs).take_front(row->inputs);
  if (inputs.size() < row->inputs || llvm::is_contained(required, Value()))
    return emitError(location) << node.op_type() << ": expected at least " << row->inputs << " inputs, found "
                               << llvm::count_if(required, [](Value value) { return bool(value); });
  NodeBinder binder(node, *row, version, inputs, builder, *tensors, location);
  if (failed(row->handler(binder)))
    return failure();
  for (auto [name, value] : llvm::zip(node.output(), binder.results())) {
    if (name.empty())
      continue;
    if (!value)
      return emitError(location) << node.op_type() << ": output \"" << name << "\" is not supported";
    if (failed(define(name, value, location)))
      return failure();
  }
  return success();
}

LogicalResult GraphImporter::importNodes(const Nodes &nodes) {
  FailureOr<std::vector<const onnx::NodeProto *>> order = sorted(nodes);
  if (failed(order))
    return failure();
  for (const onnx::NodeProto *node : *order)
    if (failed(importNode(*node)))
      return failure();
  return success();
}

LogicalResult GraphImporter::importIf(const onnx::NodeProto &node) {
  Location location = locationOf(node);
  Value condition = node.input_size() ? values.lookup(node.input(0)) : Value();
  std::optional<SmallVector<int64_t>> known = condition ? constantValues(condition) : std::nullopt;
  // A merged decoder chooses between its two graphs by this input; the one without past says all that we need.
  if (isa_and_nonnull<BlockArgument>(condition) && node.input(0) == kUseCacheBranch)
    known = SmallVector<int64_t>{0};
  if (!known || known->size() != 1)
    return emitError(location) << "If: expected a condition that is known at import, found a computed value";
  StringRef wanted = known->front() ? "then_branch" : "else_branch";
  for (const onnx::AttributeProto &attribute : node.attribute()) {
    if (attribute.name() != wanted)
      continue;
    const onnx::GraphProto &branch = attribute.g();
    if (failed(importInitializers(branch)) || failed(importNodes(branch.node())))
      return failure();
    for (auto [name, output] : llvm::zip(node.output(), branch.output())) {
      Value value = values.lookup(output.name());
      if (!value)
        return emitError(location) << "If: output \"" << output.name() << "\" is not computed by any node";
      if (!name.empty() && failed(define(name, value, location)))
        return failure();
    }
    return success();
  }
  return emitError(location) << "If: expected the attribute " << wanted;
}

LogicalResult GraphImporter::run() {
  if (failed(checkOperators()) || failed(importInputs()) || failed(importInitializers(file.model.graph())) ||
      failed(importNodes(file.model.graph().node())))
    return failure();
  return importOutputs();
}
