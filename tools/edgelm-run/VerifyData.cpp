// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The frame of --verify-data, and encoders and other graphs; decoders are in VerifyDecoder.cpp.
#include "VerifyData.h"
#include "Product/CommandLine.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

using namespace edgelm::tools;

std::vector<int32_t> edgelm::tools::rowOf(const Tensor &tensor, size_t row) {
  const size_t length = size_t(tensor.dim(1));
  return {tensor.integers.begin() + row * length, tensor.integers.begin() + (row + 1) * length};
}

/// The element `index` of a tensor in the arena.
static double element(const edgelm_tensor &tensor, const void *data, size_t index) {
  switch (tensor.type) {
  case 1: // float
    return static_cast<const float *>(data)[index];
  case 6: // int32
    return static_cast<const int32_t *>(data)[index];
  case 7: // int64
    return double(static_cast<const int64_t *>(data)[index]);
  case 9: // bool
    return static_cast<const uint8_t *>(data)[index];
  case 10: // float16
    return halfToFloat(static_cast<const uint16_t *>(data)[index]);
  default:
    throw Skip{std::string("output ") + tensor.name + " has element type " + std::to_string(tensor.type)};
  }
}

static double expectedElement(const Tensor &tensor, size_t index) {
  return tensor.integers.empty() ? tensor.floats[index] : double(tensor.integers[index]);
}

/// Number of elements in the dimensions from `first` on.
static size_t elements(const std::vector<int64_t> &dims, size_t first) {
  size_t count = 1;
  for (size_t i = first; i < dims.size(); ++i)
    count *= size_t(dims[i]);
  return count;
}

static const Tensor &expectedOutput(const DataSet &set, const char *name) {
  const auto found = set.outputs.find(name);
  if (found == set.outputs.end())
    throw Skip{std::string("it has no output ") + name};
  return found->second;
}

/// Compares row `row` of the batch; where the second dimension is the sequence, only the tokens of `mask`.
static void compareEncoded(const Session &session, const DataSet &set, size_t row, const std::vector<int32_t> &mask,
                           Difference &difference) {
  const edgelm_info &info = session.info();
  for (size_t i = 0; i < info.output_count; ++i) {
    const edgelm_tensor &tensor = info.outputs[i];
    const Tensor &expected = expectedOutput(set, tensor.name);
    // [1, context, ...] in the product is [batch, tokens, ...] in the data set.
    std::vector<int64_t> dims(tensor.dims, tensor.dims + tensor.rank);
    const bool perToken =
        dims.size() >= 2 && dims[1] == int64_t(info.context) && expected.dim(1) == int64_t(mask.size());
    if (perToken)
      dims[1] = expected.dim(1);
    if (dims.size() != expected.dims.size() || !std::equal(dims.begin() + 1, dims.end(), expected.dims.begin() + 1))
      throw Skip{std::string("its output ") + tensor.name + " has another shape than the product's"};
    const void *data = edgelm_output(session, i);
    const size_t rowSize = elements(dims, 1), tokens = perToken ? mask.size() : 1, size = rowSize / tokens;
    for (size_t token = 0; token < tokens; ++token)
      for (size_t at = 0; at < size && (!perToken || mask[token]); ++at)
        difference.add(element(tensor, data, token * size + at),
                       expectedElement(expected, row * rowSize + token * size + at));
  }
}

Verdict edgelm::tools::verifyEncoder(const Session &session, const DataSet &set) {
  const Tensor *ids = set.input("input_ids"), *mask = set.input("attention_mask");
  const Tensor *types = set.input("token_type_ids");
  if (!ids)
    throw Skip{"it has no input_ids"};
  const size_t length = size_t(ids->dim(1));
  if (length > session.info().context)
    throw Skip{"it has " + std::to_string(length) + " tokens, and the context holds " +
               std::to_string(session.info().context)};
  Verdict verdict;
  for (size_t row = 0; row < size_t(ids->dim(0)); ++row) {
    const std::vector<int32_t> tokens = rowOf(*ids, row);
    const std::vector<int32_t> kept = mask ? rowOf(*mask, row) : std::vector<int32_t>(length, 1);
    const std::vector<int32_t> kinds = types ? rowOf(*types, row) : std::vector<int32_t>();
    check(edgelm_encode(session, tokens.data(), kept.data(), types ? kinds.data() : nullptr, length, nullptr),
          "cannot encode " + set.name);
    compareEncoded(session, set, row, kept, verdict.outputs);
  }
  return verdict;
}

