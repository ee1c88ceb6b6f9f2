// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Cuts the text of turns at special tokens.
#include "Codegen/Chat/Chat.h"
#include "Codegen/Chat/Renderer.h"
#include "Codegen/CompileError.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

namespace edgelm {

static constexpr StringLiteral blanks = " \t\n\v\f\r";

namespace {
/// Makes steps of the parts of a turn as the tokenizer cuts their text, before anything else, at its special tokens.
class TurnCutter {
public:
  TurnCutter(const CompiledTokenizer &tokenizer, const chat::Template &source) : tokenizer(tokenizer), source(source) {}

  Expected<ChatTurn> cut(const std::vector<chat::Part> &parts);

private:
  struct Found {
    const SpecialToken *token = nullptr;
    size_t begin = StringRef::npos;
  };
  Found findFirst(StringRef text) const;
  Error check(const SpecialToken &token) const;
  Error cutLiteral(StringRef text, ChatTurn &turn);
  static void stripBehind(ChatTurn &turn, size_t token);
  static void stripBefore(ChatTurn &turn, size_t token);

  const CompiledTokenizer &tokenizer;
  const chat::Template &source;
  std::map<uint32_t, const SpecialToken *> used;
};
} // namespace

/// The leftmost token, of these the longest.
TurnCutter::Found TurnCutter::findFirst(StringRef text) const {
  Found first;
  for (const SpecialToken &token : tokenizer.specialTokens) {
    size_t begin = text.find(token.text);
    bool isLonger = first.token && begin == first.begin && token.text.size() > first.token->text.size();
    if (begin != StringRef::npos && (begin < first.begin || isLonger))
      first = {&token, begin};
  }
  return first;
}

Error TurnCutter::check(const SpecialToken &token) const {
  const auto said = source.normalized.find(token.id);
  bool isNormalized = token.isInNormalizedText && (said == source.normalized.end() || said->second);
  if (isNormalized)
    return fail(ExitStatus::BadInput,
                source.file + ": the template writes the special token '" + token.text +
                    "', which tokenizer.json has as \"normalized\": true: it would not be found behind other text; set "
                    "it to false there, as newer files have it");
  if (token.singleWord)
    return fail(ExitStatus::BadInput, source.file + ": the template writes the special token '" + token.text +
                                          "', which tokenizer.json has as \"single_word\": true, which is not "
                                          "supported in a chat template");
  return Error::success();
}

Error TurnCutter::cutLiteral(StringRef text, ChatTurn &turn) {
  while (!text.empty()) {
    Found found = findFirst(text);
    StringRef before = text.take_front(found.begin);
    if (!before.empty())
      turn.push_back({ChatStep::Text, 0, before.str()});
    if (!found.token)
      break;
    if (Error error = check(*found.token))
      return error;
    used[found.token->id] = found.token;
    turn.push_back({ChatStep::Token, found.token->id, found.token->text});
    text = text.drop_front(found.begin + found.token->text.size());
  }
  return Error::success();
}

/// Takes the white space behind a token, up to a token or a text of the conversation, which is not blank.
void TurnCutter::stripBehind(ChatTurn &turn, size_t token) {
  for (size_t i = token + 1; i < turn.size() && turn[i].kind != ChatStep::Token; ++i) {
    turn[i].trimStart = true;
    turn[i].text = StringRef(turn[i].text).ltrim(blanks).str();
    if (turn[i].kind != ChatStep::Text || !turn[i].text.empty())
      return;
  }
}

void TurnCutter::stripBefore(ChatTurn &turn, size_t token) {
  for (size_t i = token; i-- > 0 && turn[i].kind != ChatStep::Token;) {
    turn[i].trimEnd = true;
    turn[i].text = StringRef(turn[i].text).rtrim(blanks).str();
    if (turn[i].kind != ChatStep::Text || !turn[i].text.empty())
      return;
  }
}

Expected<ChatTurn> TurnCutter::cut(const std::vector<chat::Part> &parts) {
  ChatTurn turn;
  for (const chat::Part &part : parts) {
    if (part.kind != chat::Part::Literal)
      turn.push_back(
          {part.kind == chat::Part::User ? ChatStep::User : ChatStep::System, 0, "", part.trimStart, part.trimEnd});
    else if (Error error = cutLiteral(part.text, turn))
      return std::move(error);
  }
  for (size_t i = 0; i < turn.size(); ++i) {
    if (turn[i].kind != ChatStep::Token)
      continue;
    if (used[turn[i].id]->lstrip)
      stripBefore(turn, i);
    if (used[turn[i].id]->rstrip)
      stripBehind(turn, i);
  }
  erase_if(turn, [](const ChatStep &step) { return step.kind == ChatStep::Text && step.text.empty(); });
  return turn;
}

/// The first token of a later turn, if nothing but white space stands before it.
static std::optional<uint32_t> endOfTurn(const ChatTurn &next) {
  for (const ChatStep &step : next) {
    if (step.kind == ChatStep::Token)
      return step.id;
    if (step.kind != ChatStep::Text || !StringRef(step.text).trim(blanks).empty())
      break;
  }
  return std::nullopt;
}

static Expected<ChatTurns> compileTemplate(const chat::Template &source, const CompiledTokenizer &tokenizer) {
  Expected<chat::Rendered> rendered = chat::render(source);
  if (!rendered)
    return rendered.takeError();
  TurnCutter cutter(tokenizer, source);
  Expected<ChatTurn> first = cutter.cut(rendered->first);
  if (!first)
    return first.takeError();
  Expected<ChatTurn> next = cutter.cut(rendered->next);
  if (!next)
    return next.takeError();
  ChatTurns turns = {*first, std::nullopt, *next, source.file, rendered->noSystem, endOfTurn(*next)};
  if (rendered->system) {
    Expected<ChatTurn> system = cutter.cut(*rendered->system);
    if (!system)
      return system.takeError();
    turns.system = *system;
  }
  return turns;
}

static void explainTurn(StringRef name, const ChatTurn &turn, raw_ostream &os) {
  os << "  " << name << ":";
  for (const ChatStep &step : turn) {
    switch (step.kind) {
    case ChatStep::Token:
      os << " " << step.text;
      break;
    case ChatStep::Text:
      os << " \"";
      os.write_escaped(step.text) << "\"";
      break;
    case ChatStep::User:
    case ChatStep::System:
      os << (step.kind == ChatStep::User ? " {text" : " {system text");
      os << (step.trimStart && step.trimEnd ? ", trimmed"
             : step.trimStart               ? ", trimmed at its start"
                                            : "")
         << (step.trimEnd && !step.trimStart ? ", trimmed at its end" : "") << "}";
      break;
    }
  }
  os << "\n";
}

std::string explainChat(const ChatTurns &chat) {
  std::string text;
  raw_string_ostream os(text);
  os << "chat template of " << chat.source << ":\n";
  explainTurn("first turn", chat.first, os);
  if (chat.system)
    explainTurn("first turn with a system text", *chat.system, os);
  else
    os << "  no system text: " << chat.noSystem << "\n";
  explainTurn("later turns, behind the reply", chat.next, os);
  return text;
}

Expected<std::optional<ChatTurns>> loadChat(StringRef folder, StringRef choice, const CompiledTokenizer &tokenizer) {
  if (choice == chatNone)
    return std::nullopt;
  const bool isAuto = choice == chatAuto;
  auto refuse = [&](Error error) -> Expected<std::optional<ChatTurns>> {
    if (!isAuto)
      return std::move(error);
    std::string message;
    explain(std::move(error), message);
    errs() << "warning: " << message << "; the product has no chat\n";
    return std::nullopt;
  };
  Expected<std::optional<chat::Template>> source = chat::findTemplate(folder, isAuto ? "" : choice);
  if (!source)
    return refuse(source.takeError());
  if (!*source)
    return std::nullopt;
  Expected<ChatTurns> turns = compileTemplate(**source, tokenizer);
  if (!turns)
    return refuse(turns.takeError());
  return std::move(*turns);
}

} // namespace edgelm
