// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Finds the buffers of every entry and their lifetimes, and writes offsets into the IR.
#include "Dialect/Storage.h"
#include "Passes/FixedRegions.h"
#include "Passes/Passes.h"

namespace edgelm {
#define GEN_PASS_DEF_PLANMEMORY
#include "Passes/Passes.h.inc"
} // namespace edgelm

using namespace mlir;
using namespace edgelm;

static constexpr llvm::StringLiteral offsetAttr = "edgelm.offset";

/// `pos` and `n` are passed in registers.
static bool isScalarArgument(BlockArgument argument) {
  RankedTensorType type = tensorType(argument);
  return type.getRank() == 0 && type.getElementType().isInteger(32);
}

namespace {

/// Memory that one or more values share.
struct Buffer {
  LiveBuffer live;
  std::optional<int64_t> fixed; ///< offset in the arena when it outlives the call
  bool isOut = false;           ///< the caller's memory: @score's result
};

/// Where a value lies.
struct Place {
  unsigned buffer;
  int64_t delta = 0; // bytes
};

/// The buffers of one entry.
class EntryPlan {
public:
  EntryPlan(func::FuncOp entry, bool oneThread) : entry(entry), oneThread(oneThread) {}

  /// Names and sizes of what outlives the call.
  void require(FixedRegions &regions);
  /// Finds buffers and lifetimes.
  LogicalResult analyse(const FixedRegions &regions);
  /// Places what is not fixed; returns the bytes of the shared area.
  int64_t place();
  /// Writes offsets; `area` is where the shared area begins.
  void annotate(int64_t area);

  unsigned numBuffers() const { return buffers.size(); }
  unsigned reused = 0;

private:
  std::string argumentRegion(BlockArgument argument);
  std::string resultRegion(unsigned index);
  std::optional<Place> rename(Operation &op);
  std::optional<Place> takeOver(Operation &op, int64_t moment);
  std::optional<Place> takeOverRows(QuantizeRowsOp op, int64_t moment);
  bool diesAt(Value value, int64_t moment);

  func::FuncOp entry;
  bool oneThread;
  SmallVector<Buffer> buffers;
  DenseMap<Value, Place> places;
  DenseMap<Operation *, unsigned> scratch;
  DenseMap<Value, int64_t> lastUse; ///< of the value itself
  DenseSet<unsigned> shared;        ///< buffers of results and arguments: never taken over
};

struct PlanMemory : edgelm::impl::PlanMemoryBase<PlanMemory> {
  using PlanMemoryBase::PlanMemoryBase;
  void runOnOperation() override;
};

} // namespace

static StringRef roleOf(DictionaryAttr attributes) {
  StringAttr role = attributes ? attributes.getAs<StringAttr>(kRoleAttr) : nullptr;
  return role ? role.getValue() : "";
}

/// Caches of different entries are the same by their order; the rest by role, or by position for `input`.
std::string EntryPlan::argumentRegion(BlockArgument argument) {
  unsigned index = argument.getArgNumber();
  StringRef role = roleOf(entry.getArgAttrDict(index));
  if (role == "tokens")
    return "tokens";
  unsigned ordinal = 0;
  for (unsigned i = 0; i < index; ++i)
    ordinal += roleOf(entry.getArgAttrDict(i)) == role;
  return ("argument " + (role.empty() ? StringRef("input") : role) + " " + Twine(ordinal)).str();
}

std::string EntryPlan::resultRegion(unsigned index) {
  StringRef role = roleOf(entry.getResultAttrDict(index));
  return role == "logits" ? "logits" : ("result " + Twine(index)).str();
}

static func::ReturnOp returnOf(func::FuncOp entry) {
  return cast<func::ReturnOp>(entry.front().getTerminator());
}

/// The argument that a result only updates: a chain of cache_append ends at one.
static BlockArgument updatedArgument(Value value) {
  while (CacheAppendOp append = value.getDefiningOp<CacheAppendOp>())
    value = append.getCache();
  return dyn_cast<BlockArgument>(value);
}

