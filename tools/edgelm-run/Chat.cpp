// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Asks and replies, a turn after the other.
#include "Chat.h"
#include "Product/CommandLine.h"
#include "Product/SavedState.h"

#include <cstdio>
#include <iostream>
#include <unistd.h>

using namespace edgelm::tools;

static bool isBlank(const std::string &text) {
  return text.find_first_not_of(" \t\n\v\f\r") == std::string::npos;
}

namespace {
/// A session and what its turns came to.
class Conversation {
public:
  Conversation(const Product &product, const GenerateOptions &options, const std::optional<std::string> &system)
      : session(product, options.threads), options(options), system(system) {
    check(edgelm_seed(session, options.seed), "cannot seed");
  }

  void ask(const std::string &text);
  const nlohmann::ordered_json &turns() const { return rows; }

private:
  void append(const std::string &text);
  [[noreturn]] void refuseLength(size_t used) const;

  Session session;
  const GenerateOptions &options;
  const std::optional<std::string> &system;
  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
};
} // namespace

void Conversation::refuseLength(size_t used) const {
  throw Failure(WrongInput, "this turn does not fit: " + std::to_string(used) + " of the context's " +
                                std::to_string(contextOf(session.info(), options)) +
                                " tokens are taken; start a new conversation, or compile with a larger --context");
}

void Conversation::append(const std::string &text) {
  const size_t used = edgelm_position(session);
  const bool hasSystem = used == 0 && system;
  const edgelm_status status = edgelm_chat(session, hasSystem ? system->data() : nullptr,
                                           hasSystem ? system->size() : 0, text.data(), text.size());
  if (status == EDGELM_CONTEXT_FULL || status == EDGELM_PROMPT_TOO_LONG)
    refuseLength(used);
  check(status, "cannot take the turn");
  if (edgelm_position(session) >= contextOf(session.info(), options))
    refuseLength(used);
}

void Conversation::ask(const std::string &text) {
  const size_t used = edgelm_position(session);
  append(text);
  if (!options.json) {
    continueWith(session, {}, options);
    return;
  }
  std::vector<int32_t> ids = SavedState(session).tokens();
  ids.erase(ids.begin(), ids.begin() + std::ptrdiff_t(used));
  const Reply reply = continueWith(session, {}, options);
  rows.push_back({{"prompt_ids", ids}, {"ids", reply.ids}, {"text", reply.text}});
}

int edgelm::tools::chat(const Product &product, const GenerateOptions &options,
                        const std::optional<std::string> &system) {
  if (!product.is(EDGELM_CHAT))
    throw Failure(WrongInput,
                  "this product has no chat: edgelm-compile found no chat template beside the model, or said "
                  "why it could not be compiled; see its --chat-template");
  if (system && !product.is(EDGELM_SYSTEM_TEXT))
    throw Failure(WrongInput, "the chat template of this product takes no system text");
  if (!options.prompt.empty() && isBlank(options.prompt))
    throw Failure(WrongInput, "the text to reply to is only white space");
  if (system && isBlank(*system))
    throw Failure(WrongInput, "the system text is only white space");
  Conversation conversation(product, options, system);
  if (!options.prompt.empty()) {
    conversation.ask(options.prompt);
  } else {
    const bool isInteractive = isatty(STDIN_FILENO) && !options.json;
    for (std::string line; (isInteractive && std::printf("> ") && std::fflush(stdout), std::getline(std::cin, line));)
      if (!isBlank(line))
        conversation.ask(line);
  }
  if (options.json)
    printJson({{"turns", conversation.turns()}});
  return Done;
}
