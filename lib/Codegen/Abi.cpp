// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Expands the runtime's field lists into LLVM structs; nothing else of Codegen reads a runtime header.
#include "Codegen/Abi.h"
#include "Codegen/CompileError.h"
#include "edgelm_abi.h"
#include "edgelm_tokenizer.h"
#include "edgelm_tokenizer_format.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/DerivedTypes.h"
#include "llvm/IR/GlobalVariable.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/Endian.h"

using namespace llvm;

namespace edgelm {

std::string weightSymbol(StringRef name) {
  return ("edgelm_weights_of_" + name).str();
}
uint32_t abiVersion() {
  return EDGELM_ABI_VERSION;
}
uint64_t samplerBytes(uint64_t vocab, uint64_t context) {
  return EDGELM_SAMPLER_BYTES(vocab, context);
}
uint64_t textBytes(uint64_t longestPiece) {
  return EDGELM_TEXT_BYTES(longestPiece);
}
uint64_t tokenizerScratchBytes() {
  return EDGELM_TOKENIZER_SCRATCH_BYTES(256u);
}
StringRef edgelmVersion() {
  return EDGELM_VERSION;
}

namespace {

/// A row of a field list.
struct Field {
  StringRef kind, name;
};

#define EDGELM_ROW(kind, name) {#kind, #name},
const Field modelFields[] = {EDGELM_MODEL_FIELDS(EDGELM_ROW)};
const Field tensorFields[] = {EDGELM_TENSOR_FIELDS(EDGELM_ROW)};
const Field stateFields[] = {EDGELM_STATE_FIELDS(EDGELM_ROW)};

/// Builds constants in one module.
class DescriptorBuilder {
public:
  DescriptorBuilder(Module &module)
      : module(module), context(module.getContext()), pointer(PointerType::get(context, 0)),
        size(module.getDataLayout().getIntPtrType(context)) {}

  /// Values of a struct's fields by name.
  using Values = StringMap<Constant *>;

  Constant *number(uint64_t value) { return ConstantInt::get(Type::getInt64Ty(context), value); }
  Constant *offset(std::optional<uint64_t> value) {
    return value ? number(*value) : ConstantInt::getAllOnesValue(Type::getInt64Ty(context));
  }
  Constant *null() { return ConstantPointerNull::get(pointer); }
  Constant *string(StringRef text) { return global(ConstantDataArray::getString(context, text), 1); }
  Constant *bytes(StringRef data, unsigned alignment) {
    return global(ConstantDataArray::getString(context, data, /*AddNull=*/false), alignment);
  }
  template <typename T> Constant *array(ArrayRef<T> values) {
    return values.empty() ? null() : global(ConstantDataArray::get(context, values), sizeof(T));
  }
  Constant *structs(ArrayRef<Constant *> values) {
    if (values.empty())
      return null();
    return global(ConstantArray::get(ArrayType::get(values.front()->getType(), values.size()), values), 8);
  }

  /// A struct with the fields in the order of the list; a field without a value is our own fault.
  Expected<Constant *> make(ArrayRef<Field> fields, const Values &values) {
    SmallVector<Constant *> members;
    for (const Field &field : fields) {
      Constant *value = values.lookup(field.name);
      if (!value)
        return fail(ExitStatus::Internal, "the descriptor's field '" + field.name + "' has no value");
      members.push_back(field.kind == "ptr" ? value
                                            : narrow(value, field.kind == "size" ? size : Type::getInt32Ty(context)));
    }
    return ConstantStruct::getAnon(context, members);
  }

private:
  Constant *narrow(Constant *value, Type *type) {
    return ConstantInt::get(type, cast<ConstantInt>(value)->getValue().trunc(type->getIntegerBitWidth()));
  }

  Constant *global(Constant *value, unsigned alignment) {
    GlobalVariable *variable = new GlobalVariable(module, value->getType(), /*isConstant=*/true,
                                                  GlobalValue::PrivateLinkage, value, "edgelm.data");
    variable->setAlignment(Align(alignment));
    return variable;
  }

