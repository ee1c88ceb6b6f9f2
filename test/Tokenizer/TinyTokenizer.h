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

/// [UNK]=0 [CLS]=1 [SEP]=2 un=3 ##able=4 a=5 ##b=6 .=7 able=8 中=9 n't=10.
inline nlohmann::json tinyWordPiece() {
  return nlohmann::json::parse(R"({
    "added_tokens": [{"id": 0, "content": "[UNK]", "special": true, "normalized": false},
                     {"id": 1, "content": "[CLS]", "special": true, "normalized": false},
                     {"id": 2, "content": "[SEP]", "special": true, "normalized": false}],
    "normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true, "strip_accents": null,
                   "lowercase": true},
    "pre_tokenizer": {"type": "BertPreTokenizer"},
    "post_processor": {"type": "BertProcessing", "cls": ["[CLS]", 1], "sep": ["[SEP]", 2]},
    "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": true},
    "model": {"type": "WordPiece", "unk_token": "[UNK]", "max_input_chars_per_word": 8,
              "vocab": {"[UNK]": 0, "[CLS]": 1, "[SEP]": 2, "un": 3, "##able": 4, "a": 5, "##b": 6, ".": 7, "able": 8,
                        "中": 9, "n't": 10}}
  })");
}

/// A charsmap in base64 that maps "c" to "a" and nothing else: a double array of 256 units, then "a" and NUL.
inline std::string tinyCharsmap() {
  std::vector<uint32_t> units(256);
  units[0] = 1 << 10;                                       // the root's offset is 1
  units[1 ^ 'c'] = ((1 ^ 'c') ^ 0x80) << 10 | 1 << 8 | 'c'; // its child has a leaf, unit 0x80
  units[0x80] = 0x80000000u;                                // whose value is offset 0
  std::string bytes = {0, 4, 0, 0};
  for (uint32_t unit : units)
    for (uint32_t shift : {0, 8, 16, 24})
      bytes += char(unit >> shift);
  bytes += std::string("a\0", 2);
  std::string text;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t bits = 0;
    for (size_t k = 0; k < 3; ++k)
      bits = bits << 8 | (i + k < bytes.size() ? uint8_t(bytes[i + k]) : 0);
    for (uint32_t shift : {18, 12, 6, 0})
      text += "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"[bits >> shift & 63];
  }
  return text.substr(0, (bytes.size() * 4 + 2) / 3);
}

/// <unk>=0 ▁=1 a=2 b=3 ab=4 ▁ab=5 bab=6 </s>=7.
inline nlohmann::json tinyUnigram() {
  nlohmann::json json = nlohmann::json::parse(R"({
    "added_tokens": [{"id": 7, "content": "</s>", "special": true, "normalized": false}],
    "pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"},
                      {"type": "Metaspace", "replacement": "▁", "add_prefix_space": true}]},
    "post_processor": null,
    "decoder": {"type": "Metaspace", "replacement": "▁", "add_prefix_space": true},
    "model": {"type": "Unigram", "unk_id": 0,
              "vocab": [["<unk>", 0.0], ["▁", -2.0], ["a", -3.0], ["b", -3.5], ["ab", -5.0], ["▁ab", -6.75],
                        ["bab", -6.0]]}
  })");
  json["normalizer"] = {{"type", "Precompiled"}, {"precompiled_charsmap", tinyCharsmap()}};
  return json;
}

/// <unk>=0 <s>=1 ▁=2 a=3 b=4 ▁a=5 ab=6 ▁ab=7, then <0x00>=8 to <0xFF>=263.
inline nlohmann::json tinyCharacters() {
  nlohmann::json json = nlohmann::json::parse(R"({
    "added_tokens": [{"id": 1, "content": "<s>", "special": true, "normalized": true}],
    "normalizer": {"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "▁"},
                   {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}]},
    "pre_tokenizer": null,
    "post_processor": null,
    "decoder": {"type": "Sequence", "decoders": [{"type": "Replace", "pattern": {"String": "▁"}, "content": " "},
                {"type": "ByteFallback"}, {"type": "Fuse"}, {"type": "Strip", "content": " ", "start": 1, "stop": 0}]},
    "model": {"type": "BPE", "unk_token": "<unk>", "fuse_unk": true, "byte_fallback": true,
              "vocab": {"<unk>": 0, "<s>": 1, "▁": 2, "a": 3, "b": 4, "▁a": 5, "ab": 6, "▁ab": 7},
              "merges": ["a b", "▁ a", "▁ ab"]}
  })");
  for (uint32_t byte = 0; byte < 256; ++byte) {
    const char *digits = "0123456789ABCDEF";
    json["model"]["vocab"][std::string("<0x") + digits[byte >> 4] + digits[byte & 15] + ">"] = 8 + byte;
  }
  return json;
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