/// The bytes of `from` in the element type of `tensor`.
static std::vector<uint8_t> inputBytes(const edgelm_tensor &tensor, const Tensor &from) {
  const std::vector<int64_t> dims(tensor.dims, tensor.dims + tensor.rank);
  if (dims != from.dims || int32_t(tensor.type) != from.type)
    throw Skip{std::string("input ") + tensor.name + " has another shape or type than the product's"};
  std::vector<uint8_t> bytes(tensor.bytes);
  const size_t count = elements(dims, 0), size = count ? tensor.bytes / count : 0;
  for (size_t i = 0; i < count; ++i) {
    uint8_t *to = bytes.data() + i * size;
    if (tensor.type == 1)
      std::memcpy(to, &from.floats[i], size);
    else if (tensor.type == 10) {
      const uint16_t half = floatToHalf(from.floats[i]);
      std::memcpy(to, &half, size);
    } else if (!from.integers.empty() && size <= 8)
      std::memcpy(to, &from.integers[i], size); // little-endian: the low bytes come first
    else
      throw Skip{std::string("input ") + tensor.name + " has element type " + std::to_string(tensor.type)};
  }
  return bytes;
}

Verdict edgelm::tools::verifyInvoke(const Session &session, const DataSet &set) {
  const edgelm_info &info = session.info();
  std::vector<std::vector<uint8_t>> buffers;
  std::vector<const void *> inputs;
  for (size_t i = 0; i < info.input_count; ++i) {
    const Tensor *input = set.input(info.inputs[i].name);
    if (!input)
      throw Skip{std::string("it has no input ") + info.inputs[i].name};
    buffers.push_back(inputBytes(info.inputs[i], *input));
  }
  for (const std::vector<uint8_t> &buffer : buffers)
    inputs.push_back(buffer.data());
  check(edgelm_invoke(session, inputs.data(), nullptr), "cannot run " + set.name);
  Verdict verdict;
  for (size_t i = 0; i < info.output_count; ++i) {
    const Tensor &expected = expectedOutput(set, info.outputs[i].name);
    const std::vector<int64_t> dims(info.outputs[i].dims, info.outputs[i].dims + info.outputs[i].rank);
    if (dims != expected.dims)
      throw Skip{std::string("output ") + info.outputs[i].name + " has another shape than the product's"};
    const void *data = edgelm_output(session, i);
    for (size_t at = 0; at < elements(dims, 0); ++at)
      verdict.outputs.add(element(info.outputs[i], data, at), expectedElement(expected, at));
  }
  return verdict;
}

static Verdict verify(const Session &session, const Product &product, const DataSet &set) {
  try {
    Verdict verdict = product.is(EDGELM_DECODER)   ? verifyDecoder(session, set)
                      : product.is(EDGELM_ENCODER) ? verifyEncoder(session, set)
                                                   : verifyInvoke(session, set);
    if (!verdict.outputs.count)
      throw Failure(WrongInput, set.name + " compares no number; expected an output of the model");
    return verdict;
  } catch (const Skip &skip) {
    Verdict verdict;
    verdict.skipped = skip.reason;
    return verdict;
  }
}

static nlohmann::ordered_json describe(const Verdict &verdict) {
  if (!verdict.skipped.empty())
    return {{"skipped", verdict.skipped}};
  nlohmann::ordered_json object = {{"max_abs_diff", verdict.outputs.maxAbs},
                                   {"max_rel_diff", verdict.outputs.maxRel()}};
  if (verdict.presents.count)
    object["presents_max_abs_diff"] = verdict.presents.maxAbs;
  return object;
}

int edgelm::tools::verifyData(const Product &product, const std::string &folder, uint32_t threads,
                              std::optional<double> tolerance, bool json) {
  const std::vector<DataSet> sets = readDataSets(folder);
  const Session session(product, threads);
  nlohmann::ordered_json object = nlohmann::ordered_json::object();
  ExitStatus status = Done;
  for (const DataSet &set : sets) {
    const Verdict verdict = verify(session, product, set);
    if (tolerance && verdict.skipped.empty() &&
        !(verdict.outputs.maxAbs <= *tolerance && verdict.presents.maxAbs <= *tolerance))
      status = BelowGate;
    object[set.name] = describe(verdict);
    if (json)
      continue;
    if (!verdict.skipped.empty())
      std::printf("%s: skipped: %s\n", set.name.c_str(), verdict.skipped.c_str());
    else
      std::printf("%s: max_abs_diff %.3g, max_rel_diff %.3g", set.name.c_str(), verdict.outputs.maxAbs,
                  verdict.outputs.maxRel());
    if (verdict.presents.count)
      std::printf(", presents max_abs_diff %.3g", verdict.presents.maxAbs);
    if (verdict.skipped.empty())
      std::printf("\n");
  }
  if (json)
    printJson(object);
  if (status == BelowGate)
    throw Failure(BelowGate, "a difference is above the tolerance of " + std::to_string(*tolerance));
  return status;
}
