// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reads the section "normalizer"; a kind of normalizer is a row of the table below.
#include "Codegen/Tokenizer/Spec.h"

using namespace edgelm::tokenizer;

static bool readNode(const Json &node, TokenizerSpec &spec);

static bool readNfc(const Json &, TokenizerSpec &spec) {
  spec.nfc = true;
  return true;
}

static bool readSequence(const Json &node, TokenizerSpec &spec) {
  Json steps = node["normalizers"];
  if (!steps.expectArray())
    return false;
  for (size_t i = 0; i < steps.size(); ++i)
    if (steps.at(i)["type"].isString() && steps.at(i)["type"].raw() == "Sequence")
      return steps.at(i).fail("a sequence inside a sequence is not supported");
    else if (!readNode(steps.at(i), spec))
      return false;
  return true;
}

static bool readNode(const Json &node, TokenizerSpec &spec) {
  static const TypeRow<TokenizerSpec> normalizers[] = {{"NFC", readNfc}, {"Sequence", readSequence}};
  return readByType(node, "normalizer", normalizers, spec);
}

bool edgelm::tokenizer::readNormalizer(const Json &root, TokenizerSpec &spec) {
  Json node = root["normalizer"];
  return node.isNull() || readNode(node, spec);
}
