// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Says what was found and what was expected where a JSON value is of the wrong type.
#include "Codegen/Tokenizer/Json.h"

using namespace edgelm::tokenizer;

/// Longer ones hold a part of the file, of which the first and the last words will do.
static constexpr size_t longestMessage = 1000, keptStart = 600, keptEnd = 200; // bytes

static std::string shortened(const std::string &text) {
  if (text.size() <= longestMessage)
    return text;
  auto isInsideCharacter = [&](size_t at) { return (uint8_t(text[at]) & 0xc0) == 0x80; };
  size_t start = keptStart, end = text.size() - keptEnd;
  while (isInsideCharacter(start))
    --start;
  while (end < text.size() && isInsideCharacter(end))
    ++end;
  return text.substr(0, start) + " … " + text.substr(end);
}

bool Errors::fail(std::string_view path, std::string_view message) {
  if (text.empty())
    text = file + ": " + shortened((path.empty() ? "" : std::string(path) + ": ") + std::string(message));
  return false;
}

static std::string describe(const nlohmann::json *value) {
  return value ? value->type_name() : "nothing";
}

Json Json::operator[](const char *key) const {
  std::string path = place.empty() ? key : place + "." + key;
  if (!isObject())
    return Json(nullptr, path, *errors);
  nlohmann::json::const_iterator member = value->find(key);
  return Json(member == value->end() ? nullptr : &*member, path, *errors);
}

Json Json::at(size_t index) const {
  return Json(isArray() && index < value->size() ? &(*value)[index] : nullptr,
              place + "[" + std::to_string(index) + "]", *errors);
}

bool Json::get(std::string &result) const {
  if (!isString())
    return fail("found " + describe(value) + ", expected a string");
  result = value->get_ref<const std::string &>();
  return true;
}

bool Json::get(uint32_t &result) const {
  if (!value || !value->is_number_unsigned())
    return fail("found " + (value && value->is_number() ? value->dump() : describe(value)) +
                ", expected a whole number that is not negative");
  uint64_t number = value->get<uint64_t>();
  if (number > 0xffffffffu)
    return fail("found " + std::to_string(number) + ", expected a number below 4294967296");
  result = uint32_t(number);
  return true;
}

bool Json::get(bool &result, bool fallback) const {
  result = fallback;
  if (isNull())
    return true;
  if (!value->is_boolean())
    return fail("found " + describe(value) + ", expected true or false");
  result = value->get<bool>();
  return true;
}

bool Json::expectArray() const {
  return isArray() || fail("found " + describe(value) + ", expected an array");
}

bool Json::expectObject() const {
  return isObject() || fail("found " + describe(value) + ", expected an object");
}
