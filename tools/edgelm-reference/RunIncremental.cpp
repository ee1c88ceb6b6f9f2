// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Runs an entry over caches, chunk by chunk.
#include "Runs.h"

#include "Dialect/EdgeLMDialect.h"
#include "Dialect/Reference/Evaluator.h"
#include "Dialect/Reference/Quantized.h"
#include "Dialect/Storage.h"
#include <cstring>

using namespace edgelm::tools;
using namespace mlir;

namespace {
/// Names in which numbers compare as numbers, so that layer 10 comes after layer 9.
struct ByNumber {
  bool operator()(const std::string &a, const std::string &b) const { return StringRef(a).compare_numeric(b) < 0; }
};
} // namespace

/// The past inputs of one kind, in the order of their layers.
static std::vector<const Tensor *> pastOf(const DataSet &data, StringRef kind) {
  std::map<std::string, const Tensor *, ByNumber> found;
  for (const auto &[name, tensor] : data.inputs)
    if (tensor.dims.size() == 4 && StringRef(name).contains(kind))
      found[name] = &tensor;
  std::vector<const Tensor *> tensors;
  for (const auto &[name, tensor] : found)
    tensors.push_back(tensor);
  return tensors;
}

/// A cache [heads, context, dim] whose first rows are those of `past` [1, heads, rows, dim].
static edgelm::Tensor makeCache(RankedTensorType type, const Tensor *past) {
  std::vector<char> cache(edgelm::bufferBytes(type));
  if (past && !past->floats.empty()) {
    bool isQuantized = isa<edgelm::Int8CacheType>(type.getElementType());
    Type stored = isQuantized ? Float32Type::get(type.getContext()) : type.getElementType();
    edgelm::Tensor rows = toTensor(*past, past->dims, stored);
    if (isQuantized)
      rows = edgelm::quantizedRows(rows, type.getElementType());
    int64_t rowBytes = cache.size() / (type.getDimSize(0) * type.getDimSize(1)), count = past->dims[2];
    for (int64_t head = 0; head < type.getDimSize(0); ++head)
      std::memcpy(cache.data() + head * type.getDimSize(1) * rowBytes, rows.bytes() + head * count * rowBytes,
                  count * rowBytes);
  }
  return edgelm::Tensor::ofCodes(type, std::move(cache));
}

FailureOr<Difference> edgelm::tools::runIncremental(func::FuncOp function, const DataSet &data, int64_t chunk) {
  Difference difference;
  const Tensor *tokens = nullptr;
  const auto logits = data.outputs.find(resultText(function, 0, edgelm::kNameAttr).str());
  std::map<unsigned, edgelm::Tensor> caches; // by argument
  unsigned keys = 0, values = 0, tokensArgument = 0;
  int64_t pos = 0;
  for (unsigned i = 0; i < function.getNumArguments(); ++i) {
    StringRef role = argText(function, i, edgelm::kRoleAttr);
    RankedTensorType type = cast<RankedTensorType>(function.getArgument(i).getType());
    if (role == "tokens") {
      tokens = data.input(argText(function, i, edgelm::kNameAttr).str());
      tokensArgument = i;
    }
    if (role != "key_cache" && role != "value_cache")
      continue;
    bool isKey = role == "key_cache";
    std::vector<const Tensor *> past = pastOf(data, isKey ? "key" : "value");
    // "past_key_values.0.value" has both words.
    if (isKey)
      llvm::erase_if(past, [&](const Tensor *tensor) { return !StringRef(tensor->name).ends_with("key"); });
    else
      llvm::erase_if(past, [&](const Tensor *tensor) { return !StringRef(tensor->name).ends_with("value"); });
    unsigned layer = isKey ? keys++ : values++;
    const Tensor *state = layer < past.size() ? past[layer] : nullptr;
    pos = state ? state->dims[2] : pos;
    caches[i] = makeCache(type, state);
  }
  if (!tokens || logits == data.outputs.end())
    return function.emitError("has no tokens or logits of ") << data.name;
  for (const auto &[name, tensor] : data.inputs)
    if (name.find("mask") != std::string::npos && llvm::is_contained(tensor.integers, 0))
      difference.skipped = "hides tokens";
  if (tokens->dim(0) != 1)
    difference.skipped = "has a batch";
  if (!difference.skipped.empty())
    return difference;

  Type index = IntegerType::get(function.getContext(), 32);
  int64_t width = cast<RankedTensorType>(function.getArgument(tokensArgument).getType()).getDimSize(0),
          vocabulary = logits->second.dims.back();
  chunk = std::min(chunk, width);
  int64_t total = tokens->dim(1);
  for (int64_t start = 0; start < total; start += chunk, pos += chunk) {
    int64_t n = std::min(chunk, total - start);
    edgelm::Evaluator evaluator(function.front());
    for (unsigned i = 0; i < function.getNumArguments(); ++i) {
      StringRef role = argText(function, i, edgelm::kRoleAttr);
      std::vector<int64_t> ids(width, 0);
      std::copy_n(tokens->integers.begin() + start, n, ids.begin());
      if (role == "tokens")
        evaluator.set(function.getArgument(i), edgelm::Tensor::fromIntegers({width}, index, ids));
      else if (role == "pos" || role == "n")
        evaluator.set(function.getArgument(i), edgelm::Tensor::fromIntegers({}, index, {role == "n" ? n : pos}));
      else if (caches.count(i))
        evaluator.set(function.getArgument(i), caches[i]);
    }
    FailureOr<SmallVector<edgelm::Tensor>> results = evaluator.run();
    if (failed(results))
      return failure();
    for (auto [cache, result] : llvm::zip_equal(caches, ArrayRef(*results).drop_front()))
      cache.second = result;
    std::vector<double> got = results->front().toDoubles();
    int64_t rows = results->front().dim(0), first = rows == 1 ? start + n - 1 : start;
    for (int64_t row = 0; row < std::min(rows, n); ++row)
      for (int64_t j = 0; j < vocabulary; ++j)
        difference.add(got[row * vocabulary + j], logits->second.floats[(first + row) * vocabulary + j]);
  }
  return difference;
}
