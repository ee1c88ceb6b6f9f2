// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "Codegen/Isa/PanelUnits.h"
#include "Codegen/Isa/GenericDot.h"
#include "Dialect/PackedLayout.h"

namespace edgelm {

/// The words of a plane that hold a quad, and by how much it is shifted in them.
static Val planeWord(KernelBuilder &k, const PanelUnit &unit, int plane, int64_t quad, int64_t row) {
  int64_t bits = unit.format.planes[plane], step = quad * 4 * bits / kColumnUnit;
  Val at = k.wrap(unit.planes[plane]) + double((step * k.isa.panel + row) * 4);
  return k.load(k.viewAs(unit.panel, at, k.b.getI32Type()), {k.index(0)});
}

Val panelQuad(KernelBuilder &k, const PanelUnit &unit, int64_t quad, int64_t row) {
  Val result;
  int position = 0;
  for (int plane = 0; plane < 2 && unit.format.planes[plane]; ++plane) {
    int64_t bits = unit.format.planes[plane], perWord = 8 / bits;
    Val word = planeWord(k, unit, plane, quad, row);
    if (bits == 8)
      return word;
    int64_t right = bits * (quad % perWord) - position;
    Val shifted = right > 0 ? k.shrU(word, right) : right < 0 ? k.shl(word, -right) : word;
    Val part = shifted & k.i32(((1 << bits) - 1) * 0x01010101 << position);
    result = plane ? result | part : part;
    position += int(bits);
  }
  return result;
}

Val activationWord(KernelBuilder &k, const PanelUnit &unit, int64_t word) {
  Val at = k.wrap(unit.column) + double(4 * word);
  return k.load(k.viewAs(unit.row, at, k.b.getI32Type()), {k.index(0)});
}

static Val byteOf(KernelBuilder &k, Val word, int64_t byte, bool isSigned) {
  if (isSigned)
    return k.shrS(byte == 3 ? word : k.shl(word, 24 - 8 * byte), 24);
  Val shifted = byte == 0 ? word : k.shrU(word, 8 * byte);
  return byte == 3 ? shifted : shifted & k.i32(0xff);
}

void addPanelUnitScalar(KernelBuilder &k, const PanelUnit &unit, llvm::MutableArrayRef<Val> sums) {
  const FormatRow &format = unit.format;
  bool addsActivations = int64_t(sums.size()) > k.isa.panel;
  for (int64_t quad = 0; quad < kColumnUnit / 4; ++quad) {
    Val x = activationWord(k, unit, quad);
    Vals words;
    for (int64_t row = 0; row < k.isa.panel; ++row)
      words.push_back(panelQuad(k, unit, quad, row));
    for (int64_t byte = 0; byte < 4; ++byte) {
      Val activation = byteOf(k, x, byte, /*isSigned=*/true);
      for (int64_t row = 0; row < k.isa.panel; ++row) {
        Val code = byteOf(k, words[row], byte, format.bits() == 8);
        if (!format.codebook.empty())
          code = k.toWidth(lookupByte(k, code, format.codebook), 32, /*isSigned=*/true);
        sums[row] = sums[row] + code * activation;
      }
      if (addsActivations)
        sums[k.isa.panel] = sums[k.isa.panel] + activation;
    }
  }
}

} // namespace edgelm
