// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "Codegen/Kernels/QuantizedCodes.h"

namespace edgelm {

/// What is added to signed bytes to make them unsigned.
static constexpr int kByteOffset = 128;

bool bytesArePlain(const FormatRow &format, int unsignedBits) {
  return format.bits() == 8 && unsignedBits < 8;
}

QuantizedCodes::QuantizedCodes(KernelBuilder &k, const PackedLayout &layout, int unsignedBits, int64_t lanes)
    : k(k), layout(layout), format(*layout.format), lanes(lanes) {
  bool isWide = format.bits() == 8 || !format.codebook.empty() || format.scale == Scale::Integer;
  isSigned = isWide && unsignedBits < 8;
  isPlain = bytesArePlain(format, unsignedBits) && !layout.isPaired;
  if (!isSigned && !format.hasZeroPoints)
    offset = isWide ? kByteOffset : format.offset();
}

int64_t QuantizedCodes::wholeSteps(int64_t columns) const {
  for (int bits : format.planes)
    while (bits * columns % kColumnUnit)
      columns *= 2;
  return columns;
}

/// Row `row` (index) of a part that holds one element for each of the panel's rows.
Val QuantizedCodes::load(const PanelVector &vector, int64_t part, Val row, mlir::Type element) {
  mlir::Value rows = k.viewAs(vector.bytes, vector.base + double(part), element);
  return k.loadVector(rows, {row * double(layout.panel) + vector.first}, lanes);
}

Val QuantizedCodes::loadBytes(const PanelVector &vector, int64_t part, Val group) {
  return k.toWidth(load(vector, part, group, k.b.getI8Type()), 32);
}

Val QuantizedCodes::scales(const PanelVector &vector, Val group) {
  switch (format.scale) {
  case Scale::F32:
    return load(vector, layout.floatScales(), group, k.f32Type());
  case Scale::Integer:
    return load(vector, layout.floatScales(), k.index(0), k.f32Type());
  case Scale::F16:
    return load(vector, layout.groupScales(), group, k.b.getF16Type());
  case Scale::Double:
    return k.toFloat(loadBytes(vector, layout.groupScales(), group)) *
           load(vector, layout.floatScales(), group / double(kGroupsOfDouble), k.f32Type());
  case Scale::None:
    break;
  }
  llvm_unreachable("a float format has no codes");
}

Val QuantizedCodes::zeroPoints(const PanelVector &vector, Val group) {
  return loadBytes(vector, layout.zeroPoints(), group);
}

Val QuantizedCodes::rowSums(const PanelVector &vector) {
  return load(vector, layout.rowSums(), k.index(0), k.b.getI32Type());
}

Val QuantizedCodes::multipliers(const PanelVector &vector, Val group) {
  if (format.scale != Scale::Integer)
    return Val();
  return loadBytes(vector, layout.groupScales(), group);
}

/// A vector of a step of a plane: all of it, or with columns apart the column `within`.
Val QuantizedCodes::Unit::stepBytes(int plane, int64_t step, int64_t within) {
  if (loadedStep[plane] != step)
    std::fill(std::begin(loaded[plane]), std::end(loaded[plane]), Val());
  loadedStep[plane] = step;
  Val &bytes = loaded[plane][within];
  if (bytes.value)
    return bytes;
  KernelBuilder &k = codes.k;
  const PackedLayout &layout = codes.layout;
  int64_t width = codes.sliceColumns(), bits = layout.format->planes[plane];
  Val at = vector.base + unit * double(bits * unitColumns / kColumnUnit * layout.stepBytes()) +
           vector.first * double(width) +
           double(layout.plane(plane) + step * layout.stepBytes() + layout.byteOfStep(0, within));
  return bytes = k.loadVector(vector.bytes, {at}, codes.sliceBytes());
}

/// Bits of one plane at bit `position` of each byte, the others zero.
Val QuantizedCodes::Unit::planeBits(int plane, int64_t slice, int position) {
  KernelBuilder &k = codes.k;
  int bits = codes.format.planes[plane];
  int64_t quad = slice * codes.sliceColumns() / 4, within = codes.layout.columnsApart ? slice % 4 : 0;
  int64_t step = quad * bits / kQuadsOfUnit, part = quad - step * (kQuadsOfUnit / bits);
  Val bytes = stepBytes(plane, step, within);
  if (bits == 8)
    return bytes;
  Val mask = k.likeInt(bytes.type(), ((1 << bits) - 1) << position);
  int64_t right = bits * part - position;
  // The topmost bits come alone where bytes shift by themselves.
  bool isAlone = k.isa.dot.shiftsBytes && position == 0 && part == kQuadsOfUnit / bits - 1;
  Val words = k.isa.dot.shiftsBytes ? bytes : k.regroup(bytes, 16);
  if (right > 0)
    words = k.shrU(words, right);
  else if (right < 0)
    words = k.shl(words, -right);
  Val shifted = k.isa.dot.shiftsBytes ? words : k.regroup(words, 8);
  return isAlone ? shifted : shifted & mask;
}

/// i32 up to 255 in every byte of a slice.
Val QuantizedCodes::Unit::bytesOf(Val integers) {
  KernelBuilder &k = codes.k;
  if (codes.layout.columnsApart)
    return k.toWidth(integers, 8);
  Val twice = integers | k.shl(integers, 16);
  return k.regroup(twice | k.shl(twice, 8), 8);
}

/// Codes of 8 bits as the caller wants them: they lie as signed bytes, or in even columns as unsigned ones.
Val QuantizedCodes::Unit::wholeBytes(Val code, int64_t slice) {
  if (!codes.layout.isPaired)
    return codes.isSigned ? code : code ^ codes.k.likeInt(code.type(), -kByteOffset);
  llvm::SmallVector<int8_t> flips;
  for (int64_t i = 0; i < codes.sliceBytes(); ++i) {
    bool isEven = (codes.layout.columnsApart ? slice : i) % 2 == 0;
    flips.push_back(int8_t(isEven == codes.isSigned ? -kByteOffset : 0));
  }
  return code ^ codes.k.constantBytes(flips);
}

Val QuantizedCodes::Unit::slice(int64_t slice) {
  KernelBuilder &k = codes.k;
  const FormatRow &format = codes.format;
  Val code = planeBits(0, slice, 0);
  if (format.planes[1])
    code = code | planeBits(1, slice, format.planes[0]);
  if (format.bits() == 8)
    return wholeBytes(code, slice);
  if (!format.codebook.empty()) {
    llvm::SmallVector<int8_t, 16> table;
    for (int8_t value : format.codebook)
      table.push_back(int8_t(codes.isSigned ? value : value + kByteOffset));
    return k.isa.dot.lookup(k, code, table);
  }
  if (!multipliers.value)
    return code;
  // A product stays below 256, and so does offset * m + 128.
  Val bias = k.likeInt(multipliers.type(), codes.isSigned ? 0 : kByteOffset) - multipliers * double(format.offset());
  bias = bytesOf(bias & k.likeInt(bias.type(), 0xff));
  if (k.isa.dot.shiftsBytes)
    return code * bytesOf(multipliers) + bias;
  Val twice = multipliers | k.shl(multipliers, 16);
  return k.regroup(k.regroup(code, 16) * k.regroup(twice, 16), 8) + bias;
}

Val QuantizedCodes::Unit::column(int64_t column) {
  KernelBuilder &k = codes.k;
  if (codes.layout.columnsApart)
    return k.toWidth(slice(column), 32);
  Val words = k.regroup(slice(column / 4), 32);
  return k.shrU(words, 8 * (column % 4)) & k.likeInt(words.type(), 0xff);
}

} // namespace edgelm
