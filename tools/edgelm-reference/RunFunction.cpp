// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Runs a whole-sequence function.
#include "Runs.h"

#include "Dialect/EdgeLMDialect.h"
#include "Dialect/Reference/Evaluator.h"
#include "llvm/ADT/StringSet.h"
#include <cmath>

using namespace edgelm::tools;
using namespace mlir;

void Difference::add(double got, double expected) {
  ++compared;
  values.push_back(static_cast<float>(got));
  double difference = std::fabs(got - expected);
  // A NaN must not look like agreement.
  greatest = std::isnan(difference) ? INFINITY : std::fmax(greatest, difference);
  reference = std::fmax(reference, std::fabs(expected));
}

edgelm::Tensor edgelm::tools::toTensor(const Tensor &file, ArrayRef<int64_t> shape, Type elementType) {
  if (!file.floats.empty())
    return edgelm::Tensor::fromDoubles(shape, elementType, std::vector<double>(file.floats.begin(), file.floats.end()));
  return edgelm::Tensor::fromIntegers(shape, elementType, file.integers);
}

StringRef edgelm::tools::argText(func::FuncOp function, unsigned index, StringRef attribute) {
  StringAttr text = function.getArgAttrOfType<StringAttr>(index, attribute);
  return text ? text.getValue() : "";
}

StringRef edgelm::tools::resultText(func::FuncOp function, unsigned index, StringRef attribute) {
  StringAttr text = function.getResultAttrOfType<StringAttr>(index, attribute);
  return text ? text.getValue() : "";
}

/// Whether dimensions agree where the type knows them.
static bool fits(RankedTensorType type, const std::vector<int64_t> &dims) {
  if (type.getRank() != static_cast<int64_t>(dims.size()))
    return false;
  for (auto [known, dim] : llvm::zip(type.getShape(), dims))
    if (!ShapedType::isDynamic(known) && known != dim)
      return false;
  return true;
}

/// Why a function that has bound its state and mask cannot stand for the data set, or "".
static std::string missingInput(func::FuncOp function, const DataSet &data) {
  llvm::StringSet<> names;
  for (unsigned i = 0; i < function.getNumArguments(); ++i)
    names.insert(argText(function, i, edgelm::kNameAttr));
  for (const auto &[name, tensor] : data.inputs) {
    if (names.contains(name))
      continue;
    if (tensor.isFloat())
      return "has a past";
    if (name.find("mask") != std::string::npos && llvm::is_contained(tensor.integers, 0))
      return "hides tokens";
  }
  return "";
}

/// An entry point of an encoder takes `[S]`: one sequence of at most S, whose padding its mask hides.
static bool isShorter(RankedTensorType type, ArrayRef<int64_t> dims) {
  return type.getRank() == 1 && type.getElementType().isInteger(32) && dims.size() == 2 && dims[0] == 1 &&
         dims[1] <= type.getDimSize(0);
}

static edgelm::Tensor padded(const Tensor &input, RankedTensorType type) {
  std::vector<int64_t> values(input.integers.begin(), input.integers.end());
  values.resize(type.getNumElements(), 0);
  return edgelm::Tensor::fromIntegers(type.getShape(), type.getElementType(), values);
}

FailureOr<Difference> edgelm::tools::runFunction(func::FuncOp function, const DataSet &data) {
  Difference difference;
  difference.skipped = missingInput(function, data);
  edgelm::Evaluator evaluator(function.front());
  for (unsigned i = 0; i < function.getNumArguments() && difference.skipped.empty(); ++i) {
    StringRef name = argText(function, i, edgelm::kNameAttr);
    const Tensor *input = data.input(name.str());
    RankedTensorType type = cast<RankedTensorType>(function.getArgument(i).getType());
    if (argText(function, i, edgelm::kRoleAttr) == "n") {
      const Tensor *tokens = data.input(argText(function, 0, edgelm::kNameAttr).str());
      int64_t count = tokens ? tokens->dims.back() : 0;
      evaluator.set(function.getArgument(i), edgelm::Tensor::fromIntegers({}, type.getElementType(), count));
      continue;
    }
    if (!input)
      return function.emitError("argument ") << i << " (\"" << name << "\") is no input of " << data.name;
    if (isShorter(type, input->dims))
      evaluator.set(function.getArgument(i), padded(*input, type));
    else if (!fits(type, input->dims))
      difference.skipped = "has another shape";
    else
      evaluator.set(function.getArgument(i), toTensor(*input, input->dims, type.getElementType()));
  }
  if (!difference.skipped.empty())
    return difference;
  FailureOr<SmallVector<edgelm::Tensor>> results = evaluator.run();
  if (failed(results))
    return failure();
  for (auto [i, result] : llvm::enumerate(*results)) {
    auto expected = data.outputs.find(resultText(function, i, edgelm::kNameAttr).str());
    if (expected == data.outputs.end())
      continue;
    const Tensor &output = expected->second;
    std::vector<double> got = result.toDoubles();
    size_t count = std::max(output.floats.size(), output.integers.size());
    if (got.size() != count)
      return function.emitError("result ") << i << " is " << result.getType() << ", expected " << count << " elements";
    for (size_t j = 0; j < count; ++j)
      difference.add(got[j], output.floats.empty() ? static_cast<double>(output.integers[j]) : output.floats[j]);
  }
  return difference;
}
