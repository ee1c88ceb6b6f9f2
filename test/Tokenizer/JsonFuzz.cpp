// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// libFuzzer: any tokenizer.json. Build target tokenizer-json-fuzz; `ninja fuzz-tokenizer` runs it on the seeds of
// test/Tokenizer/Hostile.
#include "HostileFile.h"

#include <random>

using namespace edgelm;
using Json = nlohmann::json;

extern "C" size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t maxSize);

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  std::string broken = brokenTokenizerPromise(std::string(reinterpret_cast<const char *>(data), size));
  if (broken.empty())
    return 0;
  std::fprintf(stderr, "%s\n", broken.c_str());
  abort();
}

namespace {
/// Small changes of a JSON value somewhere in a file.
class JsonMutator {
public:
  explicit JsonMutator(uint32_t seed) : random(seed) {}
  bool oneIn(uint32_t chances) { return random() % chances == 0; }

  void mutate(Json &root) {
    std::vector<Json *> all;
    collect(root, all);
    Json &value = *all[random() % all.size()];
    const Json other = *all[random() % all.size()];
    if (oneIn(4))
      value = other;
    else if (value.is_structured())
      mutateMembers(value, other);
    else if (value.is_string())
      value = someText(value.get<std::string>());
    else
      value = someScalar(value);
  }

private:
  /// Neither deep nor many: a vocabulary counts as a few.
  static void collect(Json &value, std::vector<Json *> &all, int depth = 0) {
    all.push_back(&value);
    size_t members = 0;
    if (value.is_structured() && depth < 32)
      for (Json &member : value)
        if (members++ < 16)
          collect(member, all, depth + 1);
  }

  void mutateMembers(Json &value, const Json &other) {
    size_t at = value.empty() ? 0 : random() % value.size();
    Json::iterator place = std::next(value.begin(), ptrdiff_t(at));
    bool removes = !value.empty() && oneIn(2);
    if (value.is_array() && removes)
      value.erase(place);
    else if (value.is_array())
      value.insert(place, other);
    else if (removes)
      value.erase(place);
    else
      value[value.empty() ? "type" : someText(place.key())] = other;
  }

  Json someScalar(const Json &old) {
    switch (random() % 6) {
    case 0:
      return nullptr;
    case 1:
      return oneIn(2);
    case 2:
      return old.is_number_integer() ? Json(old.get<int64_t>() + int64_t(random() % 3) - 1) : Json(random() % 8);
    case 3:
      return Json({0, 1, -1, 255, 3999999, 4294967295, 1e308, -0.5, 1e-320})[random() % 9];
    case 4:
      return Json::object();
    default:
      return "text";
    }
  }

  std::string someText(const std::string &old) {
    static const char *words[] = {"BPE",
                                  "WordPiece",
                                  "Unigram",
                                  "ByteLevel",
                                  "BertNormalizer",
                                  "NFC",
                                  "Sequence",
                                  "Prepend",
                                  "Replace",
                                  "Precompiled",
                                  "Digits",
                                  "Split",
                                  "Whitespace",
                                  "Metaspace",
                                  "Punctuation",
                                  "WhitespaceSplit",
                                  "TemplateProcessing",
                                  "RobertaProcessing",
                                  "Isolated",
                                  "Removed",
                                  "Contiguous",
                                  "ByteFallback",
                                  "Fuse",
                                  "Strip",
                                  "type",
                                  "pattern",
                                  "Regex",
                                  "String",
                                  "behavior",
                                  "pretokenizers",
                                  "content",
                                  "start",
                                  "stop",
                                  "(?i:a|b)?",
                                  "[^\\s\\p{L}]+",
                                  "a{0,1000000}",
                                  "(?:a|b|cd)",
                                  "\\s+(?!\\S)",
                                  "[\\x{10ffff}]",
                                  "\xe2\x96\x81",
                                  "",
                                  "<0x00>"};
    if (oneIn(2))
      return words[random() % std::size(words)];
    std::string text = old;
    text.resize(old.size() + 8);
    text.resize(LLVMFuzzerMutate(reinterpret_cast<uint8_t *>(text.data()), old.size(), text.size()));
    return text;
  }

  std::minstd_rand random;
};
} // namespace

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t maxSize, unsigned seed) {
  JsonMutator mutator(seed);
  Json json = Json::parse(data, data + size, nullptr, /*allow_exceptions=*/false);
  if (mutator.oneIn(10) || json.is_discarded())
    return LLVMFuzzerMutate(data, size, maxSize);
  do
    mutator.mutate(json);
  while (mutator.oneIn(2));
  std::string text = json.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (text.size() > maxSize)
    return LLVMFuzzerMutate(data, size, maxSize);
  std::memcpy(data, text.data(), text.size());
  return text.size();
}
