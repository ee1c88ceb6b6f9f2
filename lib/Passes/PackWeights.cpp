// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Replaces weights by packed references: layout, element type and offset of each in the product.
#include "Dialect/Storage.h"
#include "Passes/Passes.h"
#include "Passes/Sources.h"

namespace edgelm {
#define GEN_PASS_DEF_PACKWEIGHTS
#include "Passes/Passes.h.inc"
} // namespace edgelm

using namespace mlir;
using namespace edgelm;

/// Weights start at cache lines.
static constexpr int64_t weightAlignment = 64; // bytes

namespace {

/// What decides whether two operations can read the same place.
struct Key {
  ArrayAttr sources;
  DenseBoolArrayAttr transposed;
  int64_t panel;
  RankedTensorType type;

  std::tuple<const void *, const void *, int64_t, const void *> identity() const {
    return {sources.getAsOpaquePointer(), transposed.getAsOpaquePointer(), panel, type.getAsOpaquePointer()};
  }
};

} // namespace

/// A constant that kernels hold in a register.
static bool isOneValue(Value value) {
  ConstantOp constant = value.getDefiningOp<ConstantOp>();
  return constant && (constant.getValue().isSplat() || constant.getValue().getNumElements() == 1);
}

namespace {

struct PackWeights : edgelm::impl::PackWeightsBase<PackWeights> {
  using PackWeightsBase::PackWeightsBase;

  void runOnOperation() override;

private:
  /// Storage of the concatenated `sources`; creates the place when it is new.
  Value pack(OpBuilder &builder, ArrayRef<Source> sources, int64_t layout, Type elementType);
  void notePlacesOfParts(OpBuilder &builder, ArrayRef<Source> sources, int64_t layout, Type elementType,
                         int64_t offset);
  LogicalResult packLinear(LinearOp linear);
  LogicalResult packFunction(func::FuncOp function);
  void packPlainOperands(Operation *op);
  void noteTiedTables(func::FuncOp function);

  DenseMap<std::tuple<const void *, const void *, int64_t, const void *>, int64_t> places;
  /// Matrices that some linear reads alone and untransposed: an embedding can share them.
  DenseSet<Attribute> linearMatrices;
  int64_t end = 0; // bytes
};

} // namespace

/// A part of a concatenation that fills whole panels is as good as the weight alone.
void PackWeights::notePlacesOfParts(OpBuilder &builder, ArrayRef<Source> sources, int64_t layout, Type elementType,
                                    int64_t offset) {
  for (const Source &source : sources) {
    RankedTensorType type = RankedTensorType::get(source.type.getShape(), elementType);
    bool isWhole = !layout || source.type.getDimSize(0) % layout == 0 || &source == &sources.back();
    if (isWhole && offset % weightAlignment == 0) {
      Key key = {builder.getArrayAttr(source.bytes), builder.getDenseBoolArrayAttr(source.transposed), layout, type};
      places.try_emplace(key.identity(), offset);
    }
    if (!isWhole)
      return; // the next part begins inside a panel
    offset += packedBytes(type, layout);
  }
}

Value PackWeights::pack(OpBuilder &builder, ArrayRef<Source> sources, int64_t layout, Type elementType) {
  SmallVector<Attribute> bytes, storedAs;
  SmallVector<Location> locs;
  SmallVector<bool> transposed;
  bool isConverted = isa<QType>(elementType);
  SmallVector<int64_t> shape(sources.front().type.getShape());
  if (!shape.empty())
    shape[0] = 0;
  for (const Source &source : sources) {
    bytes.push_back(source.bytes);
    storedAs.push_back(TypeAttr::get(source.type.getElementType()));
    isConverted |= source.type.getElementType() != elementType;
    locs.push_back(source.loc);
    transposed.push_back(source.transposed);
    if (!shape.empty())
      shape[0] += source.type.getDimSize(0);
  }
  RankedTensorType type = RankedTensorType::get(shape, elementType);
  Key key = {builder.getArrayAttr(bytes), builder.getDenseBoolArrayAttr(transposed), layout, type};
  auto [place, isNew] = places.try_emplace(key.identity(), end);
  int64_t offset = place->second;
  if (isNew) {
    ++numPacked;
    end += llvm::alignTo(packedBytes(type, layout), weightAlignment);
    if (sources.size() > 1)
      notePlacesOfParts(builder, sources, layout, elementType, offset);
  } else {
    ++numShared;
  }
  QType format = dyn_cast<QType>(elementType);
  return PackedWeightOp::create(builder, builder.getFusedLoc(locs), type, key.sources, key.transposed, layout, offset,
                                isConverted ? builder.getArrayAttr(storedAs) : nullptr,
                                /*columns_apart=*/columnsApart && format,
                                /*paired=*/paired && format && hasPairedCodes(format.row()));
}

