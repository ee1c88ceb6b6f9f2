// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// libFuzzer: any text with any damage to a blob's tables. Build target tokenizer-fuzz; run it as long as you like.
#include "DamagedBlob.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const std::vector<uint8_t> intact = edgelm::blobWithAllSections();
  std::vector<uint8_t> blob = intact;
  // The first byte is the number of changes, of 7 bytes each; the rest is text.
  size_t pos = 1, changes = size ? data[0] % 16 : 0;
  for (; changes > 0 && size >= pos + 7; --changes, pos += 7) {
    uint32_t value;
    std::memcpy(&value, data + pos + 3, 4);
    edgelm::damageSection(blob, data[pos], data[pos + 1] | uint32_t(data[pos + 2]) << 8, value);
  }
  if (pos < size)
    edgelm::exerciseBlob(blob,
                         std::string(reinterpret_cast<const char *>(data) + pos, std::min<size_t>(size - pos, 80)));
  return 0;
}
