// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Looks for a template where Hugging Face's library looks, in the same order.
#include "Codegen/Chat/Template.h"
#include "Codegen/CompileError.h"
#include "llvm/Support/ConvertUTF.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include <nlohmann/json.hpp>

using namespace llvm;
using Json = nlohmann::json;

namespace edgelm::chat {

static Expected<std::string> readText(const std::string &path) {
  ErrorOr<std::unique_ptr<MemoryBuffer>> buffer = MemoryBuffer::getFile(path);
  if (!buffer)
    return fail(ExitStatus::BadInput, path + ": cannot be read: " + buffer.getError().message());
  StringRef text = (*buffer)->getBuffer();
  const UTF8 *begin = text.bytes_begin();
  if (!isLegalUTF8String(&begin, text.bytes_end()))
    return fail(ExitStatus::BadInput, path + ": is not text in UTF-8");
  return text.str();
}

/// The object in a JSON file; an empty one when there is no such file.
static Expected<Json> readObject(const std::string &path) {
  if (!sys::fs::exists(path))
    return Json::object();
  Expected<std::string> text = readText(path);
  if (!text)
    return text.takeError();
  Json value = Json::parse(*text, nullptr, /*allow_exceptions=*/false);
  if (!value.is_object())
    return fail(ExitStatus::BadInput, path + ": expected a JSON object");
  return value;
}

/// "bos_token": a text, or an object with its content.
static void addTokens(const Json &config, std::map<std::string, std::string> &tokens) {
  for (const auto &[name, value] : config.items()) {
    const Json &text = value.is_object() && value.contains("content") ? value["content"] : value;
    if (StringRef(name).ends_with("_token") && text.is_string())
      tokens[name] = text.get<std::string>();
  }
}

static void addNormalized(const Json &config, std::map<uint32_t, bool> &normalized) {
  const auto list = config.find("added_tokens_decoder");
  if (list == config.end() || !list->is_object())
    return;
  for (const auto &[key, value] : list->items()) {
    uint32_t id;
    if (!StringRef(key).getAsInteger(10, id) && value.is_object() && value.contains("normalized"))
      normalized[id] = value["normalized"] == true;
  }
}

/// "chat_template": a text, or a list of {"name", "template"}, of which the one named "default" counts.
static Expected<std::optional<std::string>> templateOf(const Json &config, const std::string &path) {
  const auto found = config.find("chat_template");
  if (found == config.end() || found->is_null())
    return std::nullopt;
  if (found->is_string())
    return found->get<std::string>();
  if (!found->is_array())
    return fail(ExitStatus::BadInput, path + ": chat_template: expected a text or a list of {\"name\", \"template\"}");
  std::string names;
  for (const Json &row : *found) {
    if (!row.is_object() || !row.contains("name") || !row["name"].is_string() || !row.contains("template") ||
        !row["template"].is_string())
      return fail(ExitStatus::BadInput,
                  path + ": chat_template: expected rows of {\"name\": text, \"template\": text}");
    if (row["name"] == "default")
      return row["template"].get<std::string>();
    names += (names.empty() ? "'" : ", '") + row["name"].get<std::string>() + "'";
  }
  return fail(ExitStatus::BadInput, path + ": chat_template: none of its templates is named 'default'; found " +
                                        (names.empty() ? "none" : names));
}

Expected<std::optional<Template>> findTemplate(StringRef folder, StringRef path) {
  const std::string base = folder.str() + "/", configPath = base + "tokenizer_config.json";
  Expected<Json> map = readObject(base + "special_tokens_map.json"), config = readObject(configPath);
  if (!map || !config)
    return joinErrors(map.takeError(), config.takeError());
  Template found;
  addTokens(*map, found.tokens);
  addTokens(*config, found.tokens);
  addNormalized(*config, found.normalized);
  const std::string own = base + "chat_template.jinja";
  found.file = !path.empty() ? path.str() : sys::fs::exists(own) ? own : configPath;
  if (found.file == configPath) {
    Expected<std::optional<std::string>> text = templateOf(*config, configPath);
    if (!text)
      return text.takeError();
    if (!*text)
      return std::nullopt;
    found.text = **text;
    return found;
  }
  Expected<std::string> text = readText(found.file);
  if (!text)
    return text.takeError();
  found.text = *text;
  return found;
}

} // namespace edgelm::chat
