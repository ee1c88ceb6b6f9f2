// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reads WordPiece: words cut into the longest pieces from the left.
#include "Codegen/Tokenizer/Layout.h"
#include "Codegen/Tokenizer/Spec.h"

using namespace edgelm::tokenizer;

bool edgelm::tokenizer::readWordPiece(const Json &model, TokenizerSpec &spec) {
  spec.model = EDGELM_TOKENIZER_MODEL_WORDPIECE;
  spec.continuing = "##";
  spec.maxWordChars = 100;
  std::string unknown = "[UNK]";
  if (spec.byteLevel)
    return model.fail("WordPiece behind a ByteLevel pre-tokenizer is not supported");
  if (!model["continuing_subword_prefix"].isNull() && !model["continuing_subword_prefix"].get(spec.continuing))
    return false;
  if (spec.continuing.size() > 255)
    return model["continuing_subword_prefix"].fail("is longer than 255 bytes");
  if (!model["max_input_chars_per_word"].isNull() && !model["max_input_chars_per_word"].get(spec.maxWordChars))
    return false;
  if (!model["unk_token"].isNull() && !model["unk_token"].get(unknown))
    return false;
  if (!readVocab(model, spec))
    return false;
  spec.unknownId = idOf(spec, unknown);
  return spec.unknownId != noId || model["unk_token"].fail("'" + unknown + "' is not in the vocabulary");
}
