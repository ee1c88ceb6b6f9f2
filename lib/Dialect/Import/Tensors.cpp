// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Finds the bytes of ONNX tensors and refers to them.
#include "Dialect/Import/Tensors.h"
#include "Dialect/Sizes.h"

#include "mlir/IR/Threading.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using namespace edgelm;
using onnx::TensorProto;

/// What stays a constant: scalars and a few bytes of anything; shapes, indices and boolean masks (i1, i32, i64) up to 1
/// MiB.
static constexpr int64_t kSmallBytes = 64;
static constexpr int64_t kIndexBytes = 1 << 20;
/// Values written one by one as varints have no bytes in the file that a weight could refer to.
static constexpr int64_t kInlineBytes = 16 << 20;

/// Data types that onnx 1.12 has no names for.
static constexpr int32_t kUint4 = 21, kInt4 = 22;

Type edgelm::elementType(int32_t dataType, MLIRContext *context) {
  Builder builder(context);
  switch (dataType) {
  case TensorProto::FLOAT:
    return builder.getF32Type();
  case TensorProto::FLOAT16:
    return builder.getF16Type();
  case TensorProto::BFLOAT16:
    return builder.getBF16Type();
  case TensorProto::DOUBLE:
    return builder.getF64Type();
  case TensorProto::BOOL:
    return builder.getI1Type();
  case TensorProto::INT8:
    return builder.getIntegerType(8);
  case TensorProto::INT16:
    return builder.getIntegerType(16);
  case TensorProto::INT32:
    return builder.getIntegerType(32);
  case TensorProto::INT64:
    return builder.getIntegerType(64);
  case TensorProto::UINT8:
    return builder.getIntegerType(8, /*isSigned=*/false);
  case TensorProto::UINT16:
    return builder.getIntegerType(16, /*isSigned=*/false);
  case TensorProto::UINT32:
    return builder.getIntegerType(32, /*isSigned=*/false);
  case TensorProto::UINT64:
    return builder.getIntegerType(64, /*isSigned=*/false);
  case kInt4:
    return builder.getIntegerType(4);
  case kUint4:
    return builder.getIntegerType(4, /*isSigned=*/false);
  default:
    return {};
  }
}

std::string edgelm::dataTypeName(int32_t dataType) {
  if (TensorProto::DataType_IsValid(dataType))
    return TensorProto::DataType_Name(static_cast<TensorProto::DataType>(dataType));
  return "number " + std::to_string(dataType);
}

/// Bytes that a tensor of this type has in a file.
static int64_t byteSize(RankedTensorType type) {
  unsigned bits = type.getElementType().isInteger(1) ? 8 : type.getElementTypeBitWidth();
  return (type.getNumElements() * bits + 7) / 8;
}

template <typename To, typename From> static void appendAll(std::string &out, const From &values) {
  for (auto value : values) {
    To narrow = static_cast<To>(value);
    out.append(reinterpret_cast<const char *>(&narrow), sizeof narrow);
  }
}

/// Little-endian bytes of a tensor whose values are in the parsed model.
static std::string inlineBytes(const TensorProto &tensor, unsigned bits) {
  if (tensor.has_raw_data())
    return tensor.raw_data();
  std::string out;
  appendAll<float>(out, tensor.float_data());
  appendAll<double>(out, tensor.double_data());
  appendAll<int64_t>(out, tensor.int64_data());
  if (bits == 64)
    appendAll<uint64_t>(out, tensor.uint64_data());
  else
    appendAll<uint32_t>(out, tensor.uint64_data());
  if (bits <= 8)
    appendAll<uint8_t>(out, tensor.int32_data());
  else if (bits == 16)
    appendAll<uint16_t>(out, tensor.int32_data());
  else
    appendAll<int32_t>(out, tensor.int32_data());
  return out;
}

static DenseElementsAttr denseElements(RankedTensorType type, ArrayRef<uint8_t> bytes) {
  unsigned bits = type.getElementTypeBitWidth();
  if (bits >= 8)
    return DenseElementsAttr::getFromRawBuffer(
        type, ArrayRef<char>(reinterpret_cast<const char *>(bytes.data()), bytes.size()));
  SmallVector<APInt> values;
  for (int64_t i = 0, end = type.getNumElements(); i < end; ++i) {
    uint8_t value = bits == 1 ? bytes[i] != 0 : bytes[i / 2] >> (i % 2 * 4) & 0xf;
    values.push_back(APInt(bits, value));
  }
  return DenseElementsAttr::get(type, values);
}

TensorImporter::TensorImporter(const OnnxFile &file, Block *body)
    : file(file), body(body), context(body->getParentOp()->getContext()) {}