  Module &module;
  LLVMContext &context;

public:
  PointerType *pointer;
  Type *size;
};

} // namespace

static Expected<Constant *> tensors(DescriptorBuilder &builder, const std::vector<TensorInfo> &infos) {
  std::vector<Constant *> rows;
  for (const TensorInfo &info : infos) {
    DescriptorBuilder::Values values;
    std::vector<uint64_t> dims(info.dims.begin(), info.dims.end());
    values["name"] = builder.string(info.name);
    values["dims"] = builder.array<uint64_t>(dims);
    values["type"] = builder.number(info.type);
    values["rank"] = builder.number(dims.size());
    values["bytes"] = builder.number(info.bytes);
    values["offset"] = builder.number(info.offset);
    Expected<Constant *> row = builder.make(tensorFields, values);
    if (!row)
      return row.takeError();
    rows.push_back(*row);
  }
  return builder.structs(rows);
}

static Expected<Constant *> states(DescriptorBuilder &builder, const std::vector<StateInfo> &infos) {
  std::vector<Constant *> rows;
  for (const StateInfo &info : infos) {
    DescriptorBuilder::Values values;
    values["offset"] = builder.number(info.offset);
    values["outer"] = builder.number(info.outer);
    values["rows"] = builder.number(info.rows);
    values["row_bytes"] = builder.number(info.rowBytes);
    Expected<Constant *> row = builder.make(stateFields, values);
    if (!row)
      return row.takeError();
    rows.push_back(*row);
  }
  return builder.structs(rows);
}

/// Names, each ended by NUL, then an empty one.
static std::string featureList(StringRef features) {
  std::string list;
  SmallVector<StringRef> names;
  features.split(names, ',', -1, /*KeepEmpty=*/false);
  for (StringRef name : names)
    list += name.str() + '\0';
  return list; // the string's own NUL is the empty name
}

/// The weights lie in another object, under a name that no other product has.
static Constant *weights(Module &module, const ModelInfo &info) {
  Type *byte = Type::getInt8Ty(module.getContext());
  GlobalVariable *variable = new GlobalVariable(module, byte, /*isConstant=*/true, GlobalValue::ExternalLinkage,
                                                nullptr, weightSymbol(info.name));
  variable->setVisibility(GlobalValue::HiddenVisibility);
  return variable;
}

/// The functions of the kinds of normalizer and of model, in the order of edgelm_tok_parts.
static const StringLiteral tokenizerParts[] = {
#define EDGELM_PART(name, function) #function,
    EDGELM_TOKENIZER_NORMALIZERS(EDGELM_PART) EDGELM_TOKENIZER_MODELS(EDGELM_PART)
#undef EDGELM_PART
};

/// The header of a tokenizer's tables.
struct TokenizerHeader {
#define EDGELM_HEADER_FIELD(name) support::ulittle32_t name;
  EDGELM_TOKENIZER_HEADER(EDGELM_HEADER_FIELD)
#undef EDGELM_HEADER_FIELD
};

/// Gives the runtime the parts that the product's tokenizer uses; nothing refers to the others then.
static Error defineTokenizerParts(Module &module, StringRef blob) {
  GlobalVariable *parts = module.getNamedGlobal("edgelm_tok_parts");
  if (!parts || (!blob.empty() && blob.size() < sizeof(TokenizerHeader)))
    return fail(ExitStatus::Internal, "the runtime's table of tokenizer parts is missing");
  SmallVector<Constant *> members(std::size(tokenizerParts),
                                  ConstantPointerNull::get(PointerType::get(module.getContext(), 0)));
  auto use = [&](size_t index) { members[index] = module.getFunction(tokenizerParts[index]); };
  if (!blob.empty()) {
    const TokenizerHeader *header = reinterpret_cast<const TokenizerHeader *>(blob.data());
    if (header->flags & EDGELM_TOKENIZER_HAS_NORMALIZER)
      use(header->normalizer);
    use(EDGELM_TOKENIZER_NORMALIZER_KINDS + header->model);
  }
  if (is_contained(members, nullptr))
    return fail(ExitStatus::Internal, "the runtime lacks a part of the tokenizer");
  Constant *table = ConstantStruct::getAnon(module.getContext(), members);
  GlobalVariable *defined =
      new GlobalVariable(module, table->getType(), /*isConstant=*/true, GlobalValue::InternalLinkage, table, "");
  parts->replaceAllUsesWith(defined);
  defined->takeName(parts);
  parts->eraseFromParent();
  return Error::success();
}

/// Steps and texts of a turn, or nulls.
static Constant *turn(DescriptorBuilder &builder, LLVMContext &context, const ChatTurn *steps) {
  if (!steps)
    return ConstantStruct::getAnon(context, {builder.null(), builder.null()});
  std::vector<uint32_t> words;
  std::string text;
  for (const ChatStep &step : *steps) {
    const uint32_t trim = (step.trimStart ? EDGELM_TRIM_START : 0) | (step.trimEnd ? EDGELM_TRIM_END : 0);
    switch (step.kind) {
    case ChatStep::Token:
      words.push_back(EDGELM_STEP(EDGELM_STEP_TOKEN, step.id));
      break;
    case ChatStep::Text:
      words.push_back(EDGELM_STEP(EDGELM_STEP_TEXT, step.text.size()));
      text += step.text;
      break;
    case ChatStep::User:
      words.push_back(EDGELM_STEP(EDGELM_STEP_USER, trim));
      break;
    case ChatStep::System:
      words.push_back(EDGELM_STEP(EDGELM_STEP_SYSTEM, trim));
      break;
    }
  }
  words.push_back(EDGELM_STEP_END);
  return ConstantStruct::getAnon(context, {builder.array<uint32_t>(words), builder.bytes(text, 1)});
}

/// Gives the runtime the product's turns; without any, nothing refers to the function that takes them.
static Error defineTurns(DescriptorBuilder &builder, Module &module, const std::optional<ChatTurns> &chat) {
  GlobalVariable *turns = module.getNamedGlobal("edgelm_rt_turns");
  Function *function = module.getFunction("edgelm_rt_chat");
  if (!turns || !function)
    return fail(ExitStatus::Internal, "the runtime's function of chat is missing");
  if (!chat) {
    function->replaceAllUsesWith(builder.null());
    return Error::success();
  }
  Constant *rows[EDGELM_TURNS];
  rows[EDGELM_TURN_FIRST] = turn(builder, module.getContext(), &chat->first);
  rows[EDGELM_TURN_SYSTEM] = turn(builder, module.getContext(), chat->system ? &*chat->system : nullptr);
  rows[EDGELM_TURN_NEXT] = turn(builder, module.getContext(), &chat->next);
  Constant *table = ConstantArray::get(ArrayType::get(rows[0]->getType(), EDGELM_TURNS), rows);
  GlobalVariable *defined =
      new GlobalVariable(module, table->getType(), /*isConstant=*/true, GlobalValue::InternalLinkage, table, "");
  turns->replaceAllUsesWith(defined);
  defined->takeName(turns);
  turns->eraseFromParent();
  return Error::success();
}

/// What the descriptors of all variants say.
static Error addCommonValues(DescriptorBuilder &builder, Module &module, const ModelInfo &info,
                             DescriptorBuilder::Values &values) {
  GlobalVariable *functions = module.getNamedGlobal("edgelm_rt_functions");
  if (!functions)
    return fail(ExitStatus::Internal, "the runtime's function table is missing");
  values["magic"] = builder.number(EDGELM_MAGIC);
  values["abi_version"] = builder.number(EDGELM_ABI_VERSION);
  values["functions"] = functions;
  values["name"] = builder.string(info.name);
  values["version"] = builder.string(EDGELM_VERSION);
  values["fingerprint"] = builder.bytes(fromHex(info.fingerprint), 1);
  values["weights"] = info.weightsInFile ? builder.null() : weights(module, info);
  values["weight_layout"] = builder.bytes(fromHex(info.weightLayout), 1);
  values["weight_bytes"] = builder.number(info.weightBytes);
  values["arena_bytes"] = builder.number(info.arenaBytes);
  values["context"] = builder.number(info.context);
  values["vocab"] = builder.number(info.vocab);
  values["max_threads"] = builder.number(info.maxThreads);
  values["bos_id"] = builder.number(info.bosId.value_or(EDGELM_NO_ID));
  values["second_type"] = builder.number(info.secondType.value_or(EDGELM_NO_ID));
  values["tokenizer"] = info.tokenizer.empty() ? builder.null() : builder.bytes(info.tokenizer, 16);
  values["tokenizer_size"] = builder.number(info.tokenizer.size());
  std::vector<uint32_t> stopIds(info.stopIds.begin(), info.stopIds.end());
  values["stop_ids"] = builder.array<uint32_t>(stopIds);
  values["stop_count"] = builder.number(stopIds.size());
  values["variants"] = builder.null();
  values["variant_count"] = builder.number(0);
  return Error::success();
}

/// What only the code of `info` knows: its functions, whose names end in `suffix`, and its arena.
static Error addOwnValues(DescriptorBuilder &builder, Module &module, const ModelInfo &info, StringRef suffix,
                          DescriptorBuilder::Values &values) {
  auto regionOffset = [&](StringRef name) {
    const RegionInfo *region = info.region(name);
    return builder.offset(region ? std::optional<uint64_t>(region->offset) : std::nullopt);
  };
  auto regionBytes = [&](StringRef name) {
    const RegionInfo *region = info.region(name);
    return builder.number(region ? region->bytes : 0);
  };
  auto tokensOf = [&](StringRef name) {
    const EntryInfo *entry = info.entry(name);
    return builder.number(entry ? entry->tokens : 0);
  };
  values["cpu_features"] = builder.string(featureList(info.requiredFeatures));
  values["prefill_chunk"] = builder.number(info.prefillChunk());
  values["score_chunk"] = tokensOf("score");
  for (const char *name : {"decode", "prefill", "score", "encode", "invoke"}) {
    Function *function = info.entry(name) ? module.getFunction((name + suffix).str()) : nullptr;
    if (info.entry(name) && !function)
      return fail(ExitStatus::Internal, "no code was generated for the entry '" + (name + suffix) + "'");
    values[name] = function ? static_cast<Constant *>(function) : builder.null();
  }
  values["tokens_offset"] = builder.offset(info.tokensOffset);
  values["mask_offset"] = builder.offset(info.maskOffset);
  values["types_offset"] = builder.offset(info.typesOffset);
  values["logits_offset"] = builder.offset(info.logitsOffset);
  values["sampler_offset"] = regionOffset("sampler");
  values["tokenizer_offset"] = regionOffset("tokenizer");
  values["tokenizer_bytes"] = regionBytes("tokenizer");
  values["text_offset"] = regionOffset("text");
  values["text_bytes"] = regionBytes("text");
  values["input_count"] = builder.number(info.inputs.size());
  values["output_count"] = builder.number(info.outputs.size());
  values["state_count"] = builder.number(info.states.size());
  Expected<Constant *> inputs = tensors(builder, info.inputs);
  Expected<Constant *> outputs = tensors(builder, info.outputs);
  Expected<Constant *> stateRows = states(builder, info.states);
  if (Error error = joinErrors(joinErrors(inputs.takeError(), outputs.takeError()), stateRows.takeError()))
    return error;
  values["inputs"] = *inputs;
  values["outputs"] = *outputs;
  values["states"] = *stateRows;
  return Error::success();
}

Error addDescriptor(Module &module, const ModelInfo &info, ArrayRef<VariantEntries> variants) {
  if (module.getNamedValue(info.name))
    return fail(ExitStatus::BadInput,
                "the name '" + info.name + "' is taken inside the product; choose another with --name");
  if (Error error = defineTokenizerParts(module, info.tokenizer))
    return error;
  DescriptorBuilder builder(module);
  if (Error error = defineTurns(builder, module, info.chat))
    return error;
  DescriptorBuilder::Values values;
  if (Error error = addCommonValues(builder, module, info, values))
    return error;
  std::vector<Constant *> table;
  for (const VariantEntries &variant : variants) {
    if (Error error = addOwnValues(builder, module, variant.info, variant.suffix, values))
      return error;
    Expected<Constant *> descriptor = builder.make(modelFields, values);
    if (!descriptor)
      return descriptor.takeError();
    table.push_back(builder.structs(*descriptor));
  }
  if (Error error = addOwnValues(builder, module, info, "", values))
    return error;
  values["variants"] = builder.structs(table);
  values["variant_count"] = builder.number(table.size());
  Expected<Constant *> descriptor = builder.make(modelFields, values);
  if (!descriptor)
    return descriptor.takeError();
  new GlobalVariable(module, (*descriptor)->getType(), /*isConstant=*/true, GlobalValue::ExternalLinkage, *descriptor,
                     info.name);
  return Error::success();
}

} // namespace edgelm
