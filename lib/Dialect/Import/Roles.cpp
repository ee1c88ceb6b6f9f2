// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Names of a model's inputs and outputs that exporters agree on.
#include "Dialect/Import/GraphImporter.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"

using namespace edgelm;
using llvm::StringRef;

/// Whether `name` ends with `suffix` after one of the separators that exporters use, whatever number follows it:
/// `past_key_values.0.key`, `past_key_0`, `past.0_value`.
static bool hasPart(StringRef name, StringRef part) {
  for (size_t at = name.find(part); at != StringRef::npos; at = name.find(part, at + 1)) {
    bool starts = at == 0 || name[at - 1] == '.' || name[at - 1] == '_';
    size_t end = at + part.size();
    bool ends = end == name.size() || name[end] == '.' || name[end] == '_';
    // "past_key_values" is no key by itself, and no value.
    if (starts && ends && !name.substr(at).starts_with("key_values"))
      return true;
  }
  return false;
}

/// "past_key" and so on: `prefix` is "past" or "present".
static StringRef stateRole(StringRef name, StringRef key, StringRef value, StringRef both) {
  if (hasPart(name, "key"))
    return key;
  if (hasPart(name, "value"))
    return value;
  return both;
}

/// A name such as past_3 or past.3: keys and values in one tensor, as old GPT-2 exports have them.
static bool isNumbered(StringRef name, StringRef prefix) {
  return name.consume_front(prefix) && (name.consume_front("_") || name.consume_front(".")) && !name.empty() &&
         llvm::all_of(name, [](char c) { return llvm::isDigit(c); });
}

StringRef edgelm::argumentRole(StringRef name) {
  StringRef role = llvm::StringSwitch<StringRef>(name)
                       .Cases({"input_ids", "decoder_input_ids", "tokens", "token_ids", "input_tokens"}, "tokens")
                       .Cases({"position_ids", "positions"}, "position_ids")
                       .Cases({"attention_mask", "input_mask"}, "attention_mask")
                       .Cases({"token_type_ids", "segment_ids"}, "token_type_ids")
                       .Default("");
  if (!role.empty())
    return role;
  if (name.starts_with("past") && (hasPart(name, "key") || hasPart(name, "value") || isNumbered(name, "past")))
    return stateRole(name, "past_key", "past_value", "past_key_value");
  return "input";
}

StringRef edgelm::resultRole(StringRef name) {
  if (name == "logits")
    return "logits";
  if (name.starts_with("present") && (hasPart(name, "key") || hasPart(name, "value") || isNumbered(name, "present")))
    return stateRole(name, "present_key", "present_value", "present_key_value");
  return "output";
}
