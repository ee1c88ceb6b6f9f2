// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Compiles a tokenizer and runs the runtime's functions on the result, for the tests.
#pragma once

#include "../../runtime/edgelm_tokenizer.h"
#include "Codegen/Tokenizer/Tokenizer.h"

#include <cstring>
#include <fstream>
#include <gtest/gtest.h>
#include <sstream>

namespace edgelm {

using Ids = std::vector<int32_t>;

struct TestTokenizer {
  CompiledTokenizer compiled;
  std::string error;
  size_t scratchBytes = EDGELM_TOKENIZER_SCRATCH_BYTES(4000);
  edgelm_status status = EDGELM_OK; ///< of the last call
  size_t needed = 0;                ///< the count of the last encode

  bool load(const std::string &path) { return compileTokenizer(path, compiled, error); }
  bool parse(const std::string &json) { return compileTokenizerJson(json, "tokenizer.json", compiled, error); }

  /// Buffers have exactly the size they claim, so that AddressSanitizer sees every step too far.
  Ids encode(const std::string &text, uint32_t flags = 0, size_t capacity = SIZE_MAX) {
    std::vector<char> input(text.begin(), text.end());
    std::vector<uint32_t> scratch(scratchBytes / 4);
    Ids ids(capacity == SIZE_MAX ? text.size() + 16 : capacity);
    status = edgelm_tokenizer_encode(compiled.blob.data(), compiled.blob.size(), input.data(), input.size(), ids.data(),
                                     ids.size(), &needed, scratch.data(), scratch.size() * 4, flags);
    ids.resize(status ? 0 : needed);
    return ids;
  }

  std::string decode(const Ids &ids, uint32_t flags = EDGELM_SHOW_SPECIAL) {
    std::string text;
    uint32_t first = EDGELM_FIRST_PIECE;
    for (int32_t id : ids) {
      std::vector<char> piece(300);
      size_t bytes = 0;
      status = edgelm_tokenizer_piece(compiled.blob.data(), compiled.blob.size(), id, piece.data(), piece.size(),
                                      &bytes, flags | first);
      if (status)
        return text;
      size_t shown = 0; // as edgelm_rt_detokenize does it
      edgelm_tokenizer_piece(compiled.blob.data(), compiled.blob.size(), id, nullptr, 0, &shown,
                             flags | first | EDGELM_SHOW_SPECIAL);
      first = bytes || !shown ? 0 : first;
      text.append(piece.data(), bytes);
    }
    return text;
  }
};

inline bool exists(const std::string &path) {
  return std::ifstream(path).good();
}

inline std::string readText(const std::string &path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

/// The tokenizer of the bundled model: byte-level BPE with 1,024 pieces.
inline std::string bundledTokenizer() {
  return EDGELM_SOURCE_DIR "/examples/models/shakespeare-opt/tokenizer.json";
}

} // namespace edgelm
