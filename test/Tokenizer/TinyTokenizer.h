// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A tokenizer.json of a few pieces that a test changes in one place.
#pragma once

#include "TestTokenizer.h"

#include <nlohmann/json.hpp>

namespace edgelm {

/// "Ġ" stands for the space. a=0 b=1 c=2 Ġ=3 '=4 1=5 s=6, ab=7 Ġa=8 Ġab=9 bc=10, <s>=11 (special).
inline nlohmann::json tinyTokenizer() {
  return nlohmann::json::parse(R"({
    "added_tokens": [{"id": 11, "content": "<s>", "special": true, "normalized": false}],
    "normalizer": null,
    "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false},
    "post_processor": null,
    "decoder": {"type": "ByteLevel"},
    "model": {
      "type": "BPE",
      "vocab": {"a": 0, "b": 1, "c": 2, "Ġ": 3, "'": 4, "1": 5, "s": 6, "ab": 7, "Ġa": 8, "Ġab": 9, "bc": 10},
      "merges": ["b c", "a b", "Ġ a", "Ġ ab"]
    }
  })");
}

/// The same with one value set: `pointer` is a JSON pointer.
inline nlohmann::json tinyWith(const char *pointer, const nlohmann::json &value) {
  nlohmann::json json = tinyTokenizer();
  json[nlohmann::json::json_pointer(pointer)] = value;
  return json;
}

/// An added token that is matched in raw text.
inline nlohmann::json addedToken(uint32_t id, const char *text) {
  return {{"id", id}, {"content", text}, {"special", false}, {"normalized", false}};
}

} // namespace edgelm
