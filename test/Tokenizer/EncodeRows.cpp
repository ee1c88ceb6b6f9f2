// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// usage: tokenizer-rows TOKENIZER TEXTS.json: encodes and decodes each text of an array, for compare.mjs.
#include "TestTokenizer.h"

#include <iostream>
#include <nlohmann/json.hpp>

using namespace edgelm;

int main(int count, char **arguments) {
  TestTokenizer tok;
  if (count != 3 || !tok.load(arguments[1])) {
    std::cerr << "tokenizer-rows: " << (count == 3 ? tok.error : "expected a tokenizer and a file of texts") << "\n";
    return 1;
  }
  nlohmann::json rows = nlohmann::json::array();
  for (const nlohmann::json &text : nlohmann::json::parse(readText(arguments[2]))) {
    tok.scratchBytes = 2048;
    Ids little = tok.encode(text, EDGELM_ADD_SPECIAL);
    tok.scratchBytes = 100000;
    Ids ids = tok.encode(text, EDGELM_ADD_SPECIAL);
    if (little != ids || tok.status != EDGELM_OK)
      std::cerr << "tokenizer-rows: the size of the scratch makes a difference for " << text << "\n";
    rows.push_back({{"ids", ids},
                    {"plain", tok.encode(text)},
                    {"decoded", tok.decode(ids)},
                    {"skipped", tok.decode(ids, 0)},
                    {"second", tok.encode(text, EDGELM_ADD_SPECIAL | EDGELM_SECOND_TEXT)},
                    {"secondType", tok.compiled.secondType ? int(*tok.compiled.secondType) : -1}});
  }
  std::cout << rows.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << "\n";
}
