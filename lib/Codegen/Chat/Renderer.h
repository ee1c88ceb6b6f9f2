// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Renders a chat template by Jinja itself, in a process of its own.
#pragma once

#include "Codegen/Chat/Template.h"
#include <vector>

namespace edgelm::chat {

/// Text of the template, or the place of a text of the conversation.
struct Part {
  enum Kind { Literal, User, System };
  Kind kind;
  std::string text;                        ///< Literal
  bool trimStart = false, trimEnd = false; ///< otherwise
};

/// The turns as render.py finds them, see edgelm::ChatTurns.
struct Rendered {
  std::vector<Part> first, next;
  std::optional<std::vector<Part>> system;
  std::string noSystem;
};

/// Refuses what cannot be written as turns, by the file and what the template does there.
llvm::Expected<Rendered> render(const Template &source);

} // namespace edgelm::chat
