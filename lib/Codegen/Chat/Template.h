// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Chat templates as Hugging Face's folders hold them.
#pragma once

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <map>
#include <optional>
#include <string>

namespace edgelm::chat {

/// A template and what it may name.
struct Template {
  std::string file;                          ///< that holds it
  std::string text;                          ///< in Jinja
  std::map<std::string, std::string> tokens; ///< bos_token, ...: what tokenizer_config.json says
  std::map<uint32_t, bool> normalized;       ///< id of an added token -> whether tokenizer_config.json says so
};

/// The template of the file `path`, or with "" the one in `folder`: chat_template.jinja, else that of
/// tokenizer_config.json; none where it has neither.
llvm::Expected<std::optional<Template>> findTemplate(llvm::StringRef folder, llvm::StringRef path);

} // namespace edgelm::chat
