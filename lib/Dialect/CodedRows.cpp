// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "Dialect/CodedRows.h"
#include "Dialect/SmallFloat.h"

#include <cmath>

using namespace mlir;

namespace edgelm {

static RankedTensorType typeOf(CodesAttr source, size_t part) {
  return cast<RankedTensorType>(cast<TypeAttr>(source.getTypes()[part]).getValue());
}

int64_t CodedRows::Integers::at(int64_t bit) const {
  uint64_t value = bytes[bit / 8];
  if (bit % 8 + bits > 8)
    value |= uint64_t(bytes[bit / 8 + 1]) << 8;
  value = value >> (bit % 8) & ((1u << bits) - 1);
  return isSigned && value >> (bits - 1) ? int64_t(value) - (int64_t(1) << bits) : int64_t(value);
}

/// The integers of a part; `packed` bits each, or as its type says.
CodedRows::Integers CodedRows::integersOf(CodesAttr source, size_t part, int64_t packed) const {
  Type type = typeOf(source, part).getElementType();
  Integers result;
  result.bytes = reinterpret_cast<const uint8_t *>(opened[part].get().data());
  result.size = opened[part].get().size();
  result.bits = packed ? packed : type.getIntOrFloatBitWidth();
  // Elements of a constant have a byte each.
  result.stride = !packed && isa<DenseElementsAttr>(source.getSources()[part]) ? 8 : result.bits;
  result.isSigned = !packed && !type.isUnsignedInteger();
  return result;
}

LogicalResult CodedRows::placePacked(CodesAttr source, EmitError emitError) {
  RankedTensorType type = typeOf(source, 0);
  block = source.getBlock();
  n = type.getRank() ? type.getDimSize(0) : 0;
  int64_t bits = source.getPacked();
  if (block <= 0 || bits < 2 || bits > 8 || block * bits % 8 || n * blocks() * block * bits / 8 != codes.size)
    return emitError() << "expected codes of " << bits << " bits in blocks of " << block << " for " << k
                       << " columns, found " << type;
  codeOfRow = blocks() * block;
  codeOfColumn = 1;
  scaleOfRow = blocks();
  scaleOfBlock = 1;
  defaultZero = float(1 << (bits - 1));
  return success();
}

LogicalResult CodedRows::placePlain(CodesAttr source, EmitError emitError) {
  RankedTensorType type = typeOf(source, 0);
  bool isTransposed = source.getTransposed();
  bool isMatrix = type.getRank() == 2 && type.getDimSize(isTransposed ? 0 : 1) == k && codes.bits <= 8;
  int64_t axis = source.getAxis();
  if (!isMatrix || axis < 0 || axis > 1 || (type.getNumElements() * codes.stride + 7) / 8 != codes.size)
    return emitError() << "expected a matrix of " << k << " columns of integers of at most 8 bits, found " << type;
  n = type.getDimSize(isTransposed ? 1 : 0);
  codeOfRow = isTransposed ? 1 : k;
  codeOfColumn = isTransposed ? n : 1;
  bool alongK = (axis == 1) != isTransposed;
  block = source.getBlock();
  if (typeOf(source, 1).getNumElements() == 1 && block == 0) {
    block = k; // one scale for all
  } else if (alongK) {
    block = std::max<int64_t>(block, 1);
    bool hasRows = source.getBlock() != 0;
    scaleOfRow = !hasRows ? 0 : isTransposed ? 1 : blocks();
    scaleOfBlock = hasRows && isTransposed ? n : 1;
  } else if (block == 0) {
    block = k;
    scaleOfRow = 1;
  } else {
    return emitError() << "blocks of " << block << " along the outputs of a matrix are not supported";
  }
  return success();
}

LogicalResult CodedRows::readScales(CodesAttr source, EmitError emitError) {
  RankedTensorType type = typeOf(source, 1);
  if (!isa<FloatType>(type.getElementType()) || type.getNumElements() != expectedScales())
    return emitError() << "expected " << expectedScales() << " scales, found " << type;
  const char *from = opened[1].get().data();
  int64_t width = type.getElementTypeBitWidth() / 8;
  for (int64_t i = 0; i < type.getNumElements(); ++i)
    scales.push_back(widened(from + i * width, type.getElementType()));
  return success();
}

LogicalResult CodedRows::readZeros(CodesAttr source, EmitError emitError) {
  RankedTensorType type = typeOf(source, 2);
  int64_t packed = source.getPacked(), count = scales.size();
  if (isa<FloatType>(type.getElementType())) {
    int64_t width = type.getElementTypeBitWidth() / 8;
    for (int64_t i = 0; i < std::min(count, type.getNumElements()); ++i)
      zeros.push_back(widened(opened[2].get().data() + i * width, type.getElementType()));
  } else {
    Integers integers = integersOf(source, 2, packed);
    // Packed ones begin each row at a byte.
    int64_t perRow = packed ? blocks() : count, rowBits = (perRow * integers.stride + 7) / 8 * 8;
    if (integers.size * 8 == count / perRow * rowBits)
      for (int64_t i = 0; i < count; ++i)
        zeros.push_back(float(integers.at(i / perRow * rowBits + i % perRow * integers.stride)));
  }
  if (int64_t(zeros.size()) != count)
    return emitError() << "expected a zero point for each of " << count << " scales, found " << type;
  return success();
}

FailureOr<CodedRows> CodedRows::open(CodesAttr source, int64_t k, StringRef modelDir, EmitError emitError) {
  CodedRows result;
  result.k = k;
  for (Attribute part : source.getSources()) {
    FailureOr<SourceBytes> bytes = SourceBytes::open(part, modelDir, emitError);
    if (failed(bytes))
      return failure();
    result.opened.push_back(std::move(*bytes));
  }
  result.codes = result.integersOf(source, 0, source.getPacked());
  if (DenseF32ArrayAttr codebook = source.getCodebook())
    result.codebook.assign(codebook.asArrayRef().begin(), codebook.asArrayRef().end());
  if (failed(source.getPacked() ? result.placePacked(source, emitError) : result.placePlain(source, emitError)) ||
      failed(result.readScales(source, emitError)) ||
      (result.opened.size() > 2 && failed(result.readZeros(source, emitError))))
    return failure();
  return result;
}

bool CodedRows::fits(const FormatRow &format) const {
  if (format.isFloat() || !format.codebook.empty() || !codebook.empty() ||
      (format.scale != Scale::F32 && format.scale != Scale::F16))
    return false;
  // A block may be several groups, each with the block's scale.
  bool hasGroups = block >= k || (format.group != 0 && block % format.group == 0);
  if (!hasGroups || format.group > k || !llvm::all_of(scales, [](float scale) { return std::isfinite(scale); }))
    return false;
  if (format.scale == Scale::F16 &&
      llvm::any_of(scales, [](float scale) { return float(Half::nearest(scale)) != scale; }))
    return false;
  auto [least, most] = zeros.empty() ? std::pair(defaultZero, defaultZero)
                                     : std::pair(*llvm::min_element(zeros), *llvm::max_element(zeros));
  if (llvm::any_of(zeros, [](float zero) { return zero != std::floor(zero); }))
    return false;
  float lowest = codes.isSigned ? -std::ldexp(1.0f, codes.bits - 1) : 0;
  float highest = lowest + std::ldexp(1.0f, codes.bits) - 1;
  if (format.hasZeroPoints)
    return codes.bits <= format.bits() && least >= lowest && most <= highest;
  return lowest - most >= -format.offset() && highest - least <= format.highest();
}

void CodedRows::read(int64_t first, int64_t count, const FormatRow &format, QuantizedRows &out) const {
  out.resize(format, count, k);
  int64_t width = format.groupOf(k), groups = out.groups();
  int64_t lowest = codes.isSigned ? -(int64_t(1) << (codes.bits - 1)) : 0;
  for (int64_t row = 0; row < count; ++row) {
    for (int64_t group = 0; group < groups; ++group) {
      int64_t b = group * width / block;
      float exact = scale(first + row, b);
      if (format.scale == Scale::F16)
        out.halfScales[row * groups + group] = Half::nearest(exact).bits;
      else
        out.floatScales[row * groups + group] = exact;
      if (format.hasZeroPoints)
        out.zeroPoints[row * groups + group] = uint8_t(int64_t(zero(first + row, b)) - lowest);
    }
    for (int64_t column = 0; column < k; ++column) {
      int64_t subtracted = format.hasZeroPoints ? lowest : int64_t(zero(first + row, column / block)) - format.offset();
      out.codes[row * k + column] = uint8_t(code(first + row, column) - subtracted);
    }
  }
}

void CodedRows::read(int64_t first, int64_t count, float *out) const {
  auto number = [&](int64_t row, int64_t column) {
    int64_t found = code(row, column);
    return codebook.empty() ? float(found) - zero(row, column / block) : codebook[found];
  };
  for (int64_t row = first; row < first + count; ++row)
    for (int64_t column = 0; column < k; ++column)
      *out++ = number(row, column) * scale(row, column / block);
}

void CodedRows::release(MLIRContext *context) const {
  for (const SourceBytes &bytes : opened)
    bytes.release(context);
}

FailureOr<WeightSource> WeightSource::open(Attribute source, int64_t k, bool transposed, Type storedAs,
                                           StringRef modelDir, WeightStore::EmitError emitError) {
  WeightSource result;
  if (CodesAttr codes = dyn_cast<CodesAttr>(source)) {
    FailureOr<CodedRows> coded = CodedRows::open(codes, k, modelDir, emitError);
    if (failed(coded))
      return failure();
    result.matrix = {nullptr, coded->rows(), k, transposed, storedAs};
    result.matrix.coded = std::make_shared<CodedRows>(std::move(*coded));
    return result;
  }
  FailureOr<SourceBytes> bytes = SourceBytes::open(source, modelDir, emitError);
  if (failed(bytes))
    return failure();
  result.bytes = std::move(*bytes);
  ArrayRef<char> data = result.bytes.get();
  int64_t width = llvm::divideCeil(storedAs.getIntOrFloatBitWidth(), 8);
  result.matrix = {data.data(), int64_t(data.size()) / width / std::max<int64_t>(k, 1), k, transposed, storedAs};
  return result;
}

void WeightSource::release(MLIRContext *context) const {
  if (matrix.coded)
    return matrix.coded->release(context);
  bytes.release(context);
}

} // namespace edgelm