void EntryPlan::require(FixedRegions &regions) {
  for (BlockArgument argument : entry.getArguments())
    if (!isScalarArgument(argument))
      regions.require(argumentRegion(argument), bufferBytes(tensorType(argument)));
  if (entry.getName() == "score")
    return;
  for (OpOperand &result : returnOf(entry)->getOpOperands())
    if (!updatedArgument(result.get()))
      regions.require(resultRegion(result.getOperandNumber()), bufferBytes(tensorType(result.get())));
}

/// The operand's place, for operations without code.
std::optional<Place> EntryPlan::rename(Operation &op) {
  if (!isa<ReshapeOp, UnsqueezeOp, SqueezeOp, CacheAppendOp, SliceOp>(op))
    return std::nullopt;
  auto operand = places.find(op.getOperand(0));
  if (operand == places.end())
    return std::nullopt;
  Place place = operand->second;
  SliceOp slice = dyn_cast<SliceOp>(op);
  if (!slice)
    return place;
  if (!slice.getStarts() || !slice.getSteps() ||
      !llvm::all_of(*slice.getSteps(), [](int64_t step) { return step == 1; }))
    return std::nullopt;
  // Contiguous: before the first axis that is cut there are only ones, behind it everything is taken.
  RankedTensorType input = tensorType(slice.getInput()), result = tensorType(slice.getResult());
  bool cut = false;
  int64_t start = 0;
  for (int64_t axis = 0; axis < input.getRank(); ++axis) {
    if (cut && result.getDimSize(axis) != input.getDimSize(axis))
      return std::nullopt;
    cut |= result.getDimSize(axis) != 1;
    start = start * input.getDimSize(axis) + (*slice.getStarts())[axis];
  }
  int64_t elementBytes = bufferBytes(input) / input.getNumElements();
  // Kernels load whole vectors from the start of a buffer.
  if (start * elementBytes % arenaAlignment != 0)
    return std::nullopt;
  place.delta += start * elementBytes;
  return place;
}

/// Whether the buffer of `value` is not read after `moment`.
bool EntryPlan::diesAt(Value value, int64_t moment) {
  Place place = places.lookup(value);
  for (auto &[other, otherPlace] : places)
    if (otherPlace.buffer == place.buffer && lastUse.lookup(other) > moment)
      return false;
  return true;
}

/// One thread quantizes rows in ascending order: their codes may overwrite rows in front of the one that is read, when
/// these lie so far up that the codes of a row end where it begins.
std::optional<Place> EntryPlan::takeOverRows(QuantizeRowsOp op, int64_t moment) {
  auto place = places.find(op.getInput());
  if (!oneThread || place == places.end() || shared.contains(place->second.buffer) || place->second.delta != 0)
    return std::nullopt;
  unsigned buffer = place->second.buffer;
  ActivationLayout layout = activationLayout(tensorType(op.getResult()));
  int64_t rows = tensorType(op.getInput()).getNumElements() / layout.k;
  if (rows == 1 || buffers[buffer].live.bytes != bufferBytes(tensorType(op.getInput())) ||
      !diesAt(op.getInput(), moment))
    return std::nullopt;
  int64_t growth = std::max<int64_t>(0, layout.rowBytes() - layout.k * int64_t(sizeof(float)));
  int64_t ahead = llvm::alignTo(layout.rowBytes() + (rows - 1) * growth, arenaAlignment);
  buffers[buffer].live.bytes += ahead;
  for (auto &[value, other] : places)
    if (other.buffer == buffer)
      other.delta += ahead;
  return Place{buffer};
}

/// The place of an operand that the result may overwrite.
std::optional<Place> EntryPlan::takeOver(Operation &op, int64_t moment) {
  if (auto quantize = dyn_cast<QuantizeRowsOp>(op))
    return takeOverRows(quantize, moment);
  SmallVector<Value> candidates;
  if (isa<UnaryOp, BinaryOp, GluOp, CastOp>(op))
    llvm::append_range(candidates, op.getOperands());
  if (LinearOp linear = dyn_cast<LinearOp>(op))
    if (linear.getResidual())
      candidates.push_back(linear.getResidual());
  RankedTensorType type = tensorType(op.getResult(0));
  for (Value candidate : candidates) {
    auto place = places.find(candidate);
    if (place == places.end() || shared.contains(place->second.buffer) || place->second.delta != 0)
      continue;
    RankedTensorType operandType = tensorType(candidate);
    bool sameElements = operandType.getShape() == type.getShape() && bufferBytes(operandType) == bufferBytes(type);
    // Another operand in the same buffer would be overwritten before it is read, unless it is the same value.
    bool aliased = llvm::any_of(op.getOperands(), [&](Value other) {
      auto otherPlace = places.find(other);
      return other != candidate && otherPlace != places.end() && otherPlace->second.buffer == place->second.buffer;
    });
    if (sameElements && !aliased && buffers[place->second.buffer].live.bytes == bufferBytes(type) &&
        diesAt(candidate, moment))
      return place->second;
  }
  return std::nullopt;
}

