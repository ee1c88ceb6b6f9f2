// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Walks the protobuf wire format (https://protobuf.dev/programming-guides/encoding) of a ModelProto.
#include "Dialect/Import/WireFormat.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringRef.h"

using namespace edgelm;
using llvm::ArrayRef;

/// Data up to this size stay in the parsed model.
static constexpr uint64_t kInlineBytes = 64;
/// Subgraphs in subgraphs: far more than any exporter nests, far less than the stack holds.
static constexpr int kMaxDepth = 64;

enum WireType : uint8_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

namespace {
/// The messages on the way from a model to its tensors.
enum class Message { Model, Graph, Function, Node, Attribute, Tensor };

struct Child {
  Message parent;
  uint32_t field;
  Message child;
};

/// One field of a message: its tag, where it starts, where its payload starts and ends.
struct Field {
  uint32_t number = 0;
  uint8_t type = 0;
  size_t start = 0, payload = 0, end = 0;
};
} // namespace

/// Field numbers of onnx.proto.
static constexpr Child kChildren[] = {
    {Message::Model, 7, Message::Graph},         {Message::Graph, 1, Message::Node},
    {Message::Graph, 5, Message::Tensor},        {Message::Node, 5, Message::Attribute},
    {Message::Attribute, 5, Message::Tensor},    {Message::Attribute, 6, Message::Graph},
    {Message::Attribute, 10, Message::Tensor},   {Message::Attribute, 11, Message::Graph},
    {Message::Model, 25, Message::Function},     {Message::Function, 7, Message::Node},
    {Message::Function, 11, Message::Attribute},
};
static constexpr uint32_t kTensorData[] = {4 /*float_data*/, 9 /*raw_data*/, 10 /*double_data*/};
static constexpr uint32_t kExternalData = 13, kDataLocation = 14, kEntryKey = 1, kEntryValue = 2;

static bool readVarint(ArrayRef<uint8_t> file, size_t &at, size_t end, uint64_t &value) {
  value = 0;
  for (int shift = 0; shift < 64 && at < end; shift += 7) {
    uint8_t byte = file[at++];
    value |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (!(byte & 0x80))
      return true;
  }
  return false;
}

static WireStatus readField(ArrayRef<uint8_t> file, size_t at, size_t end, Field &field) {
  field.start = at;
  uint64_t tag = 0, length = 0;
  if (!readVarint(file, at, end, tag))
    return WireStatus::Truncated;
  field.number = tag >> 3;
  field.type = tag & 7;
  field.payload = at;
  switch (field.type) {
  case kVarint:
    if (!readVarint(file, at, end, length))
      return WireStatus::Truncated;
    length = at - field.payload;
    break;
  case kFixed64:
    length = 8;
    break;
  case kFixed32:
    length = 4;
    break;
  case kBytes:
    if (!readVarint(file, at, end, length))
      return WireStatus::Truncated;
    field.payload = at;
    break;
  default:
    return WireStatus::Malformed;
  }
  if (field.number == 0)
    return WireStatus::Malformed;
  if (length > end - field.payload)
    return WireStatus::Truncated;
  field.end = field.payload + length;
  return WireStatus::Ok;
}

static void appendVarint(std::string &out, uint64_t value) {
  for (; value >= 0x80; value >>= 7)
    out.push_back(static_cast<char>(value | 0x80));
  out.push_back(static_cast<char>(value));
}

static void appendBytes(std::string &out, uint32_t field, llvm::StringRef bytes) {
  appendVarint(out, field << 3 | kBytes);
  appendVarint(out, bytes.size());
  out.append(bytes.data(), bytes.size());
}

static void appendEntry(std::string &out, llvm::StringRef key, uint64_t value) {
  std::string entry;
  appendBytes(entry, kEntryKey, key);
  appendBytes(entry, kEntryValue, std::to_string(value));
  appendBytes(out, kExternalData, entry);
}

/// Splits [begin, end) into fields.
static WireStatus readFields(ArrayRef<uint8_t> file, size_t begin, size_t end, std::vector<Field> &fields) {
  for (size_t at = begin; at < end; at = fields.back().end) {
    fields.emplace_back();
    if (WireStatus status = readField(file, at, end, fields.back()); status != WireStatus::Ok)
      return status;
  }
  return WireStatus::Ok;
}

static void copyField(ArrayRef<uint8_t> file, const Field &field, std::string &out) {
  out.append(reinterpret_cast<const char *>(file.data()) + field.start, field.end - field.start);
}

static void copyTensor(ArrayRef<uint8_t> file, ArrayRef<Field> fields, std::string &out) {
  auto isData = [](const Field &field) {
    return field.type == kBytes && llvm::is_contained(kTensorData, field.number);
  };
  // A packed array in several pieces is legal, but nobody writes it; it is then parsed like any small tensor.
  const Field *data = llvm::count_if(fields, isData) == 1 ? llvm::find_if(fields, isData) : nullptr;
  bool external = data && data->end - data->payload > kInlineBytes;
  for (const Field &field : fields)
    if (!external || &field != data)
      copyField(file, field, out);
  if (!external)
    return;
  appendEntry(out, "offset", data->payload);
  appendEntry(out, "length", data->end - data->payload);
  appendVarint(out, kDataLocation << 3 | kVarint);
  appendVarint(out, 1); // EXTERNAL
}

static WireStatus copyMessage(ArrayRef<uint8_t> file, size_t begin, size_t end, Message message, int depth,
                              std::string &out) {
  if (depth == 0)
    return WireStatus::Malformed;
  std::vector<Field> fields;
  if (WireStatus status = readFields(file, begin, end, fields); status != WireStatus::Ok)
    return status;
  if (message == Message::Tensor) {
    copyTensor(file, fields, out);
    return WireStatus::Ok;
  }
  for (const Field &field : fields) {
    const Child *row = llvm::find_if(
        kChildren, [&](const Child &child) { return child.parent == message && child.field == field.number; });
    if (field.type != kBytes || row == std::end(kChildren)) {
      copyField(file, field, out);
      continue;
    }
    std::string child;
    if (WireStatus status = copyMessage(file, field.payload, field.end, row->child, depth - 1, child);
        status != WireStatus::Ok)
      return status;
    appendBytes(out, field.number, child);
  }
  return WireStatus::Ok;
}

WireStatus edgelm::withoutWeights(ArrayRef<uint8_t> file, std::string &result) {
  // Both kinds of broken file may run over the end; one that starts with ir_version (field 1) looks like a model.
  WireStatus status = copyMessage(file, 0, file.size(), Message::Model, kMaxDepth, result);
  bool looksLikeModel = file.size() >= 2 && file[0] == (1 << 3 | kVarint) && file[1] < 64;
  return status == WireStatus::Truncated && !looksLikeModel ? WireStatus::Malformed : status;
}
