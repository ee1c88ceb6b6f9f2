// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// libFuzzer: any ONNX file. Build target import-fuzz; `ninja fuzz-import` runs it on the seeds of test/Import/Fuzz.
#include "FuzzedImport.h"
#include "MutateProto.h"

#include "Dialect/Import/Operators.h"
#include "llvm/Support/raw_ostream.h"
#include <onnx/onnx_pb.h>

#include <cstdlib>

using namespace edgelm;

extern "C" size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t maxSize);

/// LLVM's libraries are not instrumented: what they and we take from one allocator must not be poisoned by us alone.
extern "C" const char *__asan_default_options() {
  return "allow_user_poisoning=0:detect_container_overflow=0";
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  std::string broken = brokenPromise(llvm::StringRef(reinterpret_cast<const char *>(data), size));
  if (broken.empty())
    return 0;
  llvm::errs() << broken << "\n";
  abort();
}

/// Operators, and the names of attributes that change what a handler does.
static const std::vector<std::string> &interestingWords() {
  static const std::vector<std::string> words = [] {
    std::vector<std::string> all = {"zeros.bin", "location", "offset", "length", "com.microsoft", "If", ""};
    for (const OperatorRow *row : allOperators())
      all.push_back(row->name.str());
    for (const char *name :
         {"axis",         "axes",    "value",       "perm",       "num_heads", "kv_num_heads", "block_size",
          "bits",         "K",       "N",           "to",         "keepdims",  "equation",     "mode",
          "kernel_shape", "strides", "pads",        "dilations",  "auto_pad",  "group",        "direction",
          "hidden_size",  "epsilon", "then_branch", "else_branch"})
      all.push_back(name);
    return all;
  }();
  return words;
}

static size_t store(const onnx::ModelProto &model, uint8_t *data, size_t maxSize) {
  std::string bytes = model.SerializeAsString();
  if (bytes.empty() || bytes.size() > maxSize)
    return 0;
  memcpy(data, bytes.data(), bytes.size());
  return bytes.size();
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t maxSize, unsigned seed) {
  ProtoMutator mutator(seed, interestingWords());
  onnx::ModelProto model;
  if (mutator.oneIn(10) || !model.ParseFromArray(data, size))
    return LLVMFuzzerMutate(data, size, maxSize);
  do
    mutator.mutate(model);
  while (mutator.oneIn(2));
  size_t stored = store(model, data, maxSize);
  return stored ? stored : LLVMFuzzerMutate(data, size, maxSize);
}

extern "C" size_t LLVMFuzzerCustomCrossOver(const uint8_t *first, size_t firstSize, const uint8_t *second,
                                            size_t secondSize, uint8_t *out, size_t maxSize, unsigned seed) {
  ProtoMutator mutator(seed, interestingWords());
  onnx::ModelProto model, other;
  if (!model.ParseFromArray(first, firstSize) || !other.ParseFromArray(second, secondSize))
    return 0;
  mutator.crossOver(model, other);
  return store(model, out, maxSize);
}
