// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Collects sizes, offsets and names from a planned module.
#include "Codegen/ModelInfo.h"
#include "Codegen/CompileError.h"
#include "Dialect/MappedFile.h"
#include "Dialect/Storage.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace llvm;

namespace edgelm {

const EntryInfo *ModelInfo::entry(StringRef name) const {
  for (const EntryInfo &entry : entries)
    if (entry.name == name)
      return &entry;
  return nullptr;
}

uint32_t ModelInfo::prefillChunk() const {
  const EntryInfo *prefill = entry("prefill");
  return prefill ? prefill->tokens : entry("decode") ? 1 : 0;
}

const RegionInfo *ModelInfo::region(StringRef name) const {
  for (const RegionInfo &region : regions)
    if (region.name == name)
      return &region;
  return nullptr;
}

/// Number in ONNX' TensorProto.DataType; 0 when it has none.
static uint32_t onnxType(mlir::Type type) {
  if (type.isF32())
    return 1;
  if (type.isF64())
    return 11;
  if (type.isF16())
    return 10;
  if (type.isBF16())
    return 16;
  if (!type.isIntOrIndex())
    return 0;
  bool isUnsigned = type.isUnsignedInteger();
  switch (type.getIntOrFloatBitWidth()) {
  case 1:
    return 9;
  case 8:
    return isUnsigned ? 2 : 3;
  case 16:
    return isUnsigned ? 4 : 5;
  case 32:
    return isUnsigned ? 12 : 6;
  case 64:
    return isUnsigned ? 13 : 7;
  default:
    return 0;
  }
}

static std::string stringAttr(mlir::DictionaryAttr attributes, StringRef name) {
  mlir::StringAttr value = attributes ? attributes.getAs<mlir::StringAttr>(name) : nullptr;
  return value ? value.getValue().str() : "";
}

static std::optional<uint64_t> offsetAttr(mlir::DictionaryAttr attributes) {
  mlir::IntegerAttr value = attributes ? attributes.getAs<mlir::IntegerAttr>("edgelm.offset") : nullptr;
  return value ? std::optional<uint64_t>(value.getInt()) : std::nullopt;
}

static TensorInfo describe(mlir::Type type, mlir::DictionaryAttr attributes, const Twine &fallbackName) {
  mlir::RankedTensorType tensor = cast<mlir::RankedTensorType>(type);
  TensorInfo info;
  info.name = stringAttr(attributes, kNameAttr);
  if (info.name.empty())
    info.name = fallbackName.str();
  info.dims.assign(tensor.getShape().begin(), tensor.getShape().end());
  info.type = onnxType(tensor.getElementType());
  info.bytes = bufferBytes(tensor);
  info.offset = offsetAttr(attributes).value_or(0);
  return info;
}

static std::string typeText(mlir::Type type) {
  std::string text;
  raw_string_ostream(text) << type;
  return text;
}

/// What a call of `function` multiplies and reads.
static EntryInfo measure(mlir::func::FuncOp function) {
  EntryInfo entry;
  entry.name = function.getName().str();
  DenseSet<int64_t> seen;
  function.walk([&](PackedWeightOp weight) {
    bool isRead = any_of(weight->getUsers(), [](mlir::Operation *user) { return !isa<EmbedOp>(user); });
    if (isRead && seen.insert(weight.getOffset()).second)
      entry.weightBytes += packedBytes(tensorType(weight.getResult()), weight.getPanel());
  });
  function.walk([&](LinearOp linear) {
    mlir::RankedTensorType input = tensorType(linear.getInput());
    uint64_t rows = input.getNumElements() / input.getShape().back();
    for (mlir::Value weight : linear.getWeights())
      entry.macs += rows * tensorType(weight).getNumElements();
  });
  return entry;
}

static void readArguments(mlir::func::FuncOp function, EntryInfo &entry, ModelInfo &info) {
  for (auto [index, type] : enumerate(function.getArgumentTypes())) {
    mlir::DictionaryAttr attributes = function.getArgAttrDict(index);
    std::string role = stringAttr(attributes, kRoleAttr);
    mlir::RankedTensorType tensor = cast<mlir::RankedTensorType>(type);
    std::optional<uint64_t> offset = offsetAttr(attributes);
    if (!offset)
      continue;
    if (role == "tokens") {
      info.tokensOffset = offset;
      entry.tokens = tensor.getNumElements();
    } else if (role == "attention_mask") {
      info.maskOffset = offset;
    } else if (role == "token_type_ids") {
      info.typesOffset = offset;
    } else if (role == "key_cache" || role == "value_cache") {
      if (any_of(info.states, [&](const StateInfo &state) { return state.offset == *offset; }))
        continue;
      uint64_t rowBytes = bufferBytes(tensor) / (tensor.getDimSize(0) * tensor.getDimSize(1));
      info.states.push_back({describe(type, attributes, role + std::to_string(info.states.size())).name, *offset,
                             uint64_t(tensor.getDimSize(0)), uint64_t(tensor.getDimSize(1)), rowBytes,
                             typeText(tensor.getElementType())});
      info.context = tensor.getDimSize(1);
    }
    if (entry.name == "invoke")
      info.inputs.push_back(describe(type, attributes, "input" + Twine(index)));
  }
}

static void readResults(mlir::func::FuncOp function, const EntryInfo &entry, ModelInfo &info) {
  for (auto [index, type] : enumerate(function.getResultTypes())) {
    mlir::DictionaryAttr attributes = function.getResultAttrDict(index);
    if (stringAttr(attributes, kRoleAttr) == "logits" && entry.name != "encode" && entry.name != "invoke") {
      info.vocab = cast<mlir::RankedTensorType>(type).getShape().back();
      if (std::optional<uint64_t> offset = offsetAttr(attributes))
        info.logitsOffset = offset;
    }
    if (entry.name == "encode" || entry.name == "invoke")
      info.outputs.push_back(describe(type, attributes, "output" + Twine(index)));
  }
  if (entry.name != "encode")
    return;
  info.context = entry.tokens;
  function.walk([&](EmbedOp embed) {
    mlir::BlockArgument tokens = dyn_cast<mlir::BlockArgument>(embed.getTokens());
    if (tokens && stringAttr(function.getArgAttrDict(tokens.getArgNumber()), kRoleAttr) == "tokens")
      info.vocab = tensorType(embed.getTable()).getDimSize(0);
  });
}

/// Names the weights, and shapes and types of the state: what a saved state must agree with.
static std::string fingerprintOf(const ModelInfo &info) {
  std::string text = "edgelm state 2\n" + std::to_string(info.vocab) + "\n";
  for (const StateInfo &state : info.states)
    text += std::to_string(state.outer) + " " + std::to_string(state.rowBytes) + " " + state.type + "\n";
  for (const WeightPlace &place : info.weights)
    for (mlir::Attribute source : place.sources)
      if (WeightAttr weight = dyn_cast<WeightAttr>(source))
        text += weight.getSha256().str() + "\n";
  return sha256(ArrayRef<uint8_t>(reinterpret_cast<const uint8_t *>(text.data()), text.size()));
}

/// Names the places of the weights and what each byte there is: what a weight file must agree with.
static std::string weightLayoutOf(const ModelInfo &info) {
  std::string text;
  raw_string_ostream os(text);
  os << "edgelm weights 1\n" << info.weightBytes << "\n";
  for (const WeightPlace &place : info.weights)
    os << place.offset << " " << place.bytes << " " << place.panel << (place.columnsApart ? " apart " : " ")
       << place.type << "\n";
  return sha256(ArrayRef<uint8_t>(reinterpret_cast<const uint8_t *>(text.data()), text.size()));
}

Expected<ModelInfo> gatherModelInfo(mlir::ModuleOp module) {
  ModelInfo info;
  info.name = stringAttr(module->getAttrDictionary(), kModelNameAttr);
  info.weights = collectWeights(module);
  mlir::IntegerAttr weightBytes = module->getAttrOfType<mlir::IntegerAttr>("edgelm.weight_bytes");
  mlir::IntegerAttr arenaBytes = module->getAttrOfType<mlir::IntegerAttr>("edgelm.arena_bytes");
  mlir::DictionaryAttr regions = module->getAttrOfType<mlir::DictionaryAttr>("edgelm.regions");
  if (!weightBytes || !arenaBytes || !regions)
    return fail(ExitStatus::BadInput,
                "the module is not planned; run edgelm-pack-weights and edgelm-plan-memory first");
  info.weightBytes = weightBytes.getInt();
  info.arenaBytes = arenaBytes.getInt();
  for (mlir::NamedAttribute region : regions) {
    ArrayRef<int64_t> values = cast<mlir::DenseI64ArrayAttr>(region.getValue()).asArrayRef();
    info.regions.push_back({region.getName().str(), uint64_t(values[0]), uint64_t(values[1])});
  }
  for (mlir::func::FuncOp function : module.getOps<mlir::func::FuncOp>()) {
    if (function.isPrivate() || function.isExternal())
      continue;
    EntryInfo entry = measure(function);
    readArguments(function, entry, info);
    readResults(function, entry, info);
    info.entries.push_back(entry);
  }
  for (const StateInfo &state : info.states)
    info.regions.push_back({state.name, state.offset, state.outer * state.rows * state.rowBytes});
  llvm::sort(info.regions, [](const RegionInfo &a, const RegionInfo &b) {
    return std::tie(a.offset, a.name) < std::tie(b.offset, b.name);
  });
  info.fingerprint = fingerprintOf(info);
  info.weightLayout = weightLayoutOf(info);
  return info;
}

void setWeights(ModelInfo &info, std::vector<WeightPlace> places, uint64_t bytes) {
  info.weights = std::move(places);
  info.weightBytes = bytes;
  info.weightLayout = weightLayoutOf(info);
}

void countLaunches(mlir::ModuleOp module, ModelInfo &info) {
  for (EntryInfo &entry : info.entries) {
    mlir::func::FuncOp function = module.lookupSymbol<mlir::func::FuncOp>(entry.name);
    LaunchCounts counts;
    uint64_t before = 0, last = 0; // launches before the first and the last attention
    // A poll is in front of each attention.
    function.walk([&](mlir::Operation *op) {
      counts.threaded += isa<LaunchOp>(op);
      counts.serial += isa<mlir::func::CallOp>(op);
      if (!isa<PollOp>(op))
        return;
      last = counts.threaded;
      if (counts.layers++ == 0)
        before = last;
    });
    if (counts.layers > 1)
      counts.perLayer = (last - before) / (counts.layers - 1);
    entry.launches = counts;
  }
}

} // namespace edgelm