LogicalResult PackWeights::packLinear(LinearOp linear) {
  SmallVector<Source> weights, biases;
  for (auto [index, value] : llvm::enumerate(linear.getWeights())) {
    if (value.getDefiningOp<PackedWeightOp>())
      return success();
    std::optional<Source> source = findSource(value);
    if (!source)
      return linear.emitError("the weight matrix is computed at run time, found ")
             << value.getType() << "; only trained matrices are supported";
    bool isTransposed = index < linear.getTransposed().size() && linear.getTransposed()[index];
    if (isa_and_nonnull<QType>(source->format) && source->groupAxis != (isTransposed ? 0 : 1))
      return linear.emitError("has a weight with groups along its outputs, ") << value.getType();
    if (isTransposed) {
      source->transposed = !source->transposed;
      source->type = source->type.clone({source->type.getDimSize(1), source->type.getDimSize(0)});
    }
    weights.push_back(*source);
  }
  for (Value value : linear.getBiases()) {
    std::optional<Source> source = findSource(value);
    if (!source)
      return linear.emitError("the bias is computed at run time, found ") << value.getType();
    biases.push_back(*source);
  }

  OpBuilder builder(linear);
  // Kernels know formats, and widen f16 and bf16; floats of different types meet in f32.
  Type elementType = weights.front().elementType();
  for (const Source &source : weights)
    if (source.elementType() != elementType ||
        !(isa<QType>(elementType) || elementType.isF16() || elementType.isBF16()))
      elementType = builder.getF32Type();
  auto packAll = [&](ArrayRef<Source> sources, int64_t layout, Type type) {
    SmallVector<Value> values;
    if (linear.getGlu())
      for (const Source &source : sources)
        values.push_back(pack(builder, source, layout, type));
    else if (!sources.empty())
      values.push_back(pack(builder, sources, layout, type));
    return values;
  };
  SmallVector<Value> packed = packAll(weights, panel, elementType);
  linear.setTransposed(SmallVector<bool>(packed.size(), false));
  linear.getBiasesMutable().assign(packAll(biases, 0, builder.getF32Type()));
  linear.getWeightsMutable().assign(packed);
  return success();
}

void PackWeights::packPlainOperands(Operation *op) {
  OpBuilder builder(op);
  for (OpOperand &operand : op->getOpOperands()) {
    std::optional<Source> source = findSource(operand.get());
    if (!source || isOneValue(operand.get()))
      continue;
    Type elementType = tensorType(operand.get()).getElementType();
    bool isTable = isa<EmbedOp>(op);
    if (isTable)
      elementType = source->elementType();
    if (source->type.getRank() == 1 && isa<FloatType>(elementType) && elementType.getIntOrFloatBitWidth() < 32 &&
        !isa<ReshapeOp>(op))
      elementType = builder.getF32Type();
    bool isShared = isTable && linearMatrices.contains(source->bytes) && !source->transposed;
    int64_t layout = isShared || isa<QType>(elementType) ? int64_t(panel) : 0;
    operand.set(pack(builder, *source, layout, elementType));
  }
}

void PackWeights::noteTiedTables(func::FuncOp function) {
  function.walk([&](LinearOp linear) {
    if (linear.getWeights().size() != 1)
      return;
    std::optional<Source> source = findSource(linear.getWeights().front());
    bool transposed = !linear.getTransposed().empty() && linear.getTransposed().front();
    if (source && source->transposed == transposed)
      linearMatrices.insert(source->bytes);
  });
}

/// A result that no input decides is copied from the weights to where the caller finds it.
static void copyConstantResults(func::FuncOp function) {
  func::ReturnOp end = cast<func::ReturnOp>(function.front().getTerminator());
  OpBuilder builder(end);
  for (OpOperand &result : end->getOpOperands())
    if (std::optional<Source> source = findSource(result.get()); source && !isa_and_nonnull<QType>(source->format))
      result.set(BroadcastOp::create(builder, result.get().getLoc(), result.get().getType(), result.get(), Value()));
}

LogicalResult PackWeights::packFunction(func::FuncOp function) {
  copyConstantResults(function);
  SmallVector<Operation *> operations;
  function.walk([&](Operation *op) {
    if (!isa<func::FuncOp>(op))
      operations.push_back(op);
  });
  for (Operation *op : operations) {
    // What only renames a weight is looked through by its user.
    bool renames = op->getNumResults() == 1 && isa<CastOp, QuantizeWeightOp, TransposeOp, ReshapeOp>(op) &&
                   findSource(op->getResult(0));
    if (renames)
      continue;
    if (LinearOp linear = dyn_cast<LinearOp>(op))
      if (failed(packLinear(linear)))
        return failure();
    packPlainOperands(op);
  }
  for (Operation *op : llvm::reverse(operations))
    if (op->use_empty() &&
        isa<WeightOp, CodedWeightOp, ConstantOp, CastOp, QuantizeWeightOp, TransposeOp, ReshapeOp>(op))
      op->erase();
  return success();
}

void PackWeights::runOnOperation() {
  ModuleOp module = getOperation();
  places.clear();
  linearMatrices.clear();
  end = 0;
  SmallVector<func::FuncOp> functions(module.getOps<func::FuncOp>());
  for (func::FuncOp function : functions)
    noteTiedTables(function);
  // Merged matrices first, so that other entries find their parts.
  auto hasMerged = [](func::FuncOp function) {
    return function
        .walk([](LinearOp linear) {
          return linear.getWeights().size() > 1 && !linear.getGlu() ? WalkResult::interrupt() : WalkResult::advance();
        })
        .wasInterrupted();
  };
  SmallVector<func::FuncOp> ordered;
  llvm::copy_if(functions, std::back_inserter(ordered), hasMerged);
  llvm::copy_if(functions, std::back_inserter(ordered), [&](func::FuncOp function) { return !hasMerged(function); });
  for (func::FuncOp function : ordered)
    if (failed(packFunction(function)))
      return signalPassFailure();
  module->setAttr("edgelm.weight_bytes", Builder(module).getI64IntegerAttr(end));
}
