// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Blobs with wrong words in them, and everything the runtime can do with one.
#pragma once

#include "../../runtime/edgelm_tokenizer_format.h"
#include "TinyTokenizer.h"

namespace edgelm {

/// Values that bounds checks get wrong.
inline constexpr uint32_t damagedValues[10] = {0,       1,          2,          0xff,       0xffff,
                                               0x10000, 0x7fffffff, 0x80000000, 0xfffffffc, 0xffffffff};

/// WordPiece, Unigram and BPE of characters, between them with every section that byte-level BPE has not.
inline std::vector<uint8_t> blobOfKind(uint32_t kind) {
  nlohmann::json json = kind == 0 ? tinyWordPiece() : kind == 1 ? tinyUnigram() : tinyCharacters();
  TestTokenizer tok;
  EXPECT_TRUE(tok.parse(json.dump())) << tok.error;
  return tok.compiled.blob;
}
inline constexpr uint32_t blobKinds = 3;

/// A blob of byte-level BPE in which no section that it uses is empty.
inline std::vector<uint8_t> blobWithAllSections() {
  nlohmann::json json = tinyWith("/normalizer", {{"type", "NFC"}});
  nlohmann::json added = addedToken(12, "[M]");
  added["lstrip"] = added["rstrip"] = added["normalized"] = added["single_word"] = true;
  json["added_tokens"].push_back(added);
  json["post_processor"] = {{"type", "RobertaProcessing"}, {"cls", {"<s>", 11}}, {"sep", {"<s>", 11}}};
  TestTokenizer tok;
  EXPECT_TRUE(tok.parse(json.dump())) << tok.error;
  return tok.compiled.blob;
}

/// Sets one word of one section.
inline void damageSection(std::vector<uint8_t> &blob, uint32_t section, uint32_t word, uint32_t value) {
  uint32_t fields = 0, sections = 0, bounds[2];
#define EDGELM_COUNT(name) ++fields;
  EDGELM_TOKENIZER_HEADER(EDGELM_COUNT)
#undef EDGELM_COUNT
#define EDGELM_COUNT(name) ++sections;
  EDGELM_TOKENIZER_SECTIONS(EDGELM_COUNT)
#undef EDGELM_COUNT
  std::memcpy(bounds, &blob[(fields + section % sections * 2) * 4], 8);
  if (bounds[1] >= 4)
    std::memcpy(&blob[bounds[0] + word % (bounds[1] / 4) * 4], &value, 4);
}

/// Encodes and decodes whatever the blob says; the statuses do not matter, the sanitizers do.
/// Returns whether the blob could be opened.
inline bool exerciseBlob(const std::vector<uint8_t> &blob, const std::string &text) {
  TestTokenizer tok;
  tok.compiled.blob = blob;
  for (size_t capacity : {0, 7, 100})
    for (size_t scratch : {0, 2048}) {
      tok.scratchBytes = scratch;
      tok.decode(tok.encode(text, EDGELM_ADD_SPECIAL, capacity), 0);
    }
  for (int32_t id : {0, 5, 11, 12, 13, -1, 0x7fffffff})
    tok.decode({id});
  return edgelm_tokenizer_vocabulary(blob.data(), blob.size()) != 0;
}

} // namespace edgelm
