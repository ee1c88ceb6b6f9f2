// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Any bytes as a tokenizer.json, and what the reader owes to whoever sent them.
#pragma once

#include "DamagedBlob.h"

namespace edgelm {

/// Longer messages are no sentence any more.
inline constexpr size_t longestMessage = 2000; // bytes

/// Compiles `json` and uses what came of it. Returns "" when the reader kept its word: a tokenizer, or one message that
/// names the file. Anything else comes back in words.
inline std::string brokenTokenizerPromise(const std::string &json) {
  TestTokenizer tok;
  if (tok.parse(json)) {
    if (!tok.error.empty())
      return "a tokenizer came with the message: " + tok.error;
    if (!exerciseBlob(tok.compiled.blob, "ab a'b 1\xc3\xa9 <s>ab\xe4\xb8\xad.\n \xff"))
      return "the blob cannot be opened";
    return "";
  }
  if (tok.error.rfind("tokenizer.json: ", 0) != 0)
    return "the message does not name the file: " + tok.error;
  if (tok.error.size() > longestMessage)
    return "a message of " + std::to_string(tok.error.size()) + " bytes: " + tok.error.substr(0, 200);
  return "";
}

} // namespace edgelm
