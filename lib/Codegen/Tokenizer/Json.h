// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Typed access to a JSON file in which every mistake names the place where it stands.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace edgelm::tokenizer {

/// Keeps the first error of a file.
class Errors {
public:
  explicit Errors(std::string file) : file(std::move(file)) {}
  /// Always false, so that a reader can return it.
  bool fail(std::string_view path, std::string_view message);
  const std::string &message() const { return text; }

private:
  std::string file, text;
};

/// A value of the file, which may be absent, and its place.
class Json {
public:
  Json(const nlohmann::json *value, std::string path, Errors &errors)
      : value(value), place(std::move(path)), errors(&errors) {}

  const std::string &path() const { return place; }
  /// Absent or null.
  bool isNull() const { return !value || value->is_null(); }
  bool isArray() const { return value && value->is_array(); }
  bool isObject() const { return value && value->is_object(); }
  bool isString() const { return value && value->is_string(); }
  /// Number of elements or members; 0 if it is neither array nor object.
  size_t size() const { return isArray() || isObject() ? value->size() : 0; }
  /// The member of an object, absent if there is none.
  Json operator[](const char *key) const;
  /// An element of an array.
  Json at(size_t index) const;
  const nlohmann::json &raw() const { return *value; }

  /// These say what was found when it is not what was expected; the forms with a fallback take null and absence too.
  bool get(std::string &result) const;
  bool get(uint32_t &result) const;
  bool get(bool &result, bool fallback) const;
  bool expectArray() const;
  bool expectObject() const;
  /// Always false.
  bool fail(std::string_view message) const { return errors->fail(place, message); }

private:
  const nlohmann::json *value;
  std::string place;
  Errors *errors;
};

/// What a construct of one type means; rows are the list of what is supported.
template <typename State> struct TypeRow {
  const char *type;
  bool (*read)(const Json &node, State &state);
};

/// Finds the row of node["type"] and lets it read the node; refuses other types by name.
template <typename State, size_t Rows>
bool readByType(const Json &node, const char *kind, const TypeRow<State> (&rows)[Rows], State &state) {
  std::string type, known;
  if (!node.expectObject() || !node["type"].get(type))
    return false;
  for (const TypeRow<State> &row : rows) {
    if (type == row.type)
      return row.read(node, state);
    known += (known.empty() ? "'" : ", '") + std::string(row.type) + "'";
  }
  return node["type"].fail(std::string(kind) + " '" + type + "' is not supported; supported: " + known);
}

} // namespace edgelm::tokenizer
