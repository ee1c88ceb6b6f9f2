// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Several rows of a panel in one multiplication: codes of a column lie side by side, a word of them, whose bytes are
// spread over fields of 16 or 32 bits. The word times a signed activation is the sum of the fields' products, each times
// the field's place, exactly and modulo the word; so are sums of such words. A sum starts with half a field's range in
// every field, so that no field is negative at the end and borrows from the next.
#include "Codegen/Isa/GenericDot.h"
#include "Codegen/Isa/PanelUnits.h"
#include "Dialect/PackedLayout.h"

#include "llvm/ADT/bit.h"
#include "llvm/Support/MathExtras.h"

namespace edgelm {

namespace {

/// Adds one unit to the sums of a panel whose rows fill a word, a byte each.
class FieldProducts {
public:
  FieldProducts(KernelBuilder &k, const PanelUnit &unit, int64_t rows);
  /// `sums`: of the rows, and of the activations where there is one more.
  void add(llvm::MutableArrayRef<Val> sums);

private:
  void addPass(Val pass, llvm::MutableArrayRef<Val> state);
  void addChain(llvm::MutableArrayRef<Val> chain, llvm::MutableArrayRef<Val> sums);
  Val stepWord(Val pass, int plane, int64_t quad, int64_t column);
  Val codes(Val pass, int64_t quad, int64_t column, int64_t part);
  Val constant(uint64_t value) { return k.likeInt(word, llvm::SignExtend64(value, unsigned(wordBits))); }
  /// `value` in every field of a word.
  Val everyField(uint64_t value);
  uint64_t middle() const { return uint64_t(1) << (fieldBits - 1); }
  /// Words of fields that a word of bytes is spread over: part p has the rows p, p + parts(), ...
  int64_t parts() const { return fieldBits / 8; }

