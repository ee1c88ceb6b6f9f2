// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a model's chat template writes round the texts of a conversation, found when the model is compiled.
#pragma once

#include "Codegen/Tokenizer/Tokenizer.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace edgelm {

/// A part of a turn: a special token, text of the template, or a text of the conversation.
struct ChatStep {
  enum Kind { Token, Text, User, System };
  Kind kind;
  uint32_t id = 0;                         ///< Token
  std::string text;                        ///< Text, and how a Token is spelled
  bool trimStart = false, trimEnd = false; ///< User, System: without white space there
};

using ChatTurn = std::vector<ChatStep>;

/// The turns of a conversation, each from its question, and the end of the reply before it, to the start of its reply.
struct ChatTurns {
  ChatTurn first;                    ///< of a conversation without a system text
  std::optional<ChatTurn> system;    ///< of one with it; absent: the template takes none
  ChatTurn next;                     ///< every later turn
  std::string source;                ///< file that holds the template
  std::string noSystem;              ///< why there is no `system`
  std::optional<uint32_t> endOfTurn; ///< the token that the template puts behind a reply
};

/// The turns in words, a line each.
std::string explainChat(const ChatTurns &chat);

/// How --chat-template may say where the template is, besides naming a file.
inline constexpr llvm::StringLiteral chatAuto = "auto", chatNone = "none";

/// The turns of the template that `choice` names: chatAuto: the one in `folder`, if there is one that can be compiled (a
/// warning says why not); chatNone: none; otherwise the file of that name, or an error.
llvm::Expected<std::optional<ChatTurns>> loadChat(llvm::StringRef folder, llvm::StringRef choice,
                                                  const CompiledTokenizer &tokenizer);

} // namespace edgelm
