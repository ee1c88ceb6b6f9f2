// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Knows the layouts of model folders and the keys of their configuration files.
#include "Dialect/Import/ModelFolder.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Location.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using namespace edgelm;
namespace fs = llvm::sys::fs;
namespace path = llvm::sys::path;

/// The first that exists counts. A decoder without past is the simplest graph, and every decoder gets a cache later.
static constexpr llvm::StringLiteral kGraphs[] = {"model.onnx", "decoder_model.onnx", "decoder_with_past_model.onnx",
                                                  "decoder_model_merged.onnx"};
static constexpr llvm::StringLiteral kContextKeys[] = {
    "max_position_embeddings", "n_positions", "n_ctx", "max_seq_len", "seq_length", "max_sequence_length"};

static std::string joined(StringRef folder, StringRef name) {
  SmallString<256> result(folder);
  path::append(result, name);
  return result.str().str();
}

static std::string identifier(StringRef name) {
  std::string result;
  for (char c : name)
    result.push_back(llvm::isAlnum(c) ? c : '_');
  if (result.empty() || llvm::isDigit(result.front()))
    result.insert(0, "model_");
  return result;
}

/// The object in a JSON file; an empty one when there is no such file.
static FailureOr<llvm::json::Object> readConfig(StringRef file, MLIRContext *context) {
  if (!fs::exists(file))
    return llvm::json::Object();
  Location location = NameLoc::get(StringAttr::get(context, file));
  llvm::ErrorOr<std::unique_ptr<llvm::MemoryBuffer>> buffer = llvm::MemoryBuffer::getFile(file);
  if (!buffer)
    return emitError(location) << "cannot be read: " << buffer.getError().message();
  llvm::Expected<llvm::json::Value> value = llvm::json::parse((*buffer)->getBuffer());
  if (!value)
    return emitError(location) << "is not JSON: " << llvm::toString(value.takeError());
  if (llvm::json::Object *object = value->getAsObject())
    return std::move(*object);
  return emitError(location) << "is not a configuration: expected a JSON object";
}

/// A number or a list of numbers.
static std::vector<int64_t> ids(const llvm::json::Object &config, StringRef key) {
  std::vector<int64_t> result;
  if (std::optional<int64_t> id = config.getInteger(key))
    result.push_back(*id);
  if (const llvm::json::Array *list = config.getArray(key))
    for (const llvm::json::Value &value : *list)
      if (std::optional<int64_t> id = value.getAsInteger())
        result.push_back(*id);
  return result;
}

static LogicalResult readConfiguration(ModelFolder &model, MLIRContext *context) {
  FailureOr<llvm::json::Object> config = readConfig(joined(model.folder, "config.json"), context);
  if (failed(config))
    return failure();
  FailureOr<llvm::json::Object> generation = readConfig(joined(model.folder, "generation_config.json"), context);
  if (failed(generation))
    return failure();
  // Models with several parts keep the decoder's numbers in an object of their own.
  const llvm::json::Object *text = config->getObject("text_config");
  for (const llvm::json::Object *source : {text, static_cast<const llvm::json::Object *>(&*config)}) {
    if (!source)
      continue;
    for (StringRef key : kContextKeys)
      if (!model.contextLength)
        model.contextLength = source->getInteger(key);
    if (!model.vocabSize)
      model.vocabSize = source->getInteger("vocab_size");
  }
  model.bosIds = ids(*generation, "bos_token_id");
  model.eosIds = ids(*generation, "eos_token_id");
  if (model.bosIds.empty())
    model.bosIds = ids(*config, "bos_token_id");
  if (model.eosIds.empty())
    model.eosIds = ids(*config, "eos_token_id");
  return success();
}

FailureOr<ModelFolder> edgelm::openModelFolder(StringRef given, MLIRContext *context) {
  Location location = NameLoc::get(StringAttr::get(context, given));
  SmallString<256> absolute(given);
  if (std::error_code code = fs::make_absolute(absolute))
    return emitError(location) << "cannot be read: " << code.message();
  path::remove_dots(absolute, /*remove_dot_dot=*/true);
  while (absolute.size() > 1 && absolute.back() == '/')
    absolute.pop_back();

  ModelFolder model;
  if (!fs::exists(absolute))
    return emitError(location) << "no such file or folder; expected an ONNX file or a folder with model.onnx";
  if (fs::is_directory(absolute)) {
    model.folder = absolute.str().str();
    model.name = identifier(path::filename(absolute));
    for (StringRef subfolder : {"", "onnx"})
      for (StringRef graph : kGraphs)
        if (std::string candidate = joined(joined(absolute, subfolder), graph);
            model.onnxPath.empty() && fs::exists(candidate))
          model.onnxPath = candidate;
    if (model.onnxPath.empty())
      return emitError(location) << "holds no model; expected one of model.onnx, decoder_model.onnx, "
                                    "decoder_with_past_model.onnx and decoder_model_merged.onnx, there or in onnx/";
  } else {
    model.onnxPath = absolute.str().str();
    model.folder = path::parent_path(absolute).str();
    if (path::filename(model.folder) == "onnx")
      model.folder = path::parent_path(model.folder).str();
    StringRef stem = path::stem(absolute);
    model.name = identifier(stem == "model" ? path::filename(model.folder) : stem);
  }
  if (std::string tokenizer = joined(model.folder, "tokenizer.json"); fs::exists(tokenizer))
    model.tokenizer = tokenizer;
  if (failed(readConfiguration(model, context)))
    return failure();
  return model;
}
