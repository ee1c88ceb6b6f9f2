// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Collects the sections of a tokenizer's tables.
#pragma once

#include "Codegen/Tokenizer/Layout.h"
#include "Codegen/Tokenizer/Spec.h"

namespace edgelm::tokenizer {

using Bytes = std::vector<uint8_t>;

struct BlobHeader {
#define EDGELM_FIELD(name) uint32_t name = 0;
  EDGELM_TOKENIZER_HEADER(EDGELM_FIELD)
#undef EDGELM_FIELD
};

struct BlobSections {
#define EDGELM_SECTION(name) Bytes name;
  EDGELM_TOKENIZER_SECTIONS(EDGELM_SECTION)
#undef EDGELM_SECTION
};

class BlobWriter {
public:
  BlobWriter(const TokenizerSpec &spec, Errors &errors) : spec(spec), errors(errors) {}
  bool write(Bytes &blob);

private:
  void addRef(Bytes &section, uint32_t value) { addBytes(section, value, header.refBytes); }
  void writeMerges();
  void writeWords();
  void writePieces();
  void writeLookup();
  void writeForms();
  void writeScores();
  bool writeNormalizer(std::vector<CharSetPtr> &sets);
  void writeAdded();
  void writeAddedSet(bool normalized, Bytes &first);
  bool writeLevels();
  bool writeClasses(const std::vector<CharSetPtr> &sets, std::vector<uint32_t> &masks);
  void layOut(Bytes &blob);

  static void addBytes(Bytes &section, uint32_t value, uint32_t bytes) {
    for (uint32_t i = 0; i < bytes; ++i)
      section.push_back(uint8_t(value >> (8 * i)));
  }
  static void add(Bytes &section, std::initializer_list<uint32_t> values) {
    for (uint32_t value : values)
      addBytes(section, value, 4);
  }
  static void add(Bytes &section, const std::vector<uint32_t> &values) {
    for (uint32_t value : values)
      addBytes(section, value, 4);
  }

  const TokenizerSpec &spec;
  Errors &errors;
  BlobHeader header;
  BlobSections sections;
  std::unordered_map<uint64_t, uint32_t> ranks; ///< (left, right) -> rank; of a pair that is listed twice the last
};

} // namespace edgelm::tokenizer