LogicalResult EntryPlan::analyse(const FixedRegions &regions) {
  auto create = [&](Value value, std::optional<int64_t> fixed, int64_t moment) {
    Buffer &buffer = buffers.emplace_back();
    buffer.live = {bufferBytes(tensorType(value)), moment, moment, 0};
    buffer.fixed = fixed;
    places[value] = {unsigned(buffers.size() - 1)};
    if (fixed)
      shared.insert(buffers.size() - 1);
    return unsigned(buffers.size() - 1);
  };
  for (BlockArgument argument : entry.getArguments())
    if (!isScalarArgument(argument))
      create(argument, regions.offset(argumentRegion(argument)), 0);

  int64_t moment = 0;
  for (Operation &op : entry.front()) {
    for (Value operand : op.getOperands())
      lastUse[operand] = moment;
    ++moment;
  }

  // A result is computed where it stays: its buffer is made by the operation behind the renaming ones.
  DenseMap<Value, std::pair<std::optional<int64_t>, bool>> resultPlaces; // fixed offset, is out
  for (OpOperand &result : returnOf(entry)->getOpOperands()) {
    Value value = result.get();
    if (updatedArgument(value))
      continue;
    while (isa_and_nonnull<ReshapeOp, UnsqueezeOp, SqueezeOp>(value.getDefiningOp()))
      value = value.getDefiningOp()->getOperand(0);
    bool isOut = entry.getName() == "score";
    std::optional<int64_t> fixed;
    if (!isOut)
      fixed = regions.offset(resultRegion(result.getOperandNumber()));
    if (value.getDefiningOp<PackedWeightOp>() || value.getDefiningOp<ConstantOp>())
      return returnOf(entry).emitError("result ")
             << result.getOperandNumber() << " does not depend on the input; remove it from the model's outputs";
    resultPlaces.try_emplace(value, fixed, isOut); // the same value twice is one buffer
  }

  moment = 0;
  for (Operation &op : entry.front()) {
    for (Value operand : op.getOperands())
      if (auto place = places.find(operand); place != places.end())
        buffers[place->second.buffer].live.last = moment;
    if (op.getNumResults() == 1 && !isa<PackedWeightOp, ConstantOp>(op)) {
      Value value = op.getResult(0);
      auto result = resultPlaces.find(value);
      std::optional<Place> place;
      if (result == resultPlaces.end()) {
        place = rename(op);
        if (!place && (place = takeOver(op, moment)))
          ++reused;
      }
      if (place) {
        places[value] = *place;
        buffers[place->buffer].live.last = moment;
      } else {
        unsigned buffer = create(value, std::nullopt, moment);
        if (result != resultPlaces.end()) {
          buffers[buffer].fixed = result->second.first;
          buffers[buffer].isOut = result->second.second;
          shared.insert(buffer);
        }
      }
      if (IntegerAttr bytes = op.getAttrOfType<IntegerAttr>("edgelm.scratch_bytes")) {
        Buffer &buffer = buffers.emplace_back();
        buffer.live = {bytes.getInt(), moment, moment, 0};
        scratch[&op] = buffers.size() - 1;
      }
    }
    ++moment;
  }
  return success();
}

int64_t EntryPlan::place() {
  SmallVector<LiveBuffer> live;
  SmallVector<unsigned> indices;
  for (auto [index, buffer] : llvm::enumerate(buffers))
    if (!buffer.fixed && !buffer.isOut) {
      live.push_back(buffer.live);
      indices.push_back(index);
    }
  int64_t bytes = placeBuffers(live);
  for (auto [index, placed] : llvm::zip(indices, live))
    buffers[index].live.offset = placed.offset;
  return bytes;
}

