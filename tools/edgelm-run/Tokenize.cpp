// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Runs the compiled tables of a tokenizer with the code that products carry.
#include "Tokenize.h"
#include "Codegen/Tokenizer/Tokenizer.h"
#include "Product/CommandLine.h"
#include "edgelm_tokenizer.h"

#include <iostream>
#include <iterator>
#include <vector>

using namespace edgelm;
using namespace edgelm::tools;

int edgelm::tools::tokenize(const std::string &path, bool addSpecial, bool json) {
  CompiledTokenizer tokenizer;
  std::string error;
  if (!compileTokenizer(path, tokenizer, error))
    throw Failure(WrongInput, error);
  const std::string text{std::istreambuf_iterator<char>(std::cin), {}};

  // Words of any length in the text: there is memory here, unlike in a product.
  std::vector<uint32_t> scratch(EDGELM_TOKENIZER_SCRATCH_BYTES(text.size()) / sizeof(uint32_t) + 1);
  std::vector<int32_t> ids(text.size() + 16);
  size_t count = 0;
  edgelm_status status = EDGELM_BUFFER_TOO_SMALL;
  for (int attempt = 0; attempt < 2 && status == EDGELM_BUFFER_TOO_SMALL; ++attempt) {
    ids.resize(std::max(ids.size(), count));
    status = edgelm_tokenizer_encode(tokenizer.blob.data(), tokenizer.blob.size(), text.data(), text.size(), ids.data(),
                                     ids.size(), &count, scratch.data(), scratch.size() * sizeof(uint32_t),
                                     addSpecial ? EDGELM_ADD_SPECIAL : 0);
  }
  if (status != EDGELM_OK)
    throw Failure(WrongInput, std::string("cannot tokenize the text: ") + edgelm_status_text(status));
  ids.resize(count);
  if (json) {
    printJson({{"ids", ids}});
    return Done;
  }
  for (size_t i = 0; i < ids.size(); ++i)
    std::cout << (i ? " " : "") << ids[i];
  std::cout << '\n';
  return Done;
}
