// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Prints the report and the summary.
#include "Codegen/Report.h"
#include "Codegen/Abi.h"
#include "Codegen/ByteText.h"
#include "Dialect/PackedLayout.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Config/llvm-config.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"
#include <nlohmann/json.hpp>

using namespace llvm;
using Json = nlohmann::ordered_json;

namespace edgelm {

static std::string typeText(mlir::Type type) {
  std::string text;
  raw_string_ostream(text) << type;
  return text;
}

/// The name of a number format, or of a builtin type.
static std::string formatText(mlir::Type type) {
  QType format = dyn_cast<QType>(type);
  return format ? format.getFormat().str() : typeText(type);
}

/// Bits that a weight of a matrix takes, over all matrices, scales and padding included.
static double bitsPerWeight(const ModelInfo &info) {
  double bits = 0, weights = 0;
  for (const WeightPlace &place : info.weights)
    if (place.isMatrix) {
      bits += 8.0 * place.bytes;
      weights += place.type.getNumElements();
    }
  return weights == 0 ? 0 : bits / weights;
}

static Json weightRows(const ModelInfo &info) {
  Json rows = Json::array();
  for (const WeightPlace &place : info.weights) {
    Json sources = Json::array();
    for (mlir::Attribute source : place.sources) {
      WeightAttr weight = dyn_cast<WeightAttr>(source);
      sources.push_back(weight ? Json{{"file", weight.getFile().str()},
                                      {"offset", weight.getOffset()},
                                      {"bytes", weight.getLength()},
                                      {"sha256", weight.getSha256().str()}}
                               : Json("folded constant"));
    }
    rows.push_back({{"name", place.name()},
                    {"shape", place.type.getShape().vec()},
                    {"type", formatText(place.type.getElementType())},
                    {"panel", place.panel},
                    {"offset", place.offset},
                    {"bytes", place.bytes},
                    {"sources", sources}});
    if (!place.relativeErrors.empty())
      rows.back()["relative_errors"] = place.relativeErrors; // of each source
  }
  return rows;
}

static Json tensorRows(const std::vector<TensorInfo> &tensors) {
  Json rows = Json::array();
  for (const TensorInfo &tensor : tensors)
    rows.push_back(
        {{"name", tensor.name}, {"shape", tensor.dims}, {"onnx_type", tensor.type}, {"bytes", tensor.bytes}});
  return rows;
}

static Json entryRows(const ModelInfo &info) {
  Json rows = Json::array();
  for (const EntryInfo &entry : info.entries) {
    Json row = {
        {"name", entry.name}, {"tokens", entry.tokens}, {"macs", entry.macs}, {"weight_bytes", entry.weightBytes}};
    if (entry.tokens)
      row["macs_per_token"] = entry.macs / entry.tokens;
    row["launches"] = entry.launches.threaded; // each ends in a barrier
    row["serial_kernels"] = entry.launches.serial;
    if (entry.launches.layers > 1) {
      row["layers"] = entry.launches.layers;
      row["launches_per_layer"] = entry.launches.perLayer;
    }
    rows.push_back(row);
  }
  return rows;
}

static Json variantRows(const ModelInfo &info) {
  Json rows = Json::array();
  for (const VariantInfo &variant : info.variants)
    rows.push_back({{"target", variant.target},
                    {"isa", variant.isa},
                    {"required_features", variant.requiredFeatures},
                    {"code_bytes", variant.codeBytes},
                    {"own_weight_bytes", variant.weightBytes},
                    {"arena_bytes", variant.arenaBytes}});
  return rows;
}

static Json chatRow(const ModelInfo &info) {
  if (!info.chat)
    return nullptr;
  Json row = {{"template", sys::path::filename(info.chat->source).str()},
              {"system_text", info.chat->system.has_value()}};
  if (!info.chat->system)
    row["no_system_text"] = info.chat->noSystem; // why
  row["end_of_turn"] = info.chat->endOfTurn ? Json(*info.chat->endOfTurn) : Json(nullptr);
  return row;
}

std::string reportText(const ModelInfo &info, const CompileOptions &options, const std::vector<FileHash> &inputs) {
  Json files = Json::array();
  for (const FileHash &file : inputs)
    files.push_back({{"file", file.name}, {"bytes", file.bytes}, {"sha256", file.sha256}});
  Json regions = Json::array();
  for (const RegionInfo &region : info.regions)
    regions.push_back({{"name", region.name}, {"offset", region.offset}, {"bytes", region.bytes}});
  const TargetSpec &target = options.target;
  Json report = {
      {"name", info.name},
      {"edgelm", edgelmVersion().str()},
      {"abi", abiVersion()},
      {"llvm", LLVM_VERSION_STRING},
      {"fingerprint", info.fingerprint},
      {"deterministic", true}, // see docs/quantization.md: no kernel depends on threads or on the pieces of a prompt
      {"target",
       {{"name", target.name},
        {"triple", target.triple},
        {"cpu", target.cpu},
        {"tune_cpu", target.tuneCpu},
        {"features", target.features},
        {"abi", target.abi},
        {"float_abi", target.hardFloat ? "hard" : "default"},
        {"hosted", target.hosted},
        {"emulator", target.emulator},
        {"isa", target.isa},
        {"required_features", info.requiredFeatures}}},
      {"variants", variantRows(info)}, // best first
      {"options",
       {{"context", info.context},
        {"prefill_chunk", info.prefillChunk()},
        {"max_threads", info.maxThreads},
        {"freestanding", options.isFreestanding()},
        {"smallest", options.smallest},
        {"quant", options.quant},
        {"quant_map", options.quantMap},
        {"quant_embedding", options.quantEmbedding},
        {"quant_head", options.quantHead},
        {"act", options.quantizedActivations ? "int8" : "f32"}}},
      {"inputs", files},
      {"context", info.context},
      {"vocab", info.vocab},
      {"weight_bytes", info.weightBytes},
      {"bits_per_weight", bitsPerWeight(info)},
      {"code_bytes", info.codeBytes},
      {"tokenizer_bytes", info.tokenizer.size()},
      {"arena_bytes", info.arenaBytes},
      {"stack_bytes", info.stackBytes},
      {"stack_bytes_by_call", info.stackOfCalls},
      {"thread_stack_bytes", info.threadStackBytes},
      {"stop_ids", info.stopIds},
      {"chat", chatRow(info)},
      {"entries", entryRows(info)},
      {"arena", regions},
      {"input_tensors", tensorRows(info.inputs)},
      {"output_tensors", tensorRows(info.outputs)},
      {"weights", weightRows(info)},
  };
  return report.dump(2) + "\n";
}

/// Bytes of all weights with every matrix in the format; nothing where a group is longer than a matrix has columns.
static std::optional<uint64_t> bytesIn(const FormatRow &row, const ModelInfo &info) {
  uint64_t bytes = info.weightBytes;
  for (const WeightPlace &place : info.weights) {
    if (!place.isMatrix)
      continue;
    PackedLayout layout = {&row, place.type.getDimSize(0), place.type.getDimSize(1), place.panel ? place.panel : 32};
    if (row.group > layout.k)
      return std::nullopt;
    uint64_t after = row.isFloat() ? uint64_t(place.type.getNumElements()) * row.bits() / 8 : layout.bytes();
    bytes += after - place.bytes;
  }
  return bytes;
}

/// The formats that change weights least, each at least a tenth smaller than the one before it.
static std::string reductionsText(const ModelInfo &info) {
  std::string text;
  raw_string_ostream os(text);
  uint64_t last = info.weightBytes;
  int found = 0;
  for (const FormatRow &row : formatTable()) {
    std::optional<uint64_t> bytes = bytesIn(row, info);
    if (!bytes || *bytes * 10 > last * 9 || found == 3)
      continue;
    os << (found++ ? ", " : "smaller: ") << "--quant " << StringRef(row.name.data(), row.name.size()) << " "
       << bytesText(*bytes);
    last = *bytes;
  }
  os << (found ? "\n" : "");
  return text;
}

/// What formats the matrices have.
static std::string formatsText(const ModelInfo &info) {
  SmallVector<std::string> names;
  for (const WeightPlace &place : info.weights) {
    std::string name = formatText(place.type.getElementType());
    if (place.isMatrix && !is_contained(names, name))
      names.push_back(name);
  }
  std::string text;
  raw_string_ostream(text) << "; matrices in " << join(names, ", ")
                           << format(", %.2f bits a weight", bitsPerWeight(info));
  return text;
}

std::string summaryText(const ModelInfo &info, const CompileOptions &options) {
  std::string text;
  raw_string_ostream os(text);
  os << info.name << " for " << options.target.name << ": weights " << bytesText(info.weightBytes) << ", code "
     << bytesText(info.codeBytes) << ", arena " << bytesText(info.arenaBytes) << ", stack "
     << bytesText(info.stackBytes);
  if (info.context)
    os << ", context " << info.context << " tokens";
  if (const EntryInfo *decode = info.entry("decode"))
    os << format("; %.1f million multiply-accumulates and %llu barriers a token", decode->macs / 1e6,
                 (unsigned long long)decode->launches.threaded);
  bool isAsked = !options.quant.empty() || !options.quantMap.empty() || !options.quantEmbedding.empty() ||
                 !options.quantHead.empty();
  bool hasFormats =
      any_of(info.weights, [](const WeightPlace &place) { return isa<QType>(place.type.getElementType()); });
  if (isAsked || hasFormats)
    os << formatsText(info);
  os << "\n";
  for (const VariantInfo &variant : info.variants)
    os << "  of it for " << variant.target << ": code " << bytesText(variant.codeBytes) << ", weights "
       << bytesText(variant.weightBytes) << (variant.weightBytes ? "" : ", all shared") << "\n";
  if (!isAsked && !hasFormats)
    os << reductionsText(info);
  return text;
}

} // namespace edgelm
