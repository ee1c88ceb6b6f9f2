// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Runs an encoder over one text or a pair of texts.
#include "Encode.h"
#include "Product/CommandLine.h"
#include "Product/Session.h"

#include <cstdio>

using namespace edgelm::tools;

/// Elements of an output, of which only the rows of the `count` tokens mean something where its second dimension is
/// the length of the product's input.
static nlohmann::ordered_json describe(const edgelm_tensor &tensor, const float *values, uint32_t context,
                                       size_t count) {
  std::vector<int64_t> dims(tensor.dims, tensor.dims + tensor.rank);
  if (dims.size() > 2 && dims[1] == int64_t(context))
    dims[1] = int64_t(count);
  size_t elements = 1;
  for (int64_t dim : dims)
    elements *= size_t(dim);
  return {{"dims", dims}, {"values", std::vector<float>(values, values + elements)}};
}

namespace {
/// One token after the other.
struct Tokens {
  std::vector<int32_t> ids, types;
};
} // namespace

static Tokens tokensOf(const Session &session, const EncoderInput &input) {
  Tokens tokens;
  tokens.ids = input.ids.empty() ? session.tokenize(input.text, EDGELM_ADD_SPECIAL) : input.ids;
  tokens.types.resize(tokens.ids.size());
  if (!input.second)
    return tokens;
  const int32_t type = session.info().second_type;
  if (type < 0)
    throw Failure(WrongInput,
                  "this product's tokenizer takes no --pair: it says of no second text how it is put behind "
                  "the first; give both as --ids 1,2,3");
  const std::vector<int32_t> second = session.tokenize(*input.second, EDGELM_ADD_SPECIAL | EDGELM_SECOND_TEXT);
  tokens.ids.insert(tokens.ids.end(), second.begin(), second.end());
  tokens.types.resize(tokens.ids.size(), type);
  return tokens;
}

int edgelm::tools::encode(const Product &product, const EncoderInput &input, uint32_t threads, bool json) {
  constexpr uint32_t f32 = 1; // TensorProto.FLOAT
  if (input.ids.empty() && !product.is(EDGELM_TEXT))
    throw Failure(WrongInput, "this product has no tokenizer; give the input as --ids 1,2,3");
  Session session(product, threads);
  const edgelm_info &info = session.info();
  const auto [ids, types] = tokensOf(session, input);
  check(edgelm_encode(session, ids.data(), nullptr, types.data(), ids.size(), nullptr), "cannot encode");

  nlohmann::ordered_json outputs = nlohmann::ordered_json::object();
  for (size_t i = 0; i < info.output_count; ++i) {
    const edgelm_tensor &tensor = info.outputs[i];
    if (tensor.type == f32)
      outputs[tensor.name] =
          describe(tensor, static_cast<const float *>(edgelm_output(session, i)), info.context, ids.size());
  }
  if (json) {
    printJson({{"prompt_ids", ids}, {"token_types", types}, {"outputs", outputs}});
    return Done;
  }
  for (const auto &[name, output] : outputs.items()) {
    std::printf("%s %s\n", name.c_str(), output["dims"].dump().c_str());
    for (const auto &value : output["values"])
      std::printf("%.6g ", double(value));
    std::printf("\n");
  }
  return Done;
}
