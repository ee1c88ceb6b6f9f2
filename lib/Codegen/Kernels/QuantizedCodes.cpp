// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "Codegen/Kernels/QuantizedCodes.h"

namespace edgelm {

/// What is added to signed bytes to make them unsigned.
static constexpr int kByteOffset = 128;

bool bytesArePlain(const FormatRow &format, int unsignedBits) {
  return format.bits() == 8 && unsignedBits == 8;
}

QuantizedCodes::QuantizedCodes(KernelBuilder &k, const PackedLayout &layout, int unsignedBits)
    : k(k), layout(layout), format(*layout.format) {
  bool isWide = format.bits() == 8 || !format.codebook.empty() || format.scale == Scale::Integer;
  isSigned = isWide && unsignedBits < 8;
  isPlain = bytesArePlain(format, unsignedBits);
  if (!isSigned && !format.hasZeroPoints)
    offset = isWide ? kByteOffset : format.offset();
}

/// Row `row` (index) of a part that holds one element for each of the panel's rows.
Val QuantizedCodes::load(const PanelVector &vector, int64_t part, Val row, mlir::Type element) {
  mlir::Value rows = k.viewAs(vector.bytes, vector.base + double(part), element);
  return k.loadVector(rows, {row * double(layout.panel) + vector.first}, k.isa.lanes);
}

Val QuantizedCodes::loadBytes(const PanelVector &vector, int64_t part, Val group) {
  return k.toWidth(load(vector, part, group, k.b.getI8Type()), 32);
}

Val QuantizedCodes::scales(const PanelVector &vector, Val group) {
  switch (format.scale) {
  case Scale::F32:
  case Scale::Integer:
    return load(vector, layout.rowScales(), k.index(0), k.f32Type());
  case Scale::F16:
    return load(vector, layout.groupScales(), group, k.b.getF16Type());
  case Scale::Double:
    return k.toFloat(loadBytes(vector, layout.groupScales(), group)) *
           load(vector, layout.rowScales(), group / double(kGroupsOfDouble), k.f32Type());
  case Scale::None:
    break;
  }
  llvm_unreachable("a float format has no codes");
}

Val QuantizedCodes::zeroPoints(const PanelVector &vector, Val group) {
  return loadBytes(vector, layout.zeroPoints(), group);
}

Val QuantizedCodes::multipliers(const PanelVector &vector, Val group) {
  if (format.scale != Scale::Integer)
    return Val();
  return loadBytes(vector, layout.groupScales(), group);
}

/// Bits of one plane at bit `position` of each byte, the others zero.
Val QuantizedCodes::Unit::planeBits(int plane, int64_t quad, int position) {
  KernelBuilder &k = codes.k;
  const PackedLayout &layout = codes.layout;
  int bits = layout.format->planes[plane];
  int64_t step = quad * bits / kQuadsOfUnit, part = quad - step * (kQuadsOfUnit / bits);
  if (loadedStep[plane] != step) {
    Val at = vector.base + unit * double(bits * layout.stepBytes()) + vector.first * 4.0 +
             double(layout.plane(plane) + step * layout.stepBytes());
    loaded[plane] = k.loadVector(vector.bytes, {at}, k.isa.lanes * 4);
    loadedStep[plane] = step;
  }
  if (bits == 8)
    return loaded[plane];
  // Bytes shift within words; what crosses into the neighbour is masked away.
  Val words = k.regroup(loaded[plane], 16);
  int64_t right = bits * part - position;
  if (right > 0)
    words = k.shrU(words, right);
  else if (right < 0)
    words = k.shl(words, -right);
  return k.regroup(words, 8) & k.likeInt(loaded[plane].type(), ((1 << bits) - 1) << position);
}

Val QuantizedCodes::Unit::quad(int64_t quad) {
  KernelBuilder &k = codes.k;
  const FormatRow &format = codes.format;
  Val code = planeBits(0, quad, 0);
  if (format.planes[1])
    code = code | planeBits(1, quad, format.planes[0]);
  Val flip = k.likeInt(code.type(), -kByteOffset);
  if (!format.codebook.empty()) {
    llvm::SmallVector<int8_t, 16> table;
    for (int8_t value : format.codebook)
      table.push_back(int8_t(codes.isSigned ? value : value + kByteOffset));
    return k.isa.dot.lookup(k, code, table);
  }
  if (multipliers.value) {
    // A product stays below 256, so that two bytes multiply as one word; and 128 - offset * m is never negative.
    Val twice = multipliers | k.shl(multipliers, 16);
    Val words = k.regroup(code, 16) * k.regroup(twice, 16);
    Val bytes = (twice | k.shl(twice, 8)) * k.likeInt(twice.type(), format.offset());
    code = k.regroup(words, 8) + k.regroup(k.likeInt(twice.type(), int32_t(0x80808080)) - bytes, 8);
  }
  return codes.isSigned ? code ^ flip : code;
}

} // namespace edgelm