  KernelBuilder &k;
  const PanelUnit &unit;
  const FormatRow &format;
  const int64_t rows, wordBits;
  mlir::Type word;
  int64_t fieldBits = 16;
  /// Columns whose products a field holds.
  int64_t chainColumns;
  /// Columns that the body of the loop multiplies: of straight-line code LLVM would load all before the first product.
  int64_t passColumns = 4;
  /// The words that were read last, one for each plane.
  Val loaded[2];
  int64_t loadedAt[2] = {-1, -1};
};

} // namespace

FieldProducts::FieldProducts(KernelBuilder &k, const PanelUnit &unit, int64_t rows)
    : k(k), unit(unit), format(unit.format), rows(rows), wordBits(rows * 8), word(k.b.getIntegerType(wordBits)) {
  uint64_t largestProduct = ((1u << format.bits()) - 1) * 128;
  chainColumns = llvm::bit_floor(std::min<uint64_t>(INT16_MAX / largestProduct, kColumnUnit));
  if (chainColumns == 1) {
    fieldBits = 32;
    chainColumns = kColumnUnit;
  }
  for (int bits : format.planes)
    passColumns = bits ? std::max<int64_t>(passColumns, kColumnUnit / bits) : passColumns;
  if (chainColumns < kColumnUnit)
    passColumns = std::max(passColumns, chainColumns);
}

Val FieldProducts::everyField(uint64_t value) {
  for (int64_t bits = fieldBits; bits < wordBits; bits *= 2)
    value |= value << bits;
  return constant(value);
}

/// The bytes of a plane for column `column`, 0 to 3, of a quad of the pass.
Val FieldProducts::stepWord(Val pass, int plane, int64_t quad, int64_t column) {
  int64_t bits = format.planes[plane], at = quad * 4 * bits / kColumnUnit * 4 + column;
  if (loadedAt[plane] == at)
    return loaded[plane];
  loadedAt[plane] = at;
  Val start = k.wrap(unit.planes[plane]) + pass * double(passColumns * bits / 8 * rows);
  loaded[plane] = k.load(k.viewAs(unit.panel, start + double(at * rows), word), {k.index(0)});
  // Signed codes plus 128.
  if (bits == 8)
    loaded[plane] = loaded[plane] ^ constant(0x8080808080808080);
  return loaded[plane];
}

/// The codes of one column and the rows of one part, each in a field.
Val FieldProducts::codes(Val pass, int64_t quad, int64_t column, int64_t part) {
  Val result;
  int position = 0;
  for (int plane = 0; plane < 2 && format.planes[plane]; ++plane) {
    int64_t bits = format.planes[plane], right = bits * (quad % (8 / bits)) + 8 * part - position;
    Val bytes = stepWord(pass, plane, quad, column);
    Val shifted = right > 0 ? k.shrU(bytes, right) : right < 0 ? k.shl(bytes, -right) : bytes;
    Val fields = shifted & everyField(((1u << bits) - 1) << position);
    result = plane ? result | fields : fields;
    position += int(bits);
  }
  return result;
}

/// Adds the fields of a chain to the rows' sums, `middle` too much, and begins another.
void FieldProducts::addChain(llvm::MutableArrayRef<Val> chain, llvm::MutableArrayRef<Val> sums) {
  for (int64_t part = 0; part < parts(); ++part) {
    for (int64_t row = part, shift = 0; row < rows; row += parts(), shift += fieldBits) {
      Val field = shift ? k.shrU(chain[part], shift) : chain[part];
      if (shift + fieldBits < wordBits)
        field = field & constant((uint64_t(1) << fieldBits) - 1);
      sums[row] = sums[row] + k.toWidth(field, 32);
    }
    chain[part] = everyField(middle());
  }
}

/// The products of one pass; the columns that share a word follow each other. The state are the sums of the rows, that of
/// the activations, and the chain.
void FieldProducts::addPass(Val pass, llvm::MutableArrayRef<Val> state) {
  llvm::MutableArrayRef<Val> sums = state.take_front(rows), chain = state.drop_front(rows + 1);
  int64_t columns = 0;
  for (int64_t column = 0; column < 4; ++column)
    for (int64_t quad = 0; quad < passColumns / 4; ++quad) {
      Val at = k.wrap(unit.column) + pass * double(passColumns) + double(4 * quad + column);
      Val x = k.toWidth(k.load(unit.row, {at}), unsigned(wordBits), /*isSigned=*/true);
      state[rows] = state[rows] + x;
      for (int64_t part = 0; part < parts(); ++part)
        chain[part] = chain[part] + codes(pass, quad, column, part) * x;
      if (++columns % chainColumns == 0)
        addChain(chain, sums);
    }
}

void FieldProducts::add(llvm::MutableArrayRef<Val> sums) {
  Vals state(sums.begin(), sums.begin() + rows);
  state.push_back(constant(0));
  state.append(parts(), everyField(middle()));
  state = k.loop(k.index(0), k.index(kColumnUnit / passColumns), 1, state, [&](Val pass, llvm::ArrayRef<Val> carried) {
    Vals next(carried);
    addPass(pass, next);
    return next;
  });
  if (chainColumns == kColumnUnit && passColumns < kColumnUnit)
    addChain(llvm::MutableArrayRef(state).drop_front(rows + 1), llvm::MutableArrayRef(state).take_front(rows));
  Val total = k.toWidth(state[rows], 32), excess = k.i32(int32_t(middle() * (kColumnUnit / chainColumns)));
  if (int64_t(sums.size()) > rows)
    sums[rows] = sums[rows] + total;
  if (format.bits() == 8)
    excess = excess + total * 128.0;
  for (int64_t row = 0; row < rows; ++row)
    sums[row] = state[row] - excess;
}

/// Row by row: codes of a codebook, and those of which a word holds no two.
static void addPanelUnitColumns(KernelBuilder &k, const PanelUnit &unit, llvm::MutableArrayRef<Val> sums) {
  const FormatRow &format = unit.format;
  auto byteAt = [&](mlir::Value bytes, Val at, bool isSigned) { return k.toWidth(k.load(bytes, {at}), 32, isSigned); };
  for (int64_t column = 0; column < 4; ++column)
    for (int64_t quad = 0; quad < kColumnUnit / 4; ++quad) {
      Val x = byteAt(unit.row, k.wrap(unit.column) + double(4 * quad + column), /*isSigned=*/true);
      for (int64_t row = 0; row < k.isa.panel; ++row) {
        int64_t bits = format.planes[0], step = quad * bits / 8, within = quad % (8 / bits);
        Val place = k.wrap(unit.planes[0]) + double((step * 4 + column) * k.isa.panel + row);
        Val code = byteAt(unit.panel, place, bits == 8);
        if (!format.codebook.empty()) {
          code = (within ? k.shrU(code, bits * within) : code) & k.i32((1 << bits) - 1);
          code = k.toWidth(lookupByte(k, code, format.codebook), 32, /*isSigned=*/true);
        }
        sums[row] = sums[row] + code * x;
      }
    }
}

void addPanelUnitFields(KernelBuilder &k, const PanelUnit &unit, llvm::MutableArrayRef<Val> sums) {
  bool isAlone = unit.format.bits() == 8 && k.isa.panel == 4;
  if (isAlone || !unit.format.codebook.empty())
    return addPanelUnitColumns(k, unit, sums);
  FieldProducts(k, unit, k.isa.panel).add(sums);
}

} // namespace edgelm