void EntryPlan::annotate(int64_t area) {
  Builder builder(entry.getContext());
  auto offsetOf = [&](unsigned buffer) {
    return buffers[buffer].fixed ? *buffers[buffer].fixed : area + buffers[buffer].live.offset;
  };
  for (BlockArgument argument : entry.getArguments())
    if (auto place = places.find(argument); place != places.end())
      entry.setArgAttr(argument.getArgNumber(), offsetAttr, builder.getI64IntegerAttr(offsetOf(place->second.buffer)));
  for (Operation &op : entry.front()) {
    if (op.getNumResults() != 1)
      continue;
    auto place = places.find(op.getResult(0));
    if (place == places.end())
      continue;
    if (buffers[place->second.buffer].isOut)
      op.setAttr("edgelm.out", builder.getUnitAttr());
    else
      op.setAttr(offsetAttr, builder.getI64IntegerAttr(offsetOf(place->second.buffer) + place->second.delta));
    if (auto extra = scratch.find(&op); extra != scratch.end())
      op.setAttr("edgelm.scratch_offset", builder.getI64IntegerAttr(offsetOf(extra->second)));
  }
  for (OpOperand &result : returnOf(entry)->getOpOperands()) {
    Place place = places.lookup(result.get());
    if (!buffers[place.buffer].isOut)
      entry.setResultAttr(result.getOperandNumber(), offsetAttr, builder.getI64IntegerAttr(offsetOf(place.buffer)));
  }
}

/// Refuses what has no place in an arena.
static LogicalResult checkResults(Operation &op) {
  for (Type type : op.getResultTypes()) {
    RankedTensorType tensor = dyn_cast<RankedTensorType>(type);
    if (tensor && !tensor.hasStaticShape())
      return op.emitError("has a shape that depends on the input, ")
             << type << "; memory is planned for static shapes only";
    if (tensor && isa<QType>(tensor.getElementType()) && !isa<PackedWeightOp>(op))
      return op.emitError("gives ") << type << ", which is no packed weight; run edgelm-pack-weights first";
  }
  return success();
}

void PlanMemory::runOnOperation() {
  ModuleOp module = getOperation();
  Builder builder(module);
  SmallVector<EntryPlan> entries;
  FixedRegions regions;
  SmallVector<std::pair<StringRef, int64_t>> runtime = {
      {"sampler", samplerBytes}, {"tokenizer", tokenizerBytes}, {"text", textBytes}};
  for (auto [name, bytes] : runtime)
    if (bytes)
      regions.require(name, bytes);
  for (func::FuncOp function : module.getOps<func::FuncOp>()) {
    if (function.isExternal() || function.isPrivate())
      continue;
    for (Operation &op : function.front())
      if (failed(checkResults(op)))
        return signalPassFailure();
    entries.emplace_back(function, oneThread).require(regions);
  }
  int64_t area = regions.assign(llvm::alignTo(sessionBytes, arenaAlignment));
  int64_t areaBytes = 0;
  for (EntryPlan &entry : entries) {
    if (failed(entry.analyse(regions)))
      return signalPassFailure();
    areaBytes = std::max(areaBytes, entry.place());
    entry.annotate(area);
    numBuffers += entry.numBuffers();
    numReused += entry.reused;
  }

  SmallVector<NamedAttribute> attributes;
  attributes.push_back(builder.getNamedAttr("session", builder.getDenseI64ArrayAttr({0, sessionBytes})));
  for (auto [name, bytes] : runtime)
    if (bytes)
      attributes.push_back(builder.getNamedAttr(name, builder.getDenseI64ArrayAttr({regions.offset(name), bytes})));
  attributes.push_back(builder.getNamedAttr("shared", builder.getDenseI64ArrayAttr({area, areaBytes})));
  module->setAttr("edgelm.regions", builder.getDictionaryAttr(attributes));
  module->setAttr("edgelm.arena_bytes", builder.getI64IntegerAttr(area + areaBytes));
}