LogicalResult TensorImporter::locateExternal(const TensorProto &tensor, Location location, Data &data) {
  int64_t length = byteSize(data.type);
  std::optional<int64_t> stated;
  data.file = file.name;
  for (const onnx::StringStringEntryProto &entry : tensor.external_data()) {
    StringRef value = entry.value();
    int64_t number = 0;
    if (entry.key() == "location") {
      data.file = value.str();
    } else if (entry.key() == "offset" || entry.key() == "length") {
      if (value.getAsInteger(10, number) || number < 0)
        return emitError(location) << "tensor \"" << tensor.name() << "\" has the external " << entry.key() << " \""
                                   << value << "\"; expected a number";
      if (entry.key() == "offset")
        data.offset = number;
      else
        stated = number;
    }
  }
  if (stated && *stated != length)
    return emitError(location) << "tensor \"" << tensor.name() << "\" has " << *stated << " bytes of data; expected "
                               << length << " for " << data.type;
  bool escapes =
      llvm::is_contained(llvm::make_range(llvm::sys::path::begin(data.file), llvm::sys::path::end(data.file)), "..");
  if (llvm::sys::path::is_absolute(data.file) || escapes)
    return emitError(location) << "tensor \"" << tensor.name() << "\" lies in \"" << data.file
                               << "\"; expected a file below the model's folder";
  SmallString<256> path(file.folder);
  llvm::sys::path::append(path, data.file);
  std::string reason;
  MappedFile *mapped = WeightStore::get(context).map(path, reason);
  if (!mapped)
    return emitError(location) << "cannot read the external data file " << path << " of tensor \"" << tensor.name()
                               << "\": " << reason;
  int64_t size = mapped->bytes().size();
  if (data.offset > size || length > size - data.offset)
    return emitError(location) << "external data file " << path << " is too short for tensor \"" << tensor.name()
                               << "\": found " << size << " bytes, expected " << length << " at offset " << data.offset;
  data.bytes = mapped->bytes().slice(data.offset, length);
  return success();
}

LogicalResult TensorImporter::locate(const TensorProto &tensor, Location location, Data &data) {
  Type element = elementType(tensor.data_type(), context);
  if (!element)
    return emitError(location) << "tensor \"" << tensor.name() << "\" has the element type "
                               << dataTypeName(tensor.data_type()) << ", which is not supported";
  for (int64_t size : tensor.dims())
    if (size < 0 || size > INT32_MAX)
      return emitError(location) << "tensor \"" << tensor.name() << "\" has a dimension of size " << size;
  SmallVector<int64_t> shape(tensor.dims().begin(), tensor.dims().end());
  if (failed(checkSizes(location, shape)))
    return failure();
  data.type = RankedTensorType::get(shape, element);
  if (tensor.data_location() == TensorProto::EXTERNAL)
    return locateExternal(tensor, location, data);
  data.inlined = inlineBytes(tensor, element.getIntOrFloatBitWidth());
  data.bytes = ArrayRef(reinterpret_cast<const uint8_t *>(data.inlined.data()), data.inlined.size());
  int64_t expected = byteSize(data.type), found = data.bytes.size();
  if (found == expected)
    return success();
  return emitError(location) << "tensor \"" << tensor.name() << "\" has " << found << " bytes of data; expected "
                             << expected << " for " << data.type;
}

static bool staysConstant(RankedTensorType type) {
  Type element = type.getElementType();
  int64_t bytes = byteSize(type);
  bool isIndex = element.isInteger(1) || element.isInteger(32) || element.isInteger(64);
  return type.getRank() == 0 || bytes <= kSmallBytes || (isIndex && bytes <= kIndexBytes);
}

LogicalResult TensorImporter::prepare(ArrayRef<const TensorProto *> tensors) {
  std::vector<std::pair<const TensorProto *, ArrayRef<uint8_t>>> large;
  for (const TensorProto *tensor : tensors) {
    Data data;
    if (failed(locate(*tensor, NameLoc::get(StringAttr::get(context, tensor->name())), data)))
      return failure();
    if (data.inlined.empty() && !staysConstant(data.type))
      large.push_back({tensor, data.bytes});
  }
  std::vector<std::string> digests(large.size());
  parallelFor(context, 0, large.size(), [&](size_t i) {
    digests[i] = sha256(large[i].second);
    WeightStore::get(context).release(large[i].second);
  });
  for (auto [entry, digest] : llvm::zip_equal(large, digests))
    hashes[entry.first] = digest;
  return success();
}

OpBuilder TensorImporter::builderAfterLast() {
  OpBuilder builder = OpBuilder::atBlockBegin(body);
  if (last)
    builder.setInsertionPointAfter(last);
  return builder;
}

Value TensorImporter::constant(ElementsAttr elements, Location location) {
  Value &value = constants[elements];
  if (!value) {
    OpBuilder builder = builderAfterLast();
    last = ConstantOp::create(builder, location, elements);
    value = last->getResult(0);
  }
  return value;
}

Value TensorImporter::weight(const TensorProto &tensor, const Data &data, Location location) {
  std::string &digest = hashes[&tensor];
  if (digest.empty())
    digest = sha256(data.bytes);
  std::string key;
  llvm::raw_string_ostream(key) << digest << data.type;
  Value &value = weights[key];
  if (!value) {
    WeightAttr source = WeightAttr::get(context, data.file, data.offset, data.bytes.size(), digest);
    WeightStore::get(context).trust(source, file.folder);
    OpBuilder builder = builderAfterLast();
    last = WeightOp::create(builder, location, data.type, source);
    value = last->getResult(0);
  }
  return value;
}

Value TensorImporter::import(const TensorProto &tensor, Location location) {
  Data data;
  if (failed(locate(tensor, location, data)))
    return {};
  if (staysConstant(data.type) || (!data.inlined.empty() && data.inlined.size() <= kInlineBytes))
    return constant(denseElements(data.type, data.bytes), location);
  if (data.inlined.empty())
    return weight(tensor, data, location);
  emitError(location)
      << "tensor \"" << tensor.name() << "\" of " << data.bytes.size()
      << " bytes is stored as a list of numbers; expected raw_data; save the model again with external data";
  return {};
}
